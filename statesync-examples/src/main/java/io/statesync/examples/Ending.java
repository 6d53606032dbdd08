package io.statesync.examples;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** The end of a program by Ctrl-C, or by a request to terminate: what is open is closed first, and it is a success. */
final class Ending implements AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final CountDownLatch ended;
    private final PrintWriter out;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = new Thread(this::end, "statesync-shutdown");

    private Ending(CountDownLatch ended, PrintWriter out) {
        this.ended = ended;
        this.out = out;
    }

    /**
     * From now on.
     *
     * @param ended what the program waits for
     */
    static Ending by(CountDownLatch ended, PrintWriter out) {
        Ending ending = new Ending(ended, out);
        Runtime.getRuntime().addShutdownHook(ending.hook);
        return ending;
    }

    private void end() {
        if (isTerminal()) {
            out.println(); // the terminal has shown ^C
        }
        ended.countDown();
        try {
            if (closed.await(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                // The JVM's own exit code would be 128 + the signal's number.
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From JDK 22 on there is a console without a terminal too, which then says so. */
    @SuppressWarnings("SystemConsoleNull") // both cases are asked for
    static boolean isTerminal() {
        Console console = System.console();
        try {
            return console != null
                    && (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** The program has closed what was open. */
    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            LoggerFactory.getLogger(Ending.class).debug("the JVM is ending, and the hook is at work", e);
        }
    }
}
