package io.statesync.source;

import io.statesync.StateVersion;
import java.time.InstantSource;
import java.util.HashMap;
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
    private static final int REVISION_BITS = 10;

    /** What was minted by each clock that is still in use; guarded by itself. */
    private static final Map<InstantSource, Epochs> BY_CLOCK = new WeakHashMap<>();

    private final Set<String> given = new HashSet<>(); // the topics that have the last epoch; guarded by this
    private long last; // guarded by this

    /** Of topics whose next epoch must be later than the clock is; guarded by this. */
    private final Map<String, Long> floors = new HashMap<>();

    private Epochs() {}

    /** The next epoch of a topic by a clock, later than all that any source of this JVM was given by it. */
    static long next(String topic, InstantSource clock) {
        return of(clock).next(topic, clock.millis());
    }

    /**
     * A source ended at a version. The topic's next epoch is later by a millisecond for each 1,024 revisions: where epoch and
     * revision are one number of 53 bits, as Zuno's clients know them, it only rises.
     */
    static void ended(String topic, StateVersion last, InstantSource clock) {
        long after = last.epoch().bits() + (last.revision().bits() >>> REVISION_BITS) + 1;
        of(clock).raise(topic, after, clock.millis());
    }

    private static Epochs of(InstantSource clock) {
        synchronized (BY_CLOCK) {
            return BY_CLOCK.computeIfAbsent(clock, ignored -> new Epochs());
        }
    }

    private synchronized void raise(String topic, long floor, long now) {
        floors.values().removeIf(passed -> passed <= now);
        if (floor > now) {
            floors.put(topic, floor);
        }
    }

    private synchronized long next(String topic, long now) {
        Long floor = floors.get(topic);
        if (floor == null || floor <= Math.max(now, last)) {
            return mint(topic, now);
        }
        floors.put(topic, floor + 1); // alone ahead of the clock
        return floor;
    }

    private long mint(String topic, long now) {
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
