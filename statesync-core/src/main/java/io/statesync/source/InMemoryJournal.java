package io.statesync.source;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Checks;
import io.statesync.source.internal.Versions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A journal in memory: it outlives the store, not the process. For tests, and to hand a store's state on to its
 * successor.
 *
 * @param <T> the type of the state
 */
public final class InMemoryJournal<T extends @Nullable Object> implements StateJournal<T> {
    private final int window;
    private final Map<String, StateVersion> accepted = new LinkedHashMap<>(); // guarded by this
    private @Nullable SnapshotEnvelope<T> snapshot; // guarded by this
    private @Nullable StateVersion version; // guarded by this

    /** A journal that keeps the last 1,024 proposal ids. */
    public InMemoryJournal() {
        this(1024);
    }

    /**
     * A journal that keeps this many proposal ids.
     *
     * @throws IllegalArgumentException if the number is negative
     */
    public InMemoryJournal(int window) {
        this.window = Checks.notNegative("window", window);
    }

    @Override
    public synchronized @Nullable Entry<T> load() {
        SnapshotEnvelope<T> stored = snapshot;
        return stored == null ? null : new Entry<>(stored, new LinkedHashMap<>(accepted), true);
    }

    /**
     * Stores.
     *
     * @throws IllegalStateException if another version is stored than the one expected: another store writes here
     */
    @Override
    public synchronized void commit(
            @Nullable StateVersion expected, SnapshotEnvelope<T> next, @Nullable String proposalId) {
        if (!Objects.equals(expected, version)) {
            throw new IllegalStateException("expected version " + expected + " in the journal, which holds " + version
                    + ": another store writes to it");
        }
        StateVersion nextVersion = Versions.of(next);
        snapshot = next;
        version = nextVersion;
        if (proposalId != null && window > 0) {
            accepted.put(proposalId, nextVersion);
            if (accepted.size() > window) {
                accepted.remove(accepted.keySet().iterator().next());
            }
        }
    }
}
