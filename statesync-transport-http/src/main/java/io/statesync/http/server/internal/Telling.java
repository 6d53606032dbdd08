package io.statesync.http.server.internal;

import io.statesync.internal.Quietly;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;

/** Runs tasks that must run, and tells many that something happened. Safe for use from any thread. */
public final class Telling implements Executor {
    /** So many are told on one thread; of more, several threads tell them. */
    private static final int FAN_OUT = 128;

    private final Executor executor;
    private final Logger log;

    /** Runs tasks on an executor. */
    public Telling(Executor executor, Logger log) {
        this.executor = executor;
        this.log = log;
    }

    /** Runs something on the executor; here, if it refuses. */
    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (Throwable t) { // whatever an executor throws, the task must run
            Quietly.run(() -> log.warn("the executor refused a task, which runs on the caller's thread", t));
            task.run();
        }
    }

    /** Tells each: the last of them here, the others on the executor. */
    public <T> void tell(Iterable<T> all, Consumer<? super T> what) {
        List<T> chunk = new ArrayList<>();
        for (T each : all) {
            chunk.add(each);
            if (chunk.size() == FAN_OUT) {
                List<T> full = chunk;
                execute(() -> full.forEach(what));
                chunk = new ArrayList<>();
            }
        }
        chunk.forEach(what);
    }
}
