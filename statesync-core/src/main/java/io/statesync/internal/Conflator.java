package io.statesync.internal;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A task that runs on an executor when it is signalled: never twice at a time, and once more if it is signalled while it
 * runs.
 *
 * <p>What was written to volatile fields before a signal is seen by a run that begins after it. Signalling never waits,
 * may be done from inside the task, and costs one read while a run is due already. Between two runs the executor's other
 * tasks have their turn.
 */
public abstract class Conflator {
    private static final int IDLE = 0;
    private static final int DUE = 1;
    private static final int RUNNING = 2;
    private static final int AGAIN = 3;

    // No object of its own: a source has one conflator for each of thousands of subscribers.
    private static final AtomicIntegerFieldUpdater<Conflator> STATE =
            AtomicIntegerFieldUpdater.newUpdater(Conflator.class, "state");

    private final Executor executor;
    private volatile int state = IDLE;

    /** A task that runs on an executor. */
    protected Conflator(Executor executor) {
        this.executor = executor;
    }

    /** The task. What it throws goes to {@link #failed}. */
    protected abstract void run() throws Exception;

    /** The task threw, or the executor refused it; it will run at the next signal. */
    protected abstract void failed(Throwable error);

    /** The executor refused the task; otherwise like {@link #failed}. */
    protected void refused(Throwable error) {
        failed(error);
    }

    /** Has the task run. */
    public final void signal() {
        if (becomesDue()) {
            dispatch(this::loop);
        }
    }

    /** Has the task run on this thread, unless it is due or running on another one; that one runs it then. */
    public final void signalHere() {
        if (becomesDue()) {
            loop();
        }
    }

    /** Whether the caller has it run; else it is due already, or runs again. */
    private boolean becomesDue() {
        while (true) {
            int now = state;
            if (now == DUE || now == AGAIN) {
                return false;
            }
            if (now == RUNNING) {
                if (STATE.compareAndSet(this, RUNNING, AGAIN)) {
                    return false;
                }
            } else if (STATE.compareAndSet(this, IDLE, DUE)) {
                return true;
            }
        }
    }

    private void dispatch(Runnable task) {
        try {
            executor.execute(task);
        } catch (Throwable t) { // whatever an executor throws, the task will not run
            STATE.compareAndSet(this, DUE, IDLE);
            Quietly.run(() -> refused(t));
        }
    }

    private void loop() {
        while (STATE.compareAndSet(this, DUE, RUNNING)) {
            try {
                run();
            } catch (Throwable t) { // a later signal must still be heard
                Quietly.run(() -> failed(t));
            }
            if (STATE.compareAndSet(this, RUNNING, IDLE)) {
                return;
            }
            state = DUE;
            Turn turn = new Turn(Thread.currentThread());
            dispatch(turn);
            if (!turn.ranInside()) {
                return;
            }
        }
    }

    /** A further run. On an executor that runs tasks inside {@code execute} it leaves the work to the loop around it. */
    private final class Turn implements Runnable {
        private @Nullable Thread dispatching; // a thread finds itself here only if it wrote it
        private boolean ranInside; // by the dispatching thread only

        Turn(Thread dispatching) {
            this.dispatching = dispatching;
        }

        @Override
        public void run() {
            if (dispatching == Thread.currentThread()) {
                ranInside = true;
            } else {
                loop();
            }
        }

        boolean ranInside() {
            dispatching = null;
            return ranInside;
        }
    }
}
