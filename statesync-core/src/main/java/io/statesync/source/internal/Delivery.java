package io.statesync.source.internal;

import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What subscribers are called on: the executor that the options name, and the shared pool for what it refuses. An event
 * that is dropped would leave a replica behind until the next one.
 */
public final class Delivery implements Executor {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");

    private final Executor executor;
    private final AtomicBoolean refused = new AtomicBoolean();

    public Delivery(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (Throwable t) { // whatever it throws, the subscriber must hear
            if (refused.compareAndSet(false, true)) {
                Quietly.run(
                        () -> log.error("the delivery executor refused: what it refuses runs on the shared pool", t));
            }
            DefaultExecutor.SHARED.execute(task);
        }
    }
}
