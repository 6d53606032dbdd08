package io.statesync.persistence.jdbc;

import io.statesync.StateVersion;
import io.statesync.persistence.DamagedEntryException;
import io.statesync.persistence.SnapshotMetadata;
import io.statesync.persistence.StoredSnapshot;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The table of a storage: a row for each topic, with the newest snapshot and the one before it.
 *
 * <p>One conditional {@code UPDATE} makes the newest the one before and a newer one the newest. The database locks the row
 * before it decides, so this is right at any isolation level.
 */
final class SnapshotTable {
    private static final String PREVIOUS = "previous_";

    /** Of a generation; those of the newest are not null but for two. */
    private static final List<String> COLUMNS = List.of(
            "epoch BIGINT",
            "revision BIGINT",
            "schema_version INTEGER",
            "saved_at VARCHAR(40)",
            "codec $text",
            "compression $text",
            "plain_size BIGINT",
            "stored_size BIGINT",
            "crc32c INTEGER",
            "sha256 VARCHAR(64)",
            "time_to_live VARCHAR(40)",
            "payload $bytes",
            "expires_ms BIGINT");

    private static final List<String> NULLABLE = List.of("sha256", "time_to_live");
    private static final List<String> NAMES = COLUMNS.stream()
            .map(column -> column.substring(0, column.indexOf(' ')))
            .toList();

    /** The order of {@link SnapshotMetadata#supersedes}. */
    private static final String OLDER =
            "(epoch < ? OR (epoch = ? AND (revision < ? OR (revision = ? AND (schema_version < ?"
                    + " OR (schema_version = ? AND expires_ms <= ?))))))";

    private final String name;
    private final String replace;
    private final String insert;
    private final String state;
    private final String newest;
    private final String before;

    SnapshotTable(String name) {
        this.name = name;
        replace = "UPDATE " + name + " SET " + list(column -> PREVIOUS + column + " = " + column) + ", "
                + list(column -> column + " = ?") + " WHERE topic_hash = ? AND " + OLDER;
        insert = "INSERT INTO " + name + " (topic_hash, topic, " + list(column -> column) + ") VALUES (?, ?, "
                + list(column -> "?") + ")";
        state = "SELECT CASE WHEN " + OLDER + " THEN 1 ELSE 0 END, COALESCE(previous_stored_size, 0) FROM " + name
                + " WHERE topic_hash = ?";
        newest = "SELECT " + list(column -> column) + " FROM " + name + " WHERE topic_hash = ?";
        before = "SELECT " + list(column -> PREVIOUS + column) + " FROM " + name + " WHERE topic_hash = ?";
    }

    private static String list(UnaryOperator<String> form) {
        return NAMES.stream().map(form).collect(Collectors.joining(", "));
    }

    Database.Table definition() {
        StringBuilder columns =
                new StringBuilder("topic_hash VARCHAR(64) NOT NULL PRIMARY KEY, topic VARCHAR(120) NOT NULL");
        for (int i = 0; i < NAMES.size(); i++) {
            columns.append(", ").append(COLUMNS.get(i)).append(NULLABLE.contains(NAMES.get(i)) ? "" : " NOT NULL");
        }
        COLUMNS.forEach(column -> columns.append(", ").append(PREVIOUS).append(column));
        return new Database.Table(name, columns.toString());
    }

    /**
     * What is kept of a topic, as a save sees it.
     *
     * @param older whether the snapshot to save supersedes the newest that is kept
     * @param given how many bytes the generation before takes, which a save gives up
     */
    record Kept(boolean older, long given) {}

    /** What is kept of a topic; null if nothing is. */
    @Nullable
    Kept kept(Session session, TopicKey topic, SnapshotMetadata metadata) throws SQLException {
        List<@Nullable Object> values = new ArrayList<>(version(metadata));
        values.add(topic.hash());
        return session.first(row -> new Kept(row.getInt(1) == 1, row.getLong(2)), state, values.toArray());
    }

    /** Keeps a snapshot in place of an older one, and says whether there was one. */
    boolean replace(Session session, TopicKey topic, StoredSnapshot snapshot) throws SQLException {
        List<@Nullable Object> values = columns(snapshot);
        values.add(topic.hash());
        values.addAll(version(snapshot.metadata()));
        return session.update(replace, values.toArray()) == 1;
    }

    /** Keeps the first snapshot of a topic; fails if there is one. */
    void insert(Session session, TopicKey topic, StoredSnapshot snapshot) throws SQLException {
        List<@Nullable Object> values = new ArrayList<>(List.of(topic.hash(), topic.name()));
        values.addAll(columns(snapshot));
        session.update(insert, values.toArray());
    }

