package io.statesync.persistence;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.SyncException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * The form of an entry in a file; docs/persistence-format.md describes it.
 *
 * <pre>
 * 8 bytes   magic
 * 4 bytes   length of the header, big-endian
 * 4 bytes   CRC-32C of the header
 * header    JSON, ASCII: the topic, the metadata, the length of the payload
 * payload   to the end of the file
 * </pre>
 */
final class EntryFormat {
    /** As in PNG (RFC 2083, 3.1): a bit that 7-bit transfers clear, and line ends that text transfers change. */
    private static final byte[] MAGIC = {(byte) 0x89, 'S', 'S', 'N', '\r', '\n', 0x1a, '\n'};

    private static final int PREFIX = MAGIC.length + 8;
    private static final int MAX_HEADER = 1 << 20;
    private static final int FORMAT = 1;

    /** How much of a payload is read or written at once. */
    static final int PIECE = 1 << 17;

    /** In ASCII: half a surrogate pair, which a topic may have, is no UTF-8. */
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private EntryFormat() {}

    /**
     * What comes before the payload.
     *
     * @throws IOException if the topic, or a name in the metadata, is too long to be read again
     */
    static ByteBuffer head(String topic, StoredSnapshot snapshot) throws IOException {
        byte[] header = header(topic, snapshot);
        if (header.length > MAX_HEADER) {
            throw new IOException(
                    "the topic and the metadata take " + header.length + " bytes, and may take " + MAX_HEADER);
        }
        ByteBuffer head = ByteBuffer.allocate(PREFIX + header.length);
        head.put(MAGIC).putInt(header.length).putInt(crc32c(header)).put(header);
        return head.flip();
    }

    private static byte[] header(String topic, StoredSnapshot snapshot) {
        SnapshotMetadata meta = snapshot.metadata();
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeNumberProperty("format", FORMAT);
            json.writeStringProperty("topic", topic);
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
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /**
     * Reads an entry.
     *
     * @throws DamagedEntryException if the file is not an entry of the topic, whole and unchanged
     * @throws IOException if the file cannot be read, or is in a format of the future
     */
    static StoredSnapshot read(String topic, Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            Head head = readHead(topic, channel);
            StoredSnapshot snapshot = new StoredSnapshot(head.metadata, take(channel, head.length));
            snapshot.verify();
            return snapshot;
        }
    }

    /**
     * Reads what describes an entry, and not its payload, which may be damaged.
     *
     * @throws IOException as {@link #read} does
     */
    static SnapshotMetadata readMetadata(String topic, Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            return readHead(topic, channel).metadata;
        }
    }

    /** What comes before a payload, and how long that is. */
    private record Head(SnapshotMetadata metadata, int length) {}

    private static Head readHead(String topic, SeekableByteChannel channel) throws IOException {
        long size = channel.size();
        if (size < PREFIX) {
            throw new DamagedEntryException("the entry is cut: " + size + " bytes");
        }
        ByteBuffer prefix = ByteBuffer.wrap(take(channel, PREFIX));
        for (byte expected : MAGIC) {
            if (prefix.get() != expected) {
                throw new DamagedEntryException("not an entry: its first bytes are others");
            }
        }
        int length = prefix.getInt();
        int crc = prefix.getInt();
        long rest = size - PREFIX - length;
        if (length < 0 || length > MAX_HEADER || rest < 0) {
            throw new DamagedEntryException("the header's length is wrong: " + Integer.toUnsignedString(length));
        }
        byte[] header = take(channel, length);
        if (crc32c(header) != crc) {
            throw new DamagedEntryException("the header's checksum is wrong");
        }
        Map<String, String> fields = fields(header);
        try {
            checkHeader(topic, fields, rest);
            return new Head(metadata(fields), (int) rest);
        } catch (IllegalArgumentException | DateTimeException | SyncException e) {
            throw new DamagedEntryException("the header is not understood", e);
        }
    }

    private static void checkHeader(String topic, Map<String, String> fields, long rest) throws IOException {
        int format = Integer.parseInt(required(fields, "format"));
        if (format > FORMAT) {
            throw new IOException("the entry has format " + format + ", of a later version of this library; this one"
                    + " reads up to " + FORMAT + ", and replaces it once it is cleared");
        }
        if (format != FORMAT) {
            throw new DamagedEntryException("there is no format " + format);
        }
        if (!topic.equals(fields.get("topic"))) {
            throw new DamagedEntryException("the entry is another topic's");
        }
        int length = Integer.parseInt(required(fields, "length"));
        if (length != rest) {
            throw new DamagedEntryException("the payload has " + rest + " bytes, and should have " + length);
        }
    }

    /** In pieces: a channel copies each through memory outside the heap, as large as the piece. */
    private static byte[] take(SeekableByteChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.position() < length) {
            bytes.limit(Math.min(length, bytes.position() + PIECE));
            if (channel.read(bytes) < 0) {
                throw new DamagedEntryException("the entry was cut while it was read");
            }
        }
        return bytes.array();
    }

    private static SnapshotMetadata metadata(Map<String, String> fields) throws DamagedEntryException {
        String timeToLive = fields.get("timeToLive");
        return new SnapshotMetadata(
                StateVersion.of(
                        Revision.parse(required(fields, "epoch")), Revision.parse(required(fields, "revision"))),
                Instant.parse(required(fields, "savedAt")),
                Integer.parseInt(required(fields, "schemaVersion")),
                required(fields, "codec"),
                required(fields, "compression"),
                Long.parseLong(required(fields, "size")),
                Integer.parseUnsignedInt(required(fields, "crc32c"), 16),
                fields.get("sha256"),
                timeToLive == null ? null : Duration.parse(timeToLive));
    }

    private static String required(Map<String, String> fields, String name) throws DamagedEntryException {
        String value = fields.get(name);
        if (value == null) {
            throw new DamagedEntryException("the header has no " + name);
        }
        return value;
    }

    private static Map<String, String> fields(byte[] header) throws DamagedEntryException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), header)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                @Nullable JsonToken value = json.nextToken();
                if (value != null && value.isScalarValue()) {
                    fields.put(name, json.getString());
                } else {
                    json.skipChildren();
                }
            }
            return fields;
        } catch (JacksonException e) {
            throw new DamagedEntryException("the header is not JSON", e);
        }
    }

    static int crc32c(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }
}
