package io.statesync.jms.scaling;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** A small JVM in a process of its own, which says lines and is told lines. It ends with its standard input. */
final class Child implements AutoCloseable {
    private static final int REMEMBERED = 20;

    private final String name;
    private final Process process;
    private final Thread reader;
    private final PrintStream input;
    private final Deque<String> last = new ArrayDeque<>(); // guarded by itself
    private volatile boolean killed;

    /**
     * A process that has been started, and perhaps does not run yet.
     *
     * @param said told each line that it says, on a thread of its own
     */
    Child(String name, Consumer<String> said, int megabytes, Class<?> main, String... arguments) throws IOException {
        this.name = name;
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + megabytes + "m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        Collections.addAll(command, arguments);
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        input = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        reader = new Thread(() -> read(said), "reads " + name);
        reader.setDaemon(true);
        reader.start();
    }

    private void read(Consumer<String> said) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (last) {
                    last.add(line);
                    if (last.size() > REMEMBERED) {
                        last.remove();
                    }
                }
                said.accept(line);
            }
        } catch (IOException e) {
            if (!killed) {
                throw new UncheckedIOException(name, e);
            }
        }
    }

    String name() {
        return name;
    }

    void tell(String line) {
        input.println(line);
    }

    /** Whether it ended, and nobody killed it. */
    boolean endedByItself() {
        return !killed && !process.isAlive();
    }

    /** As kill -9 does. All that it said was heard when this is back. */
    void kill() throws InterruptedException {
        killed = true;
        process.destroyForcibly().waitFor();
        reader.join();
    }

    /** What it said last. */
    @Override
    public String toString() {
        synchronized (last) {
            return name + " " + last;
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
