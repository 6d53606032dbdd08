package io.statesync.source;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.internal.Texts;
import io.statesync.source.internal.Versions;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A store's books: what it holds, what its journal holds, and what it answered recently. Guarded by the store's write
 * lock, but for reading what it holds.
 *
 * <p>After a commit that failed, the journal may hold that write or not, or get it later still. Nothing is written before
 * it was read again: what it holds by then is taken over, and since a commit names the version that it expects, one that
 * arrives late cannot replace another.
 */
final class Ledger<T extends @Nullable Object> {
    private final String topic;
    private final @Nullable StateJournal<T> journal;
    private final InstantSource clock;
    private final Answers<T> answers;
    private final Set<@Nullable String> doubtful = new HashSet<>(); // proposals whose commit failed, and may still come
    private @Nullable StateVersion journalled;
    private boolean inDoubt;
    private boolean newEpochDue;
    private final boolean beganWithFirst;
    private volatile Stored<T> stored;

    /**
     * The books of a store that is opened.
     *
     * @param first the first value, and who proposed it under which id; its base is not looked at
     */
    Ledger(
            String topic,
            @Nullable StateJournal<T> journal,
            InstantSource clock,
            int proposalWindow,
            Revision firstEpoch,
            Proposal<T> first) {
        this.topic = topic;
        this.journal = journal;
        this.clock = clock;
        this.answers = new Answers<>(proposalWindow);
        this.stored = stored(StateVersion.of(firstEpoch, Revision.of(1)), first.value(), first.sourceId());
        this.beganWithFirst = open(first.proposalId());
    }

    private boolean open(@Nullable String proposalId) {
        StateJournal.Entry<T> entry = load();
        if (entry == null) {
            commit(stored, proposalId);
            answers.remember(proposalId, new WriteResult.Accepted<>(stored.version()));
            return true;
        }
        takeOver(entry);
        if (newEpochDue) {
            write(entry.snapshot().data(), null, null);
        }
        return false;
    }

    /** Whether the store began with the first value, and not with what its journal held. */
    boolean beganWithFirst() {
        return beganWithFirst;
    }

    /** What the store holds; needs no lock. */
    Stored<T> stored() {
        return stored;
    }

    /**
     * Answers a proposal: as before if it was answered, else by writing it if it may be written.
     *
     * @param invalid why its value is not valid; null if it is
     * @param closed whether nothing is written any more
     */
    WriteResult<T> decide(Proposal<T> proposal, @Nullable Throwable invalid, boolean closed) {
        String id = proposal.proposalId();
        try {
            WriteResult<T> answer = answers.get(id);
            if (answer == null) {
                resolve();
                answer = answers.get(id);
            }
            return answer != null ? answer : decideAnew(proposal, invalid, closed);
        } catch (JournalException e) {
            return new WriteResult.Unknown<>(e);
        }
    }

    private WriteResult<T> decideAnew(Proposal<T> proposal, @Nullable Throwable invalid, boolean closed) {
        if (closed) {
            return doubtful.contains(proposal.proposalId())
                    ? new WriteResult.Unknown<>(new IllegalStateException("the store was closed in doubt: " + topic))
                    : new WriteResult.Rejected<>("the store is closed: " + topic);
        }
        StateVersion base = proposal.base();
        if (base != null && !base.equals(stored.version())) {
            return new WriteResult.Conflict<>(stored.snapshot());
        }
        WriteResult<T> answer;
        if (invalid != null) {
            answer = new WriteResult.Rejected<>(Texts.reason(invalid));
        } else {
            write(proposal.value(), proposal.proposalId(), proposal.sourceId());
            answer = new WriteResult.Accepted<>(stored.version());
        }
        answers.remember(proposal.proposalId(), answer);
        return answer;
    }

    /**
     * Makes sure that it is known what the journal holds. What the store holds may move by it.
     *
     * @throws JournalException if the journal cannot be read
     */
    void resolve() {
        if (!inDoubt) {
            return;
        }
        StateJournal.Entry<T> entry = load();
        if (entry == null) {
            journalled = null;
            newEpochDue = true;
        } else {
            takeOver(entry);
        }
        inDoubt = false;
    }

    /**
     * Writes the next revision. {@link #resolve} was called.
     *
     * @throws JournalException if it is not known whether it was stored
     */
    void write(T value, @Nullable String proposalId, @Nullable String sourceId) {
        Stored<T> next = stored(nextVersion(), value, sourceId);
        commit(next, proposalId);
        newEpochDue = false;
        stored = next;
    }

    private StateVersion nextVersion() {
        StateVersion last = stored.version();
        if (newEpochDue || last.revision().equals(Revision.MAX)) {
            return Versions.firstOfNewEpoch(last, clock.instant());
        }
        return StateVersion.of(last.epoch(), last.revision().next());
    }

    private Stored<T> stored(StateVersion version, T value, @Nullable String sourceId) {
        return Stored.of(topic, version, value, sourceId, clock.millis());
    }

    private void commit(Stored<T> next, @Nullable String proposalId) {
        if (journal == null) {
            return;
        }
        try {
            journal.commit(journalled, next.snapshot(), proposalId);
        } catch (Throwable t) { // whatever it was, the journal may hold it
            inDoubt = true;
            if (proposalId != null) {
                doubtful.add(proposalId);
            }
            keepInterrupt(t);
            throw new JournalException(
                    "store " + topic + ": the journal failed, it is not known whether version " + next.version()
                            + " was stored",
                    t);
        }
        journalled = next.version();
        doubtful.clear(); // a commit that comes late now fails on what it expects
    }

    private StateJournal.@Nullable Entry<T> load() {
        if (journal == null) {
            return null;
        }
        try {
            return journal.load();
        } catch (Throwable t) { // whatever it was, it is not known what the journal holds
            keepInterrupt(t);
            throw new JournalException("store " + topic + ": the journal could not be read", t);
        }
    }

    private void takeOver(StateJournal.Entry<T> entry) {
        StateVersion version = Versions.of(entry.snapshot());
        boolean opening = journalled == null && !inDoubt;
        if (opening || version.isNewerThan(stored.version())) {
            stored = stored(version, entry.snapshot().data(), null);
            learn(entry.accepted());
        }
        newEpochDue = !entry.certain() || !version.equals(stored.version());
        journalled = version;
    }

    /** Remembers what the journal holds as the most recent answers, since those of it that are new were given last. */
    private void learn(Map<String, StateVersion> accepted) {
        accepted.forEach((id, version) -> answers.replace(id, new WriteResult.Accepted<>(version)));
    }

    private static void keepInterrupt(Throwable thrown) {
        if (thrown instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
    }
}
