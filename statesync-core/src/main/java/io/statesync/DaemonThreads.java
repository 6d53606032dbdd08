package io.statesync;

/** Makes the library's own threads: daemons, so that they never keep a JVM alive. */
final class DaemonThreads {
    private DaemonThreads() {}

    static Thread newThread(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setDaemon(true);
        return thread;
    }
}
