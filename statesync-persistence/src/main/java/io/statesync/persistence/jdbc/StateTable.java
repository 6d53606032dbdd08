package io.statesync.persistence.jdbc;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables of states that are owned: a row for each topic with its state and version, and rows for what was answered to
 * recent proposals.
 *
 * <p>A write begins with the update of the topic's row. The database holds its lock until the transaction ends, so what the
 * transaction reads of the topic after that is current.
 */
final class StateTable {
    private static final long HIGHEST = Unsigned.toColumn(Revision.MAX.bits());

    private final String states;
    private final String answers;

    StateTable(String prefix) {
        states = prefix + "state";
        answers = prefix + "proposal";
    }

    /** The state's table's name, for people. */
    String name() {
        return states;
    }

    Database.Table[] definitions() {
        return new Database.Table[] {
            new Database.Table(
                    states,
                    "topic_hash VARCHAR(64) NOT NULL PRIMARY KEY, topic VARCHAR(120) NOT NULL, epoch BIGINT NOT NULL,"
                            + " revision BIGINT NOT NULL, codec $text NOT NULL, payload $bytes NOT NULL,"
                            + " proposals BIGINT NOT NULL"),
            new Database.Table(
                    answers,
                    "topic_hash VARCHAR(64) NOT NULL, seq BIGINT NOT NULL, id_hash VARCHAR(64) NOT NULL,"
                            + " id $text NOT NULL, epoch BIGINT NOT NULL, revision BIGINT NOT NULL, reason $text,"
                            + " PRIMARY KEY (topic_hash, seq), UNIQUE (topic_hash, id_hash)")
        };
    }

    /**
     * A state as it is stored.
     *
     * @param version its version
     * @param codec the name of the codec that made the bytes
     * @param payload the bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record State(StateVersion version, String codec, byte[] payload) {
        static State of(ResultSet row) throws SQLException {
            return new State(versionOf(row), row.getString(3), row.getBytes(4));
        }
    }

    /**
     * What was answered to a proposal.
     *
     * @param version the version that the write was given, or that the topic was at when it was rejected
     * @param reason why it was rejected; null if it was accepted
     */
    record Answer(StateVersion version, @Nullable String reason) {}

    private static StateVersion versionOf(ResultSet row) throws SQLException {
        return StateVersion.ofUnsigned(Unsigned.fromColumn(row.getLong(1)), Unsigned.fromColumn(row.getLong(2)));
    }

    private static long epoch(StateVersion version) {
        return Unsigned.toColumn(version.epochBits());
    }

    private static long revision(StateVersion version) {
        return Unsigned.toColumn(version.revisionBits());
    }

    /** The version of a topic; null if it has no state. */
    @Nullable
    StateVersion version(Session session, TopicKey topic) throws SQLException {
        return session.first(
                StateTable::versionOf, "SELECT epoch, revision FROM " + states + " WHERE topic_hash = ?", topic.hash());
    }

    /** The state of a topic; null if it has none. */
    @Nullable
    State state(Session session, TopicKey topic) throws SQLException {
        return session.first(
                State::of,
                "SELECT epoch, revision, codec, payload FROM " + states + " WHERE topic_hash = ?",
                topic.hash());
    }

    /** The first state of a topic. Fails if there is one. */
    void create(Session transaction, TopicKey topic, State state) throws SQLException {
        transaction.update(
                "INSERT INTO " + states + " (topic_hash, topic, epoch, revision, codec, payload, proposals)"
                        + " VALUES (?, ?, ?, ?, ?, ?, 0)",
                topic.hash(),
                topic.name(),
                epoch(state.version()),
                revision(state.version()),
                state.codec(),
                state.payload());
    }

    /** Replaces the state of a topic if it is at a version, and says whether it was. */
    boolean move(Session transaction, TopicKey topic, StateVersion expected, State next) throws SQLException {
        return transaction.update(
                        "UPDATE " + states + " SET epoch = ?, revision = ?, codec = ?, payload = ?"
                                + " WHERE topic_hash = ? AND epoch = ? AND revision = ?",
                        epoch(next.version()),
                        revision(next.version()),
                        next.codec(),
                        next.payload(),
                        topic.hash(),
                        epoch(expected),
                        revision(expected))
                == 1;
    }

