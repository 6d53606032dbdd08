package io.statesync.http.server.internal;

import io.statesync.TimeSource;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Does something again and again, as long as it is needed. Safe for use from any thread. */
public final class Ticker {
    private final TimeSource time;
    private final Executor executor;
    private final Duration period;
    private final Runnable task;
    private final BooleanSupplier needed;
    private TimeSource.@Nullable Timer due; // guarded by this
    private boolean stopped; // guarded by this

    /**
     * A ticker that does not run yet.
     *
     * @param task must not throw
     * @param needed whether to go on; asked after each time
     */
    public Ticker(TimeSource time, Executor executor, Duration period, Runnable task, BooleanSupplier needed) {
        this.time = time;
        this.executor = executor;
        this.period = period;
        this.task = task;
        this.needed = needed;
    }

    /** It is needed from now on. */
    public synchronized void begin() {
        if (!stopped && due == null) {
            due = schedule();
        }
    }

    private TimeSource.Timer schedule() {
        return time.schedule(() -> executor.execute(this::tick), period);
    }

    private void tick() {
        task.run();
        synchronized (this) {
            due = stopped || !needed.getAsBoolean() ? null : schedule();
        }
    }

    /** Ends it for good. */
    public synchronized void stop() {
        stopped = true;
        if (due != null) {
            due.cancel();
        }
    }
}
