package io.statesync.examples;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateBinding;
import io.statesync.StateSync;
import io.statesync.SyncError;
import io.statesync.examples.JsonChanges.Change;
import io.statesync.examples.JsonFile.Saved;
import io.statesync.examples.Screen.Color;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import tools.jackson.databind.JsonNode;

/** A copy of the file's state that prints what changed in it. */
final class Replica implements AutoCloseable {
    private final String name;
    private final Color color;
    private final Screen screen;
    private final Runnable onApplied;
    private final AtomicReference<JsonNode> state = new AtomicReference<>();
    private final RevisionSync<Saved> sync;
    private volatile long revision;

    Replica(String name, Color color, StateBinding<Saved> source, Screen screen, Runnable onApplied) {
        this.name = name;
        this.color = color;
        this.screen = screen;
        this.onApplied = onApplied;
        this.sync = StateSync.createRevisionSync(RevisionSyncOptions.<Saved>builder(FileSync.TOPIC)
                .instance(name)
                .source(source)
                .applier(this::apply)
                .onError(this::failed)
                .build());
    }

    /** Follows the source from now on; returns when its present state is applied. */
    void start() {
        sync.start().join();
    }

    /** The revision last applied; 0 before the first. */
    long revision() {
        return revision;
    }

    private void apply(SnapshotEnvelope<Saved> snapshot) {
        JsonNode now = snapshot.data().json();
        JsonNode before = state.getAndSet(now);
        Duration latency = Duration.between(snapshot.data().savedAt(), Instant.now());
        if (before == null) {
            screen.line(color, name, column(snapshot, "") + "loaded   " + JsonChanges.count(now) + " values");
        } else {
            screen.block(color, name, lines(snapshot, latency, JsonChanges.between(before, now)));
        }
        revision = snapshot.revision().bits();
        onApplied.run();
    }

    private static List<String> lines(SnapshotEnvelope<?> snapshot, Duration latency, List<Change> changes) {
        int width =
                changes.stream().mapToInt(change -> change.key().length()).max().orElse(0);
        String first = column(snapshot, latency.toMillis() + " ms");
        if (changes.isEmpty()) {
            return List.of(first + "the same values, written differently");
        }
        List<String> lines = new ArrayList<>();
        for (Change change : changes) {
            String start = lines.isEmpty() ? first : " ".repeat(first.length());
            lines.add(
                    start + String.format("%-7s  %-" + width + "s  %s", change.kind(), change.key(), change.values()));
        }
        return lines;
    }

    private static String column(SnapshotEnvelope<?> snapshot, String latency) {
        return String.format("%-12s %7s  ", "revision " + snapshot.revision(), latency);
    }

    private void failed(SyncError error) {
        screen.line(Color.RED, name, error.phase() + " failed: " + JsonFile.describe(error.error()));
    }

    @Override
    public void close() {
        sync.close();
    }
}
