package io.statesync.internal;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where user code runs if the options name no executor. */
public final class DefaultExecutor {
    /**
     * As many threads as have work: with a bound, user code that hangs in one engine would in the end stop all others
     * (contract R4). Idle threads end, so nobody has to shut it down.
     */
    public static final Executor SHARED =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), Worker::new);

    private DefaultExecutor() {}

    /** Whether this thread is one of the shared pool's: it may block without holding up anybody but its own task. */
    public static boolean isWorker() {
        return Thread.currentThread() instanceof Worker;
    }

    private static final class Worker extends Thread {
        Worker(Runnable task) {
            super(null, task, "statesync-worker", 0, false);
            DaemonThreads.setUp(this);
        }
    }
}
