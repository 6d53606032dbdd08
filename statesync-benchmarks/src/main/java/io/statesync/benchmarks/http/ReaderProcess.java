package io.statesync.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.file.Path;

/** {@link Readers} in a process of their own. */
final class ReaderProcess implements AutoCloseable {
    private final Process process;
    private final PrintWriter in;
    private final BufferedReader out;

    /** What all readers have seen: after how many milliseconds, and how many bytes. */
    record Seen(double millis, long bytes) {}

    ReaderProcess(int port, String path, int readers) throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Readers.class.getName(),
                        Integer.toString(port),
                        path,
                        Integer.toString(readers))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        in = new PrintWriter(process.outputWriter(UTF_8), true);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        seen(); // the first events
    }

    /** Has them look for a text from now on. */
    void look(String text) {
        in.println(text);
    }

    /** Waits until all have seen the text. */
    Seen seen() throws IOException {
        String line = out.readLine();
        if (line == null || !line.startsWith("seen ")) {
            throw new IOException("the readers failed: " + line);
        }
        String[] parts = line.split(" ");
        return new Seen(Double.parseDouble(parts[1]), Long.parseLong(parts[2]));
    }

    long cpuNanos() {
        return process.info().totalCpuDuration().orElseThrow().toNanos();
    }

    @Override
    public void close() {
        in.close();
        process.destroy();
    }
}
