package io.statesync.jms;

import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs every task, once: on the executor that the options name, on the shared pool if that refuses, and here if there are no
 * threads to be had. What a task throws is logged, also where the executor runs it inside {@code execute}. So no lock is held
 * by who calls.
 */
final class Tasks implements Executor {
    private final Executor given;

    Tasks(Executor given) {
        this.given = given;
    }

    @Override
    public void execute(Runnable task) {
        Once once = new Once(task);
        try {
            given.execute(once);
        } catch (Throwable t) { // whatever an executor throws, the task must run
            Quietly.run(() -> JmsConnection.LOG.warn("the executor refused a task, which runs on the shared pool", t));
            onSharedPool(once);
        }
    }

    private static void onSharedPool(Runnable once) {
        try {
            DefaultExecutor.SHARED.execute(once);
        } catch (Throwable t) { // there are no threads to be had
            once.run();
        }
    }

    /** An executor may have taken what it says that it refused. */
    private static final class Once implements Runnable {
        private final Runnable task;
        private final AtomicBoolean begun = new AtomicBoolean();

        Once(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            if (begun.compareAndSet(false, true)) {
                try {
                    task.run();
                } catch (Throwable t) { // none of the executor's business
                    Quietly.run(() -> JmsConnection.LOG.error("a task failed", t));
                }
            }
        }
    }
}
