package io.statesync.source;

import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;

/**
 * Mints epochs by a clock, in milliseconds: each later than those of the same topic before it, even when the clock is not.
 *
 * <p>Topics share an epoch rather than count on: thousands of sources made at once would run ahead of the clock, and be
 * newer than their successors after a quick restart.
 */
final class Epochs {
    /** By the system's clock, for all sources of this JVM. */
    static final Epochs SYSTEM = new Epochs(InstantSource.system());

    private final InstantSource clock;
    private final Set<String> given = new HashSet<>(); // the topics that have the last epoch; guarded by this
    private long last; // guarded by this

    Epochs(InstantSource clock) {
        this.clock = clock;
    }

    synchronized long next(String topic) {
        long now = clock.millis();
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
