package io.statesync.jms;

import io.statesync.TimeSource;
import io.statesync.internal.Quietly;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Interrupts the thread that made it, again and again, until that closes it. */
final class Interrupting implements AutoCloseable {
    private final TimeSource time;
    private final Duration every;
    private final Thread thread = Thread.currentThread();
    private TimeSource.@Nullable Timer timer; // guarded by this
    private boolean closed; // guarded by this

    /**
     * Interrupts for the first time after a while.
     *
     * @param every how long until then, and from one time to the next
     */
    Interrupting(TimeSource time, Duration every) {
        this.time = time;
        this.every = every;
        schedule();
    }

    private synchronized void schedule() {
        try {
            timer = time.schedule(this::interrupt, every);
        } catch (Throwable t) { // a scheduler that was shut down: then nothing is interrupted
            Quietly.run(() -> JmsConnection.LOG.debug("no timer could be set", t));
        }
    }

    private synchronized void interrupt() {
        if (!closed) {
            thread.interrupt();
            schedule();
        }
    }

    /** After this it is not interrupted. */
    @Override
    public synchronized void close() {
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
    }
}
