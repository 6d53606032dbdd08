package io.statesync.simulation;

import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The one source: it counts its writes, and remembers what it held at each version. */
final class SimulatedSource {
    private final boolean epochs;
    private final Map<StateVersion, String> held = new HashMap<>();
    private final List<StateVersion> history = new ArrayList<>();

    /** A source that says its epoch, or one that has none and never loses its count. */
    SimulatedSource(boolean epochs) {
        this.epochs = epochs;
        record(StateVersion.ofUnsigned(epochs ? 1 : 0, 0));
    }

    boolean hasEpochs() {
        return epochs;
    }

    StateVersion version() {
        return history.get(history.size() - 1);
    }

    void write() {
        record(StateVersion.of(version().epoch(), version().revision().next()));
    }

    /** Loses its count: a new epoch, and some revision in it. */
    void restart(long revision) {
        record(StateVersion.of(version().epoch().next(), Revision.of(revision)));
    }

    private void record(StateVersion version) {
        history.add(version);
        held.put(version, "state " + history.size() + " of " + version);
    }

    /** What the source held at a version; null if it never was there. */
    String heldAt(StateVersion version) {
        return held.get(version);
    }

    /** The state as it was some versions ago. */
    SnapshotEnvelope<String> snapshot(int versionsAgo) {
        StateVersion version = history.get(Math.max(0, history.size() - 1 - versionsAgo));
        return epochs
                ? SnapshotEnvelope.of(version, held.get(version))
                : SnapshotEnvelope.of(version.revision(), held.get(version));
    }
}
