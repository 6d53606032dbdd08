package io.statesync.source;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.source.internal.Versions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A journal in memory whose next calls fail as they are told. Keeps each commit that it stored. */
final class FaultyJournal implements StateJournal<Integer> {
    /** What happens at the next commit. */
    enum Fault {
        NONE,
        BEFORE_STORING,
        AFTER_STORING,
        /** It fails, and {@link FaultyJournal#storeLate} tries to store. */
        STORES_LATE
    }

    /** A call of commit. */
    record Commit(StateVersion expected, SnapshotEnvelope<Integer> snapshot, String proposalId) {}

    InMemoryJournal<Integer> journal = new InMemoryJournal<>();
    final List<Commit> stored = new ArrayList<>();
    Fault nextCommit = Fault.NONE;
    boolean loadFails;
    boolean uncertain;
    private Commit late;

    @Override
    public Entry<Integer> load() throws IOException {
        if (loadFails) {
            throw new IOException("cannot be read, as told");
        }
        Entry<Integer> entry = journal.load();
        return entry == null || !uncertain ? entry : new Entry<>(entry.snapshot(), entry.accepted(), false);
    }

    @Override
    public void commit(StateVersion expected, SnapshotEnvelope<Integer> snapshot, String proposalId)
            throws IOException {
        Fault fault = nextCommit;
        nextCommit = Fault.NONE;
        Commit commit = new Commit(expected, snapshot, proposalId);
        if (fault == Fault.STORES_LATE) {
            late = commit;
        }
        if (fault == Fault.BEFORE_STORING || fault == Fault.STORES_LATE) {
            throw new IOException("not stored, as told");
        }
        store(commit);
        if (fault == Fault.AFTER_STORING) {
            throw new IOException("stored, and failed as told");
        }
    }

    private void store(Commit commit) {
        journal.commit(commit.expected(), commit.snapshot(), commit.proposalId());
        stored.add(commit);
    }

    /** Whether the late commit was stored after all. */
    boolean storeLate() {
        try {
            store(late);
            return true;
        } catch (IllegalStateException e) { // something else is stored by now
            return false;
        }
    }

    List<StateVersion> versions() {
        return stored.stream().map(commit -> Versions.of(commit.snapshot())).toList();
    }

    StateVersion version() {
        return Versions.of(journal.load().snapshot());
    }

    Integer value() {
        return journal.load().snapshot().data();
    }
}
