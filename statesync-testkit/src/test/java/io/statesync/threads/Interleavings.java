package io.statesync.threads;

import java.util.concurrent.atomic.AtomicReference;
import org.jetbrains.lincheck.Lincheck;

/**
 * Runs a small program of two or three threads under Lincheck's model checker: once for each schedule that it explores,
 * switching threads at reads and writes of shared memory and at locks. A failing schedule is printed as a table.
 */
final class Interleavings {
    /** How many schedules of each program are explored; a system property, for a longer campaign than the build's. */
    private static final int SCHEDULES = Integer.getInteger("statesync.interleavings.schedules", 300);

    static {
        System.setProperty("lincheck.logLevel", "ERROR"); // it warns of each record whose fields it cannot address
    }

    private Interleavings() {}

    /** Explores schedules of {@code program}; fails with the first in which it throws. */
    static void explore(Runnable program) {
        Lincheck.runConcurrentTest(SCHEDULES, program);
    }

    /** Runs each operation in a thread of its own, waits for all, and throws what the first that failed threw. */
    static void together(Runnable... operations) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread[] threads = new Thread[operations.length];
        for (int i = 0; i < threads.length; i++) {
            Runnable operation = operations[i];
            threads[i] = new Thread(() -> run(operation, failure));
        }
        for (Thread thread : threads) {
            thread.start();
        }
        for (Thread thread : threads) {
            join(thread);
        }
        Throwable thrown = failure.get();
        if (thrown != null) {
            throw new AssertionError(thrown.toString(), thrown);
        }
    }

    private static void run(Runnable operation, AtomicReference<Throwable> failure) {
        try {
            operation.run();
        } catch (Throwable t) { // rethrown by together
            failure.compareAndSet(null, t);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a test", e);
        }
    }

    /** An assertion without a library behind it, which the model checker would have to explore as well. */
    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