    /** How many generations of a topic there are. */
    int generations(Session session, TopicKey topic) throws SQLException {
        Integer count = session.first(
                row -> row.getInt(1),
                "SELECT CASE WHEN previous_epoch IS NULL THEN 1 ELSE 2 END FROM " + name + " WHERE topic_hash = ?",
                topic.hash());
        return count == null ? 0 : count;
    }

    /** The newest generation; null if there is none. */
    @Nullable
    Row newest(Session session, TopicKey topic) throws SQLException {
        return session.first(Row::of, newest, topic.hash());
    }

    /** The generation before the newest; null if there is none. */
    @Nullable
    Row before(Session session, TopicKey topic) throws SQLException {
        Row row = session.first(Row::of, before, topic.hash());
        return row == null || row.isAbsent() ? null : row;
    }

    /** Forgets a topic, and says how many rows that were. */
    int delete(Session session, TopicKey topic) throws SQLException {
        return session.update("DELETE FROM " + name + " WHERE topic_hash = ?", topic.hash());
    }

    /** How much all topics take. */
    record Total(long topics, long bytes) {}

    Total total(Session session) throws SQLException {
        Total total = session.first(
                row -> new Total(row.getLong(1), row.getLong(2)),
                "SELECT COUNT(*), COALESCE(SUM(stored_size), 0) + COALESCE(SUM(previous_stored_size), 0) FROM " + name);
        return total == null ? new Total(0, 0) : total;
    }

    private static List<@Nullable Object> columns(StoredSnapshot snapshot) {
        SnapshotMetadata m = snapshot.metadata();
        Duration timeToLive = m.timeToLive();
        List<@Nullable Object> values = new ArrayList<>();
        values.add(Unsigned.toColumn(m.version().epochBits()));
        values.add(Unsigned.toColumn(m.version().revisionBits()));
        values.add(m.schemaVersion());
        values.add(m.savedAt().toString());
        values.add(m.codec());
        values.add(m.compression());
        values.add(m.size());
        values.add((long) snapshot.payload().length);
        values.add(m.crc32c());
        values.add(m.sha256());
        values.add(timeToLive == null ? null : timeToLive.toString());
        values.add(snapshot.payload());
        values.add(expiry(m));
        return values;
    }

    /** When the time to live is over, in milliseconds since 1970, rounded up; the end of time for never. */
    private static long expiry(SnapshotMetadata metadata) {
        Duration timeToLive = metadata.timeToLive();
        if (timeToLive == null) {
            return Long.MAX_VALUE;
        }
        try {
            return metadata.savedAt().plus(timeToLive).plusNanos(999_999).toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            return Long.MAX_VALUE; // beyond what a clock shows
        }
    }

    /** What {@link #OLDER} compares with. */
    private static List<@Nullable Object> version(SnapshotMetadata metadata) {
        long epoch = Unsigned.toColumn(metadata.version().epochBits());
        long revision = Unsigned.toColumn(metadata.version().revisionBits());
        int form = metadata.schemaVersion();
        return List.of(
                epoch, epoch, revision, revision, form, form, metadata.savedAt().toEpochMilli());
    }

    /** A generation as it was read. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Row(
            StateVersion version,
            boolean isAbsent,
            int schemaVersion,
            @Nullable String savedAt,
            @Nullable String codec,
            @Nullable String compression,
            long size,
            long storedSize,
            int crc32c,
            @Nullable String sha256,
            @Nullable String timeToLive,
            byte @Nullable [] payload) {

        static Row of(ResultSet row) throws SQLException {
            long epoch = row.getLong(1);
            boolean absent = row.wasNull();
            return new Row(
                    StateVersion.ofUnsigned(Unsigned.fromColumn(epoch), Unsigned.fromColumn(row.getLong(2))),
                    absent,
                    row.getInt(3),
                    row.getString(4),
                    row.getString(5),
                    row.getString(6),
                    row.getLong(7),
                    row.getLong(8),
                    row.getInt(9),
                    row.getString(10),
                    row.getString(11),
                    row.getBytes(12));
        }

        StoredSnapshot snapshot() throws DamagedEntryException {
            byte[] bytes = payload;
            if (savedAt == null || codec == null || compression == null || bytes == null) {
                throw new DamagedEntryException("a column is null that never is");
            }
            if (bytes.length != storedSize) {
                throw new DamagedEntryException(
                        "the payload has " + bytes.length + " bytes, and should have " + storedSize);
            }
            try {
                Duration life = timeToLive == null ? null : Duration.parse(timeToLive);
                return new StoredSnapshot(
                        new SnapshotMetadata(
                                version,
                                Instant.parse(savedAt),
                                schemaVersion,
                                codec,
                                compression,
                                size,
                                crc32c,
                                sha256,
                                life),
                        bytes);
            } catch (IllegalArgumentException | DateTimeException e) {
                throw new DamagedEntryException("the metadata is not understood", e);
            }
        }
    }
}
