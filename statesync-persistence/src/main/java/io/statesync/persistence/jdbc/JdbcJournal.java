package io.statesync.persistence.jdbc;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.internal.Checks;
import io.statesync.persistence.jdbc.StateTable.Answer;
import io.statesync.persistence.jdbc.StateTable.State;
import io.statesync.source.StateJournal;
import io.statesync.source.internal.Versions;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;
import java.util.Objects;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A journal in a database: state, version and recent proposal ids of one topic, written in one transaction.
 *
 * <p>The tables {@code statesync_state} and {@code statesync_proposal} are made when they are first needed, and are those of
 * a {@link JdbcAuthority}: a topic may go from one to the other. The database compares the version that a commit expects;
 * what another process committed is never replaced. One store writes to a topic; for several processes that write there is
 * {@link JdbcAuthority}.
 *
 * <p>Safe for use from any thread.
 *
 * @param <T> the type of the state
 */
public final class JdbcJournal<T extends @Nullable Object> implements StateJournal<T> {
    private final String topic;
    private final TopicKey key;
    private final StateCodec<T> codec;
    private final int window;
    private final StateTable table;
    private final Database database;
    private final @Nullable Notification notification;

    private JdbcJournal(Builder<T> b) {
        topic = b.topic;
        key = TopicKey.of(b.topic);
        codec = b.codec;
        window = b.window;
        table = new StateTable(b.tablePrefix);
        database = new Database(b.source, table.definitions());
        notification = b.channel == null ? null : new Notification(b.channel);
    }

    /** A journal with the defaults of the builder. Nothing is connected to yet. */
    public static <T extends @Nullable Object> JdbcJournal<T> of(String topic, DataSource source, StateCodec<T> codec) {
        return JdbcJournal.<T>builder(topic, source, codec).build();
    }

    /**
     * A builder of a journal.
     *
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(
            String topic, DataSource source, StateCodec<T> codec) {
        return new Builder<>(topic, source, codec);
    }

    /** A state and the ids that go with it. */
    private record Held(State state, Map<String, StateVersion> accepted) {}

    @Override
    public @Nullable Entry<T> load() throws IOException, SQLException {
        Held[] held = new Held[1];
        boolean found = database.run(session -> {
            State state = table.state(session, key);
            while (state != null) {
                held[0] = new Held(state, table.accepted(session, key));
                if (state.version().equals(table.version(session, key))) {
                    return true;
                }
                state = table.state(session, key); // another process has committed in between
            }
            return false;
        });
        if (!found) {
            return null;
        }
        State state = held[0].state();
        return new Entry<>(
                SnapshotEnvelope.of(state.version(), Payloads.decode(codec, state)), held[0].accepted(), true);
    }

    /**
     * Stores.
     *
     * @throws IOException if another version is stored than the one expected, or the state cannot be encoded
     * @throws SQLException if the database fails
     */
    @Override
    public void commit(@Nullable StateVersion expected, SnapshotEnvelope<T> snapshot, @Nullable String proposalId)
            throws IOException, SQLException {
        State next = new State(Versions.of(snapshot), codec.name(), codec.encode(snapshot.data()));
        database.run(session -> session.transaction(transaction -> {
            replace(transaction, expected, next);
            if (proposalId != null) {
                table.forget(transaction, key, proposalId);
                table.remember(transaction, key, proposalId, new Answer(next.version(), null), window);
            }
            if (notification != null) {
                notification.send(transaction, topic, next.version(), null);
            }
            return true;
        }));
    }

    private void replace(Session transaction, @Nullable StateVersion expected, State next)
            throws SQLException, IOException {
        if (expected != null && table.move(transaction, key, expected, next)) {
            return;
        }
        table.lock(transaction, key); // SQLite refuses who has read and then writes, if another writes
        StateVersion stored = table.version(transaction, key);
        if (expected != null || stored != null) {
            throw new IOException("expected version " + expected + " in table " + table.name() + ", which holds "
                    + stored + ": another store writes to topic " + key.name());
        }
        table.create(transaction, key, next); // if another store is first, all of this is done again
    }

    /** Names topic and table. */
    @Override
    public String toString() {
        return "JdbcJournal[topic=" + key.name() + ", table=" + table.name() + "]";
    }

    /**
     * The options of a {@link JdbcJournal}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>tablePrefix</td><td>{@code statesync_}</td></tr>
     * <tr><td>window</td><td>1,024</td></tr>
     * <tr><td>notifyChannel</td><td>none</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final String topic;
        private final DataSource source;
        private final StateCodec<T> codec;
        private String tablePrefix = Tables.DEFAULT_PREFIX;
        private int window = 1024;
        private @Nullable String channel;

        private Builder(String topic, DataSource source, StateCodec<T> codec) {
            this.topic = Checks.notBlank("topic", topic);
            this.source = Objects.requireNonNull(source, "source");
            this.codec = Objects.requireNonNull(codec, "codec");
        }

        /**
         * What the tables' names begin with; perhaps a schema and a dot first.
         *
         * @throws IllegalArgumentException if it is not made of ASCII letters, digits and underlines
         */
        public Builder<T> tablePrefix(String tablePrefix) {
            this.tablePrefix = Tables.prefix(tablePrefix);
            return this;
        }

        /** How many proposal ids are kept, those of the last proposals that had one. */
        public Builder<T> window(int window) {
            this.window = Checks.notNegative("window", window);
            return this;
        }

        /**
         * The channel on which PostgreSQL tells of each commit, for a {@link PostgresSubscriber}.
         *
         * @throws IllegalArgumentException if it is not made of ASCII letters, digits and underlines
         */
        public Builder<T> notifyChannel(String notifyChannel) {
            this.channel = Tables.channel("notifyChannel", notifyChannel);
            return this;
        }

        /** The journal. Nothing is connected to yet. */
        public JdbcJournal<T> build() {
            return new JdbcJournal<>(this);
        }
    }
}
