package io.statesync.persistence.jdbc;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateValidator;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.WriteResult.Unknown;
import io.statesync.internal.Texts;
import io.statesync.persistence.jdbc.StateTable.Answer;
import io.statesync.persistence.jdbc.StateTable.State;
import io.statesync.source.internal.Versions;
import java.io.IOException;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an authority reads and decides in its database, blocking. Safe for use from any thread.
 *
 * <p>A proposal is looked at without a transaction first: version, then answer, then whether the base is that version. The
 * order matters: an answer that is there by the time it is looked for, but was not when the version was read, is found; the
 * other way round it would look like a conflict. What is to be written is written by a transaction that begins with the
 * update of the topic's row, and looks for the answer again; so does what is to be answered as a conflict, if it has an id.
 */
final class Decisions<T extends @Nullable Object> {
    private static final int DOUBTS = 1_024;

    /** So often is looked again for an answer that the database does not show yet. */
    private static final int MOST_LAGS = 100;

    private final String topic;
    private final TopicKey key;
    private final StateCodec<T> codec;
    private final StateValidator<? super T> validator;
    private final Supplier<? extends T> initial;
    private final int window;
    private final InstantSource clock;
    private final @Nullable Notification notification;
    private final StateTable table;
    private final Database database;
    private final Set<String> doubtful =
            new LinkedHashSet<>(); // ids whose commit may have been done; guarded by itself

    Decisions(JdbcAuthority.Builder<T> b, Supplier<? extends T> initial) {
        this.topic = b.topic;
        this.key = TopicKey.of(b.topic);
        this.codec = b.codec;
        this.validator = b.validator;
        this.initial = initial;
        this.window = b.proposalWindow;
        this.clock = b.clock;
        this.notification = b.channel == null ? null : new Notification(b.channel);
        this.table = new StateTable(b.tablePrefix);
        this.database = new Database(b.source, table.definitions());
    }

    String tableName() {
        return table.name();
    }

    /** The version of the topic, which is given its first state if it has none. */
    StateVersion version() throws SQLException, IOException {
        return read(table::version);
    }

    /** The state of the topic, which is given its first if it has none. */
    State state() throws SQLException, IOException {
        return read(table::state);
    }

    /** Reads something of a topic. */
    @FunctionalInterface
    private interface Query<R> {
        @Nullable
        R read(Session session, TopicKey topic) throws SQLException;
    }

    private <R> R read(Query<R> query) throws SQLException, IOException {
        while (true) {
            Found<R> found = database.run(session -> new Found<>(query.read(session, key)));
            R value = found.value();
            if (value != null) {
                return value;
            }
            create();
        }
    }

    /** What was found; null for nothing. */
    private record Found<R>(@Nullable R value) {}

    private void create() throws SQLException, IOException {
        byte[] payload = codec.encode(initial.get());
        Revision epoch = Revision.of(Math.max(0, clock.millis()));
        State first = new State(StateVersion.of(epoch, Revision.of(1)), codec.name(), payload);
        database.run(session -> session.transaction(transaction -> {
            table.lock(transaction, key); // SQLite refuses who has read and then writes, if another writes
            if (table.version(transaction, key) == null) {
                table.create(transaction, key, first); // if another process is first, all of this is done again
                tell(transaction, first.version(), null);
            }
            return true;
        }));
    }

    private void tell(Session transaction, StateVersion version, @Nullable String sourceId) throws SQLException {
        if (notification != null) {
            notification.send(transaction, topic, version, sourceId);
        }
    }

    /** What a proposal's value is to be stored as; or why it is not. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Verdict(
            byte @Nullable [] payload, @Nullable String reason) {}

    private Verdict judge(T value) {
        try {
            validator.validate(value);
            byte[] payload = codec.encode(value);
            T unused = codec.decode(payload); // what nobody can read is not written
            return new Verdict(payload, null);
        } catch (Throwable t) { // whatever user code fails with is the verdict on this value
            return new Verdict(null, Texts.reason(t));
        }
    }

    /**
     * Answers a proposal.
     *
     * @throws NotSentException if it was certainly not written, and may be later
     */
    WriteResult<T> decide(Proposal<T> proposal) throws NotSentException {
        String id = proposal.proposalId();
        try {
            Verdict verdict = judge(proposal.value());
            WriteResult<T> answer = null;
            int lags = 0;
            while (answer == null) {
                boolean shown = lags == MOST_LAGS; // somebody emptied the table of answers
                Decision decision = database.run(session -> decide(session, proposal, verdict, shown));
                if (decision == Decision.NO_STATE) {
                    create();
                } else if (decision == Decision.LAGGING) {
                    lags++;
                }
                answer = answer(decision);
            }
            settled(id);
            return answer;
        } catch (CommitInDoubtException e) {
            doubt(id);
            return new Unknown<>(e);
        } catch (Throwable t) { // no commit was begun
            if (isDoubtful(id)) {
                return new Unknown<>(t);
            }
            throw new NotSentException("not written: topic " + key.name() + ": " + Texts.reason(t), t);
        }
    }

