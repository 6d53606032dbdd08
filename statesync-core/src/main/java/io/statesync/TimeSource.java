package io.statesync;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Clock and scheduler in one, so that a test can put both into virtual time.
 *
 * <p>Implementations are safe for use from any thread.
 */
public interface TimeSource {
    /** A monotonic time in nanoseconds from an arbitrary origin, like {@link System#nanoTime()}. */
    long nanoTime();

    /** The wall-clock time. For people and for epochs; never used to measure. */
    Instant now();

    /**
     * Runs {@code task} once, after {@code delay}, on a thread of this source. The task is short and never blocks. Tasks
     * due at one instant run in the order in which they were scheduled.
     */
    Timer schedule(Runnable task, Duration delay);

    /**
     * The system's time, with a scheduler that all engines share: one daemon thread, which is there while at least one
     * timer is pending and ends soon after the last.
     */
    static TimeSource system() {
        return SystemTime.SHARED;
    }

    /** The system's time with a scheduler of the caller's, who shuts it down after the engines were stopped. */
    static TimeSource using(ScheduledExecutorService scheduler) {
        return new SystemTime(scheduler);
    }

    /** A task that waits for its time. */
    @FunctionalInterface
    interface Timer {
        /** Drops the task unless it runs already. The timer keeps no reference to it. May be called more than once. */
        void cancel();
    }
}
