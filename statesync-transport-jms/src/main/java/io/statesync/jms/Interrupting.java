package io.statesync.jms;

import io.statesync.TimeSource;
import java.time.Duration;

/** Interrupts the thread that made it, again and again, until that closes it. */
final class Interrupting implements AutoCloseable {
    private final TimeSource time;
    private final Duration every;
    private final Thread thread = Thread.currentThread();
    private TimeSource.Timer timer; // guarded by this
    private boolean closed; // guarded by this

    /**
     * Interrupts for the first time after a while.
     *
     * @param every how long until then, and from one time to the next
     */
    Interrupting(TimeSource time, Duration every) {
        this.time = time;
        this.every = every;
        this.timer = time.schedule(this::interrupt, every);
    }

    private synchronized void interrupt() {
        if (!closed) {
            thread.interrupt();
            timer = time.schedule(this::interrupt, every);
        }
    }

    /** After this it is not interrupted. */
    @Override
    public synchronized void close() {
        closed = true;
        timer.cancel();
    }
}
