package io.statesync.http;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks on an executor one at a time, in the order in which they were added, until it is closed. */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger("io.statesync.http");

    private final Executor executor;
    private final Runnable refused;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting =
            new AtomicInteger(); // tasks that have not ended; whoever adds the first has them run
    private volatile boolean closed;

    /**
     * A lane.
     *
     * @param refused called when the executor refuses; the lane is closed by then
     */
    Lane(Executor executor, Runnable refused) {
        this.executor = executor;
        this.refused = refused;
    }

    void add(Runnable task) {
        if (closed) {
            return;
        }
        tasks.add(task);
        if (waiting.getAndIncrement() == 0) {
            try {
                executor.execute(this::drain);
            } catch (RuntimeException e) {
                close();
                LOG.error("executor refused what an event stream brought, which ends it", e);
                refused.run();
            }
        }
    }

    private void drain() {
        do {
            Runnable task = tasks.poll();
            if (task != null && !closed) {
                run(task);
            }
        } while (waiting.decrementAndGet() > 0);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable t) { // user code
            LOG.warn("a listener of an event stream failed", t);
        }
    }

    /** Nothing begins after this but what was about to. */
    void close() {
        closed = true;
        tasks.clear();
    }
}
