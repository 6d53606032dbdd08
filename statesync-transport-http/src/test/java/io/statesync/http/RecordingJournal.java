package io.statesync.http;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.StateJournal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A journal that says what was written, write by write. */
final class RecordingJournal implements StateJournal<String> {
    private final InMemoryJournal<String> kept = new InMemoryJournal<>();
    private final List<String> written = new CopyOnWriteArrayList<>();

    @Override
    public Entry<String> load() {
        return kept.load();
    }

    @Override
    public void commit(StateVersion expected, SnapshotEnvelope<String> snapshot, String proposalId) {
        kept.commit(expected, snapshot, proposalId);
        written.add(snapshot.data());
    }

    /** Every value that was written, in order. */
    List<String> written() {
        return written;
    }
}