    /**
     * Makes a state the next revision in the topic's epoch.
     *
     * @param base the version that the topic must be at; null if it may be at any
     * @return the new version; null if the topic is at another, has no state, or is at the highest revision
     */
    @Nullable
    StateVersion advance(Session transaction, TopicKey topic, @Nullable StateVersion base, String codec, byte[] payload)
            throws SQLException {
        String any = "UPDATE " + states + " SET revision = revision + 1, codec = ?, payload = ?"
                + " WHERE topic_hash = ? AND revision < ?";
        int moved = base == null
                ? transaction.update(any, codec, payload, topic.hash(), HIGHEST)
                : transaction.update(
                        any + " AND epoch = ? AND revision = ?",
                        codec,
                        payload,
                        topic.hash(),
                        HIGHEST,
                        epoch(base),
                        revision(base));
        return moved == 0 ? null : version(transaction, topic);
    }

    /** Waits for the topic's lock, and holds it until the transaction ends. Without effect if the topic has no state. */
    void lock(Session transaction, TopicKey topic) throws SQLException {
        transaction.update("UPDATE " + states + " SET proposals = proposals WHERE topic_hash = ?", topic.hash());
    }

    /** What was answered to a proposal; null if that is not known. */
    @Nullable
    Answer answer(Session session, TopicKey topic, String id) throws SQLException {
        return session.first(
                row -> new Answer(versionOf(row), row.getString(3)),
                "SELECT epoch, revision, reason FROM " + answers + " WHERE topic_hash = ? AND id_hash = ?",
                topic.hash(),
                TopicKey.hash(id));
    }

    /**
     * What was answered to a proposal, asked with the topic locked. In other words than {@link #answer}: a database that
     * remembers results would give the one from before the lock.
     */
    @Nullable
    Answer answerNow(Session transaction, TopicKey topic, String id, long count) throws SQLException {
        return transaction.first(
                row -> new Answer(versionOf(row), row.getString(3)),
                "SELECT epoch, revision, reason FROM " + answers + " WHERE topic_hash = ? AND id_hash = ? AND seq <= ?",
                topic.hash(),
                TopicKey.hash(id),
                count);
    }

    /** How many answers of a topic there have been. The topic's lock is held. */
    long answers(Session transaction, TopicKey topic) throws SQLException {
        Long count = transaction.first(
                row -> row.getLong(1), "SELECT proposals FROM " + states + " WHERE topic_hash = ?", topic.hash());
        if (count == null) {
            throw new SQLException("the topic's row is gone");
        }
        return count;
    }

    /** Whether the answer that was counted last is there to be read. The topic's lock is held. */
    boolean showsAnswer(Session transaction, TopicKey topic, long count) throws SQLException {
        return transaction.first(
                        row -> row.getLong(1),
                        "SELECT seq FROM " + answers + " WHERE topic_hash = ? AND seq = ?",
                        topic.hash(),
                        count)
                != null;
    }

    /** Remembers an answer as the most recent one, of as many as {@code window}. The topic's lock is held. */
    void remember(Session transaction, TopicKey topic, String id, Answer answer, int window) throws SQLException {
        if (window == 0) {
            return;
        }
        transaction.update("UPDATE " + states + " SET proposals = proposals + 1 WHERE topic_hash = ?", topic.hash());
        long count = answers(transaction, topic);
        transaction.update(
                "DELETE FROM " + answers + " WHERE topic_hash = ? AND seq <= ?", topic.hash(), count - window);
        transaction.update(
                "INSERT INTO " + answers + " (topic_hash, seq, id_hash, id, epoch, revision, reason)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?)",
                topic.hash(),
                count,
                TopicKey.hash(id),
                Ascii.escape(id),
                epoch(answer.version()),
                revision(answer.version()),
                answer.reason());
    }

    /** Forgets an answer, if there is one. */
    void forget(Session transaction, TopicKey topic, String id) throws SQLException {
        transaction.update(
                "DELETE FROM " + answers + " WHERE topic_hash = ? AND id_hash = ?", topic.hash(), TopicKey.hash(id));
    }

    /** The versions of recently accepted proposals by their ids, the oldest first. */
    Map<String, StateVersion> accepted(Session session, TopicKey topic) throws SQLException {
        Map<String, StateVersion> accepted = new LinkedHashMap<>();
        session.each(
                row -> accepted.put(Ascii.unescape(row.getString(3)), versionOf(row)),
                "SELECT epoch, revision, id FROM " + answers + " WHERE topic_hash = ? AND reason IS NULL ORDER BY seq",
                topic.hash());
        return accepted;
    }
}
