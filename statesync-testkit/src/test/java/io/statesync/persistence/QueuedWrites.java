package io.statesync.persistence;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.replica.QueuedWrite;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Queues of all kinds, by a seed. Values are strings or null, actions integers. */
final class QueuedWrites {
    private static final List<String> TEXTS =
            List.of("", "a", "caf\u00e9", "\ud83d\ude00", "\ud83d", "\u0000\n\"\\", "x".repeat(5000));

    private QueuedWrites() {}

    static List<QueuedWrite<@Nullable String>> of(long seed) {
        Random random = new Random(seed);
        List<QueuedWrite<@Nullable String>> writes = new ArrayList<>();
        int groups = random.nextInt(5);
        for (int i = 0; i < groups; i++) {
            Proposal<@Nullable String> proposal = random.nextInt(3) == 0 ? null : proposal(random);
            int parts = 1 + random.nextInt(3);
            for (int part = 0; part < parts; part++) {
                writes.add(
                        random.nextBoolean()
                                ? new QueuedWrite.Value<>(value(random), version(random), proposal)
                                : new QueuedWrite.Action<>(random.nextInt(), proposal));
            }
        }
        return writes;
    }

    private static Proposal<@Nullable String> proposal(Random random) {
        StateVersion base = random.nextInt(4) == 0 ? null : version(random);
        return new Proposal<>(base, value(random), text(random), text(random));
    }

    private static StateVersion version(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> StateVersion.of(Revision.MAX, Revision.MAX);
            case 1 -> StateVersion.of(Revision.ZERO, Revision.ZERO);
            default -> StateVersion.ofUnsigned(random.nextLong(), random.nextLong());
        };
    }

    private static @Nullable String text(Random random) {
        return random.nextInt(4) == 0 ? null : TEXTS.get(random.nextInt(TEXTS.size()));
    }

    /** No half of a surrogate pair: a state's codec is JSON. */
    private static @Nullable String value(Random random) {
        String value = text(random);
        return value == null || value.equals("\ud83d") ? null : value + random.nextInt(100);
    }
}
