package io.statesync.examples;

import io.statesync.examples.JsonFile.Saved;
import io.statesync.examples.Screen.Color;
import io.statesync.source.FileSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The main job: a JSON file, and two replicas that follow it. */
final class FileSync implements AutoCloseable {
    /** What the events are about; one file has one topic. */
    static final String TOPIC = "settings";

    private final Screen screen;
    private final FileSource<Saved> source;
    private final List<Replica> replicas = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();

    /**
     * Opens a file; the replicas are not there yet.
     *
     * @throws IOException if there is no such file, or it holds no valid JSON
     */
    FileSync(Path file, Screen screen) throws IOException {
        this.screen = screen;
        this.source = FileSource.<Saved>builder(TOPIC, file, content -> JsonFile.decode(file, content))
                .onError((path, problem) -> refused(problem))
                .open();
        Throwable problem = source.problem();
        if (problem != null) {
            source.close();
            throw new IOException(file + ": " + JsonFile.describe(problem), problem);
        }
    }

    /**
     * Starts the replicas, and waits until they have the file's state.
     *
     * @param onApplied runs after each apply of a replica
     */
    void start(Runnable onApplied) {
        replicas.add(new Replica("replica A", Color.CYAN, source, screen, onApplied));
        replicas.add(new Replica("replica B", Color.GREEN, source, screen, onApplied));
        replicas.forEach(Replica::start);
    }

    /** The revision that all replicas have, at least. */
    long revision() {
        return replicas.stream().mapToLong(Replica::revision).min().orElse(0);
    }

    /** How often the file's content was refused. */
    int refusals() {
        return refusals.get();
    }

    private void refused(Throwable problem) {
        if (!replicas.isEmpty()) {
            screen.line(
                    Color.RED,
                    "file",
                    "refused: " + JsonFile.describe(problem) + "; the replicas keep revision " + revision());
            refusals.incrementAndGet();
        }
    }

    @Override
    public void close() {
        replicas.forEach(Replica::close);
        source.close();
    }
}
