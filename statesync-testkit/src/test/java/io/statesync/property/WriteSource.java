package io.statesync.property;

import io.statesync.InvalidationEvent;
import io.statesync.Proposal;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.property.PendingWrites.Proposed;
import io.statesync.source.JournalException;
import io.statesync.source.RevisionedStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/** The source: a store on a journal, and the memory of everything it ever took. */
final class WriteSource {
    static final String TOPIC = "topic";

    private final WriteWorld world;
    private final WriteJournal journal;
    private final Map<String, Proposed> proposals = new HashMap<>();
    private final Map<String, Proposed> stored = new HashMap<>();
    private final Map<StateVersion, Tokens> held = new HashMap<>();
    private final List<StateVersion> history = new ArrayList<>();
    private final List<String> writers = new ArrayList<>(); // of each version in the history
    private RevisionedStore<Tokens> store;
    private StateVersion published;

    WriteSource(WriteWorld world) {
        this.world = world;
        this.journal = new WriteJournal(world, this::stored);
        open();
        published = store.version();
    }

    private void open() {
        store = RevisionedStore.<Tokens>builder(TOPIC)
                .journal(journal, StateSync.directExecutor())
                .deliverOn(StateSync.directExecutor())
                .clock(world.time()::now)
                .validator(value -> {
                    if (value.isPoisoned()) {
                        throw new IllegalArgumentException("poisoned");
                    }
                })
                .open(() -> Tokens.NONE);
    }

    WriteJournal journal() {
        return journal;
    }

    SnapshotEnvelope<Tokens> current() {
        return store.current();
    }

    StateVersion version() {
        return store.version();
    }

    /** What it held at a version; null if it never was there. */
    Tokens at(StateVersion version) {
        return held.get(version);
    }

    /** The state as it was some versions ago. */
    SnapshotEnvelope<Tokens> past(int versionsAgo) {
        int now = history.indexOf(store.version());
        StateVersion version = history.get(Math.max(0, now - versionsAgo));
        return SnapshotEnvelope.of(version, held.get(version));
    }

    /** Whether somebody else has written after a version. */
    boolean isMovedByOthers(StateVersion since, String writer) {
        return writers.subList(history.indexOf(since) + 1, writers.size()).stream()
                .anyMatch(each -> !each.equals(writer));
    }

    /** The process ends, and another one opens what the journal holds. */
    void restart(boolean certain) {
        journal.calm();
        journal.uncertain = !certain;
        Revision epoch = store.version().epoch();
        open();
        if (!certain && !store.version().epoch().isAbove(epoch)) {
            world.violated("source goes on in epoch " + epoch + ", where it is not certain what it counted");
        }
        journal.uncertain = false;
        world.trace("source restarts at " + store.version());
        publish();
    }

    /** Writes by itself. */
    void write(Write write) {
        journal.direct = write;
        UnaryOperator<Tokens> function = write.function;
        try {
            StateVersion version = write.set ? store.set(function.apply(Tokens.NONE)) : store.update(function);
            write.accepted(version);
        } catch (JournalException e) {
            world.trace("source: " + e.getMessage());
        } finally {
            journal.direct = null;
        }
        publish();
    }

    /** A replica is about to propose this under an id. */
    void expect(String proposalId, Proposed proposed) {
        proposals.put(proposalId, proposed);
    }

    CompletionStage<WriteResult<Tokens>> propose(Proposal<Tokens> proposal) {
        CompletionStage<WriteResult<Tokens>> answer = store.propose(proposal);
        publish();
        return answer;
    }

    CompletionStage<? extends PullResult<Tokens>> pull(PullRequest request) throws Exception {
        return store.provider().getSnapshot(request);
    }

    private void publish() {
        StateVersion now = store.version();
        if (!now.equals(published)) {
            published = now;
            world.publish(new InvalidationEvent(TOPIC, now.revision(), now.epoch(), null, null), store.current());
        }
    }

    private void stored(SnapshotEnvelope<Tokens> next, String proposalId, Write direct) {
        Revision epoch = next.epoch();
        StateVersion version = StateVersion.of(epoch == null ? Revision.ZERO : epoch, next.revision());
        StateVersion last = history.isEmpty() ? null : history.get(history.size() - 1);
        Tokens before = last == null ? Tokens.NONE : held.get(last);
        world.trace("source stores " + next.data() + " at " + version);
        if (!version.isNewerThan(last)) {
            world.violated("source stored " + version + " after " + last);
        }
        Tokens expected = before;
        if (proposalId != null) {
            expected = proposed(proposalId, version, before);
        } else if (direct != null) {
            direct.committed(version);
            expected = direct.function.apply(before);
        }
        if (!next.data().equals(expected)) {
            world.violated("source stored " + next.data() + " on " + before + ", expected " + expected);
        }
        if (!next.data().isSound()) {
            world.violated("source stored " + next.data() + ", which holds a write twice");
        }
        history.add(version);
        writers.add(proposalId == null ? "source" : proposals.get(proposalId).writer());
        held.put(version, next.data());
    }

    private Tokens proposed(String proposalId, StateVersion version, Tokens before) {
        Proposed proposed = proposals.get(proposalId);
        if (stored.put(proposalId, proposed) != null) {
            world.violated("source stored proposal " + proposed.writes() + " twice");
        }
        if (proposed.mergedOn() != null && !proposed.mergedOn().equals(before)) {
            world.violated("source stored what was merged on " + proposed.mergedOn() + " on " + before);
        }
        proposed.writes().forEach(write -> write.committed(version));
        return proposed.function().apply(before);
    }
}
