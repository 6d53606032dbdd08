package io.statesync.persistence;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
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

/**
 * The form of an entry in a file; docs/persistence-format.md describes it.
 *
 * <pre>
 * 8 bytes   magic
 * 4 bytes   length of the header, big-endian
 * 4 bytes   CRC-32C of the header
 * header    JSON, UTF-8: the topic, the metadata, the length of the payload
 * payload   to the end of the file
 * </pre>
 */
final class EntryFormat {
    /** As in PNG (RFC 2083, 3.1): a bit that 7-bit transfers clear, and line ends that text transfers change. */
    private static final byte[] MAGIC = {(byte) 0x89, 'S', 'S', 'N', '\r', '\n', 0x1a, '\n'};

    private static final int PREFIX = MAGIC.length + 8;
    private static final int MAX_HEADER = 1 << 20;
    private static final int FORMAT = 1;
    private static final JsonFactory JSON = new JsonFactory();

    private EntryFormat() {}

    /** What comes before the payload. */
    static ByteBuffer head(String topic, StoredSnapshot snapshot) {
        byte[] header = header(topic, snapshot);
        ByteBuffer head = ByteBuffer.allocate(PREFIX + header.length);
        head.put(MAGIC)
                .putInt(header.length)
                .putInt(crc32c(header, 0, header.length))
                .put(header);
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
     * Reads a whole entry.
     *
     * @throws DamagedEntryException if the bytes are not an entry of the topic, whole and unchanged
     */
    static StoredSnapshot read(String topic, byte[] entry) throws DamagedEntryException {
        if (entry.length < PREFIX) {
            throw new DamagedEntryException("the entry is cut: " + entry.length + " bytes");
        }
        ByteBuffer bytes = ByteBuffer.wrap(entry);
        for (byte expected : MAGIC) {
            if (bytes.get() != expected) {
                throw new DamagedEntryException("not an entry: its first bytes are others");
            }
        }
        int length = bytes.getInt();
        int crc = bytes.getInt();
        if (length < 0 || length > MAX_HEADER || length > bytes.remaining()) {
            throw new DamagedEntryException("the header's length is wrong: " + Integer.toUnsignedString(length));
        }
        if (crc32c(entry, PREFIX, length) != crc) {
            throw new DamagedEntryException("the header's checksum is wrong");
        }
        return read(topic, fields(entry, PREFIX, length), entry, PREFIX + length);
    }

    private static StoredSnapshot read(String topic, Map<String, String> fields, byte[] entry, int start)
            throws DamagedEntryException {
        try {
            int format = Integer.parseInt(required(fields, "format"));
            if (format != FORMAT) {
                throw new DamagedEntryException("the entry has format " + format + ", this library reads " + FORMAT);
            }
            if (!topic.equals(fields.get("topic"))) {
                throw new DamagedEntryException("the entry is another topic's");
            }
            int length = Integer.parseInt(required(fields, "length"));
            if (length != entry.length - start) {
                throw new DamagedEntryException(
                        "the payload has " + (entry.length - start) + " bytes, and should have " + length);
            }
            SnapshotMetadata meta = metadata(fields);
            byte[] payload = new byte[length];
            System.arraycopy(entry, start, payload, 0, length);
            StoredSnapshot snapshot = new StoredSnapshot(meta, payload);
            snapshot.verify();
            return snapshot;
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new DamagedEntryException("the header is not understood", e);
        }
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

    private static Map<String, String> fields(byte[] entry, int start, int length) throws DamagedEntryException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), entry, start, length)) {
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

    static int crc32c(byte[] bytes, int start, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, start, length);
        return (int) crc.getValue();
    }
}
