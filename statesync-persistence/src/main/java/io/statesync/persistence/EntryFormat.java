package io.statesync.persistence;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** The form of an entry in a file, a {@link FileFrame}; docs/persistence-format.md describes it. */
final class EntryFormat {
    private static final FileFrame FRAME = new FileFrame("SSN", "entry");

    private EntryFormat() {}

    /**
     * What comes before the payload.
     *
     * @throws IOException if the topic, or a name in the metadata, is too long to be read again
     */
    static ByteBuffer head(String topic, StoredSnapshot snapshot) throws IOException {
        SnapshotMetadata meta = snapshot.metadata();
        return FRAME.head(topic, json -> {
            json.writeStringProperty("revision", meta.version().revision().toString());
            json.writeStringProperty("epoch", meta.version().epoch().toString());
            json.writeStringProperty("savedAt", meta.savedAt().toString());
            json.writeNumberProperty("schemaVersion", meta.schemaVersion());
            json.writeStringProperty("codec", meta.codec());
            json.writeStringProperty("compression", meta.compression());
            json.writeNumberProperty("size", meta.size());
            json.writeNumberProperty("length", snapshot.payload().length);
            json.writeStringProperty("crc32c", Integer.toHexString(meta.crc32c()));
            if (meta.sha256() != null) {
                json.writeStringProperty("sha256", meta.sha256());
            }
            if (meta.timeToLive() != null) {
                json.writeStringProperty("timeToLive", meta.timeToLive().toString());
            }
        });
    }

    /**
     * Reads an entry.
     *
     * @throws DamagedEntryException if the file is not an entry of the topic, whole and unchanged; it names the file
     * @throws IOException if the file cannot be read, or is in a format of the future
     */
    static StoredSnapshot read(String topic, Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            FileFrame.Head head = FRAME.read(topic, channel);
            SnapshotMetadata metadata = metadata(head);
            StoredSnapshot snapshot = new StoredSnapshot(metadata, FileFrame.take(channel, head.length()));
            snapshot.verify();
            return snapshot;
        } catch (DamagedEntryException e) {
            throw in(file, e);
        }
    }

    /** The same, for who has to find the file. */
    private static DamagedEntryException in(Path file, DamagedEntryException damage) {
        DamagedEntryException named = new DamagedEntryException(damage.getMessage() + ": " + file, damage.getCause());
        named.setStackTrace(damage.getStackTrace());
        return named;
    }

    /**
     * Reads what describes an entry, and not its payload, which may be damaged.
     *
     * @throws IOException as {@link #read} does
     */
    static SnapshotMetadata readMetadata(String topic, Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            return metadata(FRAME.read(topic, channel));
        }
    }

    private static SnapshotMetadata metadata(FileFrame.Head head) throws IOException {
        String timeToLive = head.fields().get("timeToLive");
        return FileFrame.understood(() -> new SnapshotMetadata(
                StateVersion.of(Revision.parse(head.required("epoch")), Revision.parse(head.required("revision"))),
                Instant.parse(head.required("savedAt")),
                Integer.parseInt(head.required("schemaVersion")),
                head.required("codec"),
                head.required("compression"),
                Long.parseLong(head.required("size")),
                Integer.parseUnsignedInt(head.required("crc32c"), 16),
                head.fields().get("sha256"),
                timeToLive == null ? null : Duration.parse(timeToLive)));
    }

    static int crc32c(byte[] bytes) {
        return FileFrame.crc32c(bytes);
    }
}
