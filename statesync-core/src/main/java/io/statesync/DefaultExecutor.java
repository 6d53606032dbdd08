package io.statesync;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Where user code runs if the options name no executor. */
final class DefaultExecutor {
    private static final int THREADS = 32;

    /** Bounded, since a fleet of engines may have work at once; idle threads end, so nobody has to shut it down. */
    static final Executor SHARED = create();

    private DefaultExecutor() {}

    private static Executor create() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                1,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> DaemonThreads.newThread("statesync-worker", task));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
