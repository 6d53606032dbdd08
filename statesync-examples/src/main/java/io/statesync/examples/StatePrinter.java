package io.statesync.examples;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.examples.JsonChanges.Change;
import io.statesync.examples.Screen.Color;
import io.statesync.replica.ReplicaListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Prints what changes in a state, and what fails, in one line each. For one engine. */
class StatePrinter implements ReplicaListener<JsonNode> {
    private final String name;
    private final Color color;
    private final @Nullable Kept kept;
    private final Screen screen;
    private @Nullable JsonNode shown; // by the engine's calls only, as the others
    private long epoch; // of that
    private boolean fromSource;
    private final Set<String> told = new HashSet<>(); // what failed, until something succeeds

    /**
     * For a name.
     *
     * @param kept what the engine may start with; null for nothing
     */
    StatePrinter(String name, Color color, @Nullable Kept kept, Screen screen) {
        this.name = name;
        this.color = color;
        this.kept = kept;
        this.screen = screen;
    }

    /** How long the change took that is printed now, such as {@code 5 ms}; empty for nothing to say. */
    String latency() {
        return "";
    }

    /** A state of the source was printed, not one that was kept. */
    void printed(SnapshotEnvelope<JsonNode> snapshot) {}

    /** A failure was told. */
    void failed(SyncError error) {}

    @Override
    public final void onApplied(SnapshotEnvelope<JsonNode> snapshot, StateVersion version, Duration took) {
        JsonNode before = shown;
        boolean restarted = version.epochBits() != epoch;
        shown = snapshot.data();
        epoch = version.epochBits();
        told.clear();
        String age = kept == null || before != null ? null : kept.age(version);
        if (before != null) {
            screen.block(color, name, lines(snapshot, JsonChanges.between(before, snapshot.data()), restarted));
        } else {
            screen.line(
                    color,
                    name,
                    column(snapshot, "")
                            + (age == null ? "loaded   " : "kept     ")
                            + values(snapshot.data())
                            + (age == null ? "" : ", " + age + " old"));
        }
        if (age == null) {
            fromSource = true;
            printed(snapshot);
        }
    }

    @Override
    public final void onError(SyncError error) {
        String line = error.phase() + " failed: " + JsonFile.describe(error.error());
        if (told.add(line)) { // it is tried again and again while the source is away
            screen.line(Color.RED, name, line);
            failed(error);
        }
    }

    private List<String> lines(SnapshotEnvelope<?> snapshot, List<Change> changes, boolean restarted) {
        int width =
                changes.stream().mapToInt(change -> change.key().length()).max().orElse(0);
        String first = column(snapshot, latency());
        if (changes.isEmpty()) {
            return List.of(first + "the same values" + (fromSource ? since(restarted) : " as kept"));
        }
        List<String> lines = new ArrayList<>();
        for (Change change : changes) {
            String start = lines.isEmpty() ? first : " ".repeat(first.length());
            lines.add(
                    start + String.format("%-7s  %-" + width + "s  %s", change.kind(), change.key(), change.values()));
        }
        return lines;
    }

    private static String since(boolean restarted) {
        return restarted ? ", from a restarted server" : ", written differently";
    }

    private static String values(JsonNode state) {
        int count = JsonChanges.count(state);
        return count + (count == 1 ? " value" : " values");
    }

    private static String column(SnapshotEnvelope<?> snapshot, String latency) {
        return String.format("%-12s %7s  ", "revision " + snapshot.revision(), latency);
    }
}
