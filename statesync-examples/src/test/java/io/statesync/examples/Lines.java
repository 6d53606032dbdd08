package io.statesync.examples;

import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The lines that a program printed, to wait for. */
final class Lines extends Writer {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final List<String> lines = new ArrayList<>(); // guarded by this
    private final StringBuilder begun = new StringBuilder(); // guarded by this
    private int seen; // guarded by this
    private boolean ended; // guarded by this

    synchronized void add(String line) {
        lines.add(line);
        notifyAll();
    }

    /** Nothing more will come. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized void write(char[] buffer, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (buffer[i] == '\n') {
                add(begun.toString());
                begun.setLength(0);
            } else if (buffer[i] != '\r') {
                begun.append(buffer[i]);
            }
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        end();
    }

    /** Waits for a line that matches, after the one last waited for. */
    synchronized String await(String regex) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            for (; seen < lines.size(); seen++) {
                if (lines.get(seen).matches(regex)) {
                    return lines.get(seen++);
                }
            }
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (ended || left <= 0) {
                throw new AssertionError("no line matches " + regex + " in:\n" + this);
            }
            wait(left);
        }
    }

    @Override
    public synchronized String toString() {
        return String.join("\n", lines);
    }
}
