package io.statesync.source;

import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Mints epochs by a clock, in milliseconds: each later than those of the same topic before it, even when the clock is not.
 *
 * <p>Topics share an epoch rather than count on: thousands of sources made at once would run ahead of the clock, and be
 * newer than their successors after a quick restart.
 */
final class Epochs {
    /** What was minted by each clock that is still in use; guarded by itself. */
    private static final Map<InstantSource, Epochs> BY_CLOCK = new WeakHashMap<>();

    private final Set<String> given = new HashSet<>(); // the topics that have the last epoch; guarded by this
    private long last; // guarded by this

    private Epochs() {}

    /** The next epoch of a topic by a clock, later than all that any source of this JVM was given by it. */
    static long next(String topic, InstantSource clock) {
        Epochs epochs;
        synchronized (BY_CLOCK) {
            epochs = BY_CLOCK.computeIfAbsent(clock, ignored -> new Epochs());
        }
        return epochs.next(topic, clock.millis());
    }

    private synchronized long next(String topic, long now) {
        if (now > last) {
            last = now;
            given.clear();
        }
        if (!given.add(topic)) {
            last++;
            given.clear();
            given.add(topic);
        }
        return last;
    }
}
