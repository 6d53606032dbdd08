package io.statesync.source;

import java.time.InstantSource;

/** Mints epochs by a clock, in milliseconds, each later than the one before even when the clock is not. */
final class Epochs {
    /** By the system's clock, for all sources of this JVM. */
    static final Epochs SYSTEM = new Epochs(InstantSource.system());

    private final InstantSource clock;
    private long last; // guarded by this

    Epochs(InstantSource clock) {
        this.clock = clock;
    }

    synchronized long next() {
        last = Math.max(last + 1, clock.millis());
        return last;
    }
}
