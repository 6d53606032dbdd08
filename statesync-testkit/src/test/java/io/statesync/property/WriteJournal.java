package io.statesync.property;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.property.WriteStep.Kind;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.StateJournal;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** The source's journal, which fails as planned. What it stores is what the source has taken. */
final class WriteJournal implements StateJournal<Tokens> {
    private final WriteWorld world;
    private final Commits commits;
    private final InMemoryJournal<Tokens> journal = new InMemoryJournal<>();
    private final Deque<WriteStep> planned = new ArrayDeque<>();

    /** Whether it may have forgotten versions. */
    boolean uncertain;

    /** Who hears of each commit that was stored. */
    interface Commits {
        void stored(SnapshotEnvelope<Tokens> snapshot, String proposalId, Write direct);
    }

    /** The write that the source itself makes just now; null for none. */
    Write direct;

    WriteJournal(WriteWorld world, Commits commits) {
        this.world = world;
        this.commits = commits;
    }

    void plan(WriteStep fault) {
        planned.add(fault);
    }

    void calm() {
        planned.clear();
    }

    @Override
    public Entry<Tokens> load() throws IOException {
        WriteStep fault = planned.peek();
        if (fault != null && fault.kind() == Kind.JOURNAL_UNREADABLE) {
            planned.remove();
            throw new IOException("unreadable");
        }
        Entry<Tokens> entry = journal.load();
        return entry == null || !uncertain ? entry : new Entry<>(entry.snapshot(), entry.accepted(), false);
    }

    @Override
    public void commit(StateVersion expected, SnapshotEnvelope<Tokens> snapshot, String proposalId) throws IOException {
        WriteStep fault = planned.peek();
        Kind kind = fault == null || fault.kind() == Kind.JOURNAL_UNREADABLE
                ? null
                : planned.remove().kind();
        Write by = direct;
        if (kind == Kind.JOURNAL_STORES_LATE) {
            world.later(fault.millis(), () -> storeLate(expected, snapshot, proposalId, by));
        }
        if (kind == Kind.JOURNAL_STORES_LATE || kind == Kind.JOURNAL_FAILS) {
            throw new IOException(kind.toString());
        }
        journal.commit(expected, snapshot, proposalId);
        commits.stored(snapshot, proposalId, by);
        if (kind == Kind.JOURNAL_FAILS_STORED) {
            throw new IOException(kind.toString());
        }
    }

    private void storeLate(StateVersion expected, SnapshotEnvelope<Tokens> snapshot, String proposalId, Write by) {
        try {
            journal.commit(expected, snapshot, proposalId);
        } catch (IllegalStateException e) {
            return; // something else is stored by now
        }
        commits.stored(snapshot, proposalId, by);
    }
}
