package io.statesync.internal;

/** Runs what must not disturb anything: a log may be broken, and so may an exception that it prints. */
public final class Quietly {
    private Quietly() {}

    /** Runs it. What it throws, the thread's handler of uncaught exceptions hears of. */
    public static void run(Runnable line) {
        try {
            line.run();
        } catch (Throwable t) {
            try {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, t);
            } catch (Throwable ignored) { // there is nobody left to tell
                return;
            }
        }
    }
}
