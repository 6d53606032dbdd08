package io.statesync.internal;

/** Makes the library's own threads: daemons, so that they never keep a JVM alive. */
public final class DaemonThreads {
    private DaemonThreads() {}

    public static Thread newThread(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, 0, false);
        setUp(thread);
        return thread;
    }

    static void setUp(Thread thread) {
        thread.setDaemon(true);
        // Not that of whoever was first to need a thread: an application that is undeployed would be held by it.
        thread.setContextClassLoader(DaemonThreads.class.getClassLoader());
    }
}