    /** What was decided: an answer, or a state that conflicts. */
    private record Decision(
            @Nullable Answer answer, @Nullable State conflict) {
        /** The topic has moved meanwhile. */
        static final Decision AGAIN = new Decision(null, null);

        /** The last answer is counted, and not to be read yet. */
        static final Decision LAGGING = new Decision(null, null);

        /** The topic has no state. */
        static final Decision NO_STATE = new Decision(null, null);
    }

    private @Nullable WriteResult<T> answer(Decision decision) throws IOException {
        State conflict = decision.conflict();
        if (conflict != null) {
            return new Conflict<>(SnapshotEnvelope.of(conflict.version(), Payloads.decode(codec, conflict)));
        }
        Answer answer = decision.answer();
        if (answer == null) {
            return null;
        }
        String reason = answer.reason();
        return reason == null ? new Accepted<>(answer.version()) : new Rejected<>(Ascii.unescape(reason));
    }

    private Decision decide(Session session, Proposal<T> proposal, Verdict verdict, boolean shown)
            throws SQLException, IOException {
        StateVersion now = table.version(session, key);
        if (now == null) {
            return Decision.NO_STATE;
        }
        Answer known = known(session, proposal.proposalId());
        if (known != null) {
            return new Decision(known, null);
        }
        StateVersion base = proposal.base();
        if (base != null && !base.equals(now)) {
            String id = proposal.proposalId();
            return id == null
                    ? new Decision(null, table.state(session, key))
                    : session.transaction(transaction -> conflict(transaction, id, shown));
        }
        return session.transaction(transaction -> {
            byte[] payload = verdict.payload();
            return payload == null
                    ? reject(transaction, proposal, now, String.valueOf(verdict.reason()))
                    : accept(transaction, proposal, now, payload);
        });
    }

    private @Nullable Answer known(Session session, @Nullable String id) throws SQLException {
        return id == null ? null : table.answer(session, key, id);
    }

    /**
     * The topic has moved on from the base; by this very write, perhaps, when it was proposed before or is proposed twice at
     * once. A database may show the version of a transaction a moment before its answer (H2 does), so that is looked at
     * again with the topic locked, until as many answers are shown as were counted.
     *
     * @param shown not to wait for that any longer
     */
    private Decision conflict(Session transaction, String id, boolean shown) throws SQLException {
        table.lock(transaction, key);
        long count = table.answers(transaction, key);
        Answer known = table.answerNow(transaction, key, id, count);
        if (known != null) {
            return new Decision(known, null);
        }
        return shown || count == 0 || table.showsAnswer(transaction, key, count)
                ? new Decision(null, table.state(transaction, key))
                : Decision.LAGGING;
    }

    private Decision accept(Session transaction, Proposal<T> proposal, StateVersion now, byte[] payload)
            throws SQLException {
        StateVersion next = now.revision().equals(Revision.MAX)
                ? beginEpoch(transaction, now, payload)
                : table.advance(transaction, key, proposal.base(), codec.name(), payload);
        return next == null ? Decision.AGAIN : conclude(transaction, proposal, new Answer(next, null));
    }

    private @Nullable StateVersion beginEpoch(Session transaction, StateVersion now, byte[] payload)
            throws SQLException {
        StateVersion next = Versions.firstOfNewEpoch(now, clock.instant());
        return table.move(transaction, key, now, new State(next, codec.name(), payload)) ? next : null;
    }

    private Decision reject(Session transaction, Proposal<T> proposal, StateVersion now, String reason)
            throws SQLException {
        table.lock(transaction, key);
        return conclude(transaction, proposal, new Answer(now, Ascii.escape(reason)));
    }

    /** The topic is locked: if another process has answered under this id, that is the answer, and nothing is written. */
    private Decision conclude(Session transaction, Proposal<T> proposal, Answer answer) throws SQLException {
        String id = proposal.proposalId();
        Answer known = known(transaction, id);
        if (known != null) {
            transaction.undo();
            return new Decision(known, null);
        }
        if (id != null) {
            table.remember(transaction, key, id, answer, window);
        }
        if (answer.reason() == null) {
            tell(transaction, answer.version(), proposal.sourceId());
        }
        return new Decision(answer, null);
    }

    private void doubt(@Nullable String id) {
        if (id == null) {
            return;
        }
        synchronized (doubtful) {
            doubtful.add(id);
            if (doubtful.size() > DOUBTS) {
                Iterator<String> oldest = doubtful.iterator();
                oldest.next();
                oldest.remove();
            }
        }
    }

    private boolean isDoubtful(@Nullable String id) {
        synchronized (doubtful) {
            return id != null && doubtful.contains(id);
        }
    }

    private void settled(@Nullable String id) {
        synchronized (doubtful) {
            if (id != null) {
                doubtful.remove(id);
            }
        }
    }
}
