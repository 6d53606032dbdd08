package io.statesync.persistence.jdbc;

import io.statesync.persistence.SnapshotStorage;
import io.statesync.persistence.StorageFullException;
import io.statesync.persistence.StorageUsage;
import io.statesync.persistence.StoredSnapshot;
import io.statesync.persistence.jdbc.Session.Work;
import io.statesync.persistence.jdbc.SnapshotTable.Kept;
import io.statesync.persistence.jdbc.SnapshotTable.Row;
import io.statesync.persistence.jdbc.SnapshotTable.Total;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A storage in a database, with a row for each topic that holds the newest snapshot and the one before it.
 *
 * <p>The table {@code statesync_snapshot} is made when it is first needed. The database decides whether a snapshot replaces
 * the one there is, in one statement, so any number of processes may share it. What a save that returned outlives is what
 * a commit outlives, see docs/jdbc.md. A call takes one connection and gives it back.
 *
 * <p>The size is that of the payloads. What is damaged in the database stays until a newer snapshot is saved, or the topic
 * cleared.
 */
public final class JdbcStorage implements SnapshotStorage {
    private final Database database;
    private final SnapshotTable table;
    private final String tableName;
    private final long maxBytes;
    private final @Nullable Notification notification;

    private JdbcStorage(Builder b) {
        tableName = b.tablePrefix + "snapshot";
        table = new SnapshotTable(tableName);
        database = new Database(b.source, table.definition());
        maxBytes = b.maxBytes;
        notification = b.channel == null ? null : new Notification(b.channel);
    }

    /** A storage with the defaults of the builder. Nothing is connected to yet. */
    public static JdbcStorage in(DataSource source) {
        return builder(source).build();
    }

    /** A builder of a storage. */
    public static Builder builder(DataSource source) {
        return new Builder(source);
    }

    @Override
    public boolean save(String topic, StoredSnapshot snapshot) throws IOException {
        TopicKey key = TopicKey.of(topic);
        Objects.requireNonNull(snapshot, "snapshot");
        return run("save", session -> {
            if (maxBytes < Long.MAX_VALUE) {
                Kept kept = table.kept(session, key, snapshot.metadata());
                if (kept != null && !kept.older()) {
                    return false;
                }
                checkRoom(session, kept == null ? 0 : kept.given(), snapshot.payload().length);
            }
            return session.transaction(transaction -> {
                boolean kept = replace(transaction, key, snapshot);
                if (kept && notification != null) {
                    notification.send(transaction, topic, snapshot.metadata().version(), null);
                }
                return kept;
            });
        });
    }

    private boolean replace(Session transaction, TopicKey key, StoredSnapshot snapshot) throws SQLException {
        while (!table.replace(transaction, key, snapshot)) {
            Kept kept = table.kept(transaction, key, snapshot.metadata());
            if (kept == null) {
                table.insert(transaction, key, snapshot); // if another save is first, all of this is done again
                return true;
            }
            if (!kept.older()) {
                return false;
            }
            // the topic's first snapshot was saved between the two statements
        }
        return true;
    }

    private void checkRoom(Session session, long given, long bytes) throws SQLException, StorageFullException {
        long after = table.total(session).bytes() - given + bytes;
        if (after > maxBytes) {
            throw new StorageFullException("a snapshot of " + bytes + " bytes would make it " + after
                    + " in all, and maxBytes is " + maxBytes + ": table " + tableName);
        }
    }

    @Override
    public List<Generation> load(String topic) throws IOException {
        TopicKey key = TopicKey.of(topic);
        int count = run("load", session -> table.generations(session, key));
        List<Generation> generations = new ArrayList<>();
        if (count > 0) {
            generations.add(() -> read(key, table::newest));
        }
        if (count > 1) {
            generations.add(() -> read(key, table::before));
        }
        return generations;
    }

    /** Reads a generation. */
    @FunctionalInterface
    private interface Query {
        @Nullable
        Row read(Session session, TopicKey key) throws SQLException;
    }

    private StoredSnapshot read(TopicKey key, Query query) throws IOException {
        return run("load", session -> {
            Row row = query.read(session, key);
            if (row == null) {
                throw new IOException("it was cleared meanwhile: table " + tableName + ", topic " + key.name());
            }
            return row.snapshot();
        });
    }

    @Override
    public void clear(String topic) throws IOException {
        TopicKey key = TopicKey.of(topic);
        run("clear", session -> session.transaction(transaction -> table.delete(transaction, key)));
    }

    @Override
    public StorageUsage usage() throws IOException {
        Total total = run("usage", table::total);
        return new StorageUsage(total.topics(), total.bytes(), maxBytes);
    }

    private <R extends @Nullable Object> R run(String operation, Work<R> work) throws IOException {
        try {
            return database.run(work);
        } catch (SQLException e) {
            throw new IOException(operation + " failed: table " + tableName + ": " + e.getMessage(), e);
        }
    }

    /** Names the table. */
    @Override
    public String toString() {
        return "JdbcStorage[table=" + tableName + "]";
    }

    /**
     * The options of a {@link JdbcStorage}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>tablePrefix</td><td>{@code statesync_}</td></tr>
     * <tr><td>maxBytes</td><td>no limit</td></tr>
     * <tr><td>notifyChannel</td><td>none</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final DataSource source;
        private String tablePrefix = Tables.DEFAULT_PREFIX;
        private long maxBytes = Long.MAX_VALUE;
        private @Nullable String channel;

        private Builder(DataSource source) {
            this.source = Objects.requireNonNull(source, "source");
        }

        /**
         * What the table's name begins with, for who has several sets of them; perhaps a schema and a dot first.
         *
         * @throws IllegalArgumentException if it is not made of ASCII letters, digits and underlines
         */
        public Builder tablePrefix(String tablePrefix) {
            this.tablePrefix = Tables.prefix(tablePrefix);
            return this;
        }

        /**
         * How many bytes the payloads may take, both generations of all topics together. A save that would take it over that
         * fails with a {@link StorageFullException}. Saves of several topics at one moment do not see each other.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Builder maxBytes(long maxBytes) {
            if (maxBytes < 1) {
                throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
            }
            this.maxBytes = maxBytes;
            return this;
        }

        /**
         * The channel on which PostgreSQL tells of each snapshot that is kept, in its transaction, for a {@link
         * PostgresSubscriber}. A clear is not told: what is told is a version, and engines keep what they applied.
         *
         * @throws IllegalArgumentException if it is not made of ASCII letters, digits and underlines
         */
        public Builder notifyChannel(String notifyChannel) {
            this.channel = Tables.channel("notifyChannel", notifyChannel);
            return this;
        }

        /** The storage. Nothing is connected to yet. */
        public JdbcStorage build() {
            return new JdbcStorage(this);
        }
    }
}
