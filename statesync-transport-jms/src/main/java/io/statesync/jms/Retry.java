package io.statesync.jms;

import io.statesync.TimeSource;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** When to connect again. Guarded by the connection's lock. */
final class Retry {
    private final TimeSource time;
    private final Duration soon;
    private final Runnable again;
    private TimeSource.@Nullable Timer timer;
    private long at; // by the nano time; while there is a timer
    private boolean hurried; // since the connection was lost

    /**
     * Nothing is due yet.
     *
     * @param soon the most that who is in a hurry waits
     * @param again run when it is time, on the timers' thread
     */
    Retry(TimeSource time, Duration soon, Runnable again) {
        this.time = time;
        this.soon = soon;
        this.again = again;
    }

    /** Somebody needs the connection now: it is tried soon, or earlier if that was planned. */
    void hurry() {
        if (timer == null) {
            hurried = true;
            return;
        }
        if (!hurried) { // once: many that hurry would make it sooner and sooner
            hurried = true;
            Duration within = within();
            if (time.nanoTime() + within.toNanos() - at < 0) {
                schedule(within);
            }
        }
    }

    /** It is due after a while, or soon, if somebody hurried it meanwhile. */
    void after(Duration delay) {
        Duration within = hurried ? within() : delay;
        schedule(within.compareTo(delay) < 0 ? within : delay);
    }

    private Duration within() {
        return Duration.ofNanos(ThreadLocalRandom.current().nextLong(soon.toNanos() + 1)); // not all at once
    }

    private void schedule(Duration delay) {
        if (timer != null) {
            timer.cancel();
        }
        at = time.nanoTime() + delay.toNanos();
        timer = time.schedule(again, delay);
    }

    /** It has come, or is not wanted any more. */
    void cancel() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        hurried = false;
    }
}
