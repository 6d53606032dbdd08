package io.statesync.persistence;

import io.statesync.SyncException;
import io.statesync.internal.Texts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.time.DateTimeException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
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
 * What the library's files have in common; docs/persistence-format.md describes it.
 *
 * <pre>
 * 8 bytes   magic
 * 4 bytes   length of the header, big-endian
 * 4 bytes   CRC-32C of the header
 * header    JSON, ASCII: the format, the topic, the length of the payload, and more
 * payload   to the end of the file
 * </pre>
 */
final class FileFrame {
    private static final int PREFIX = 16;
    private static final int MAX_HEADER = 1 << 20;
    private static final int FORMAT = 1;

    /** How much of a payload is read or written at once. */
    static final int PIECE = 1 << 17;

    /** In ASCII: half a surrogate pair, which a topic may have, is no UTF-8. */
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final byte[] magic;
    private final String what;

    /**
     * A kind of file.
     *
     * @param letters three of them
     * @param what what messages call it
     */
    FileFrame(String letters, String what) {
        // As in PNG (RFC 2083, 3.1): a bit that 7-bit transfers clear, and line ends that text transfers change.
        this.magic = new byte[] {
            (byte) 0x89,
            (byte) letters.charAt(0),
            (byte) letters.charAt(1),
            (byte) letters.charAt(2),
            '\r',
            '\n',
            0x1a,
            '\n'
        };
        this.what = what;
    }

    /**
     * What comes before the payload.
     *
     * @param more writes further fields, one of them {@code length}, which is the payload's
     * @throws IOException if the topic, or a further field, is too long to be read again
     */
    ByteBuffer head(String topic, Consumer<JsonGenerator> more) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeNumberProperty("format", FORMAT);
            json.writeStringProperty("topic", topic);
            more.accept(json);
            json.writeEndObject();
        }
        byte[] header = out.toByteArray();
        if (header.length > MAX_HEADER) {
            throw new IOException(
                    "the topic and the metadata take " + header.length + " bytes, and may take " + MAX_HEADER);
        }
        ByteBuffer head = ByteBuffer.allocate(PREFIX + header.length);
        head.put(magic).putInt(header.length).putInt(crc32c(header)).put(header);
        return head.flip();
    }

    /** A header that was read, and how long the payload is that follows. */
    record Head(Map<String, String> fields, int length) {
        String required(String name) throws DamagedEntryException {
            String value = fields.get(name);
            if (value == null) {
                throw new DamagedEntryException("the header has no " + name);
            }
            return value;
        }
    }

    /**
     * Reads what comes before the payload.
     *
     * @throws DamagedEntryException if it is not of the topic, whole and unchanged, or the payload is cut
     * @throws IOException if it cannot be read, or is in a format of the future
     */
    Head read(String topic, SeekableByteChannel channel) throws IOException {
        long size = channel.size();
        if (size < PREFIX) {
            throw new DamagedEntryException("the " + what + " is cut: " + size + " bytes");
        }
        ByteBuffer prefix = ByteBuffer.wrap(take(channel, PREFIX));
        for (byte expected : magic) {
            if (prefix.get() != expected) {
                throw new DamagedEntryException("this is no " + what + ": its first bytes are others");
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
        Head head = new Head(fields(header), (int) rest);
        understood(() -> {
            check(topic, head, rest);
            return head;
        });
        return head;
    }

    /** Something that is made of a header's fields. */
    interface Reading<R> {
        R read() throws IOException;
    }

    /** What a reading makes of fields; those that cannot be what they should be are damage. */
    static <R> R understood(Reading<R> reading) throws IOException {
        try {
            return reading.read();
        } catch (IllegalArgumentException | DateTimeException | SyncException e) {
            throw new DamagedEntryException("the header is not understood: " + Texts.quote(Texts.reason(e)));
        }
    }

    private void check(String topic, Head head, long rest) throws IOException {
        int format = Integer.parseInt(head.required("format"));
        if (format > FORMAT) {
            throw new IOException("the " + what + " has format " + format + ", of a later version of this library; this"
                    + " one reads up to " + FORMAT + ", and replaces it once it is cleared");
        }
        if (format != FORMAT) {
            throw new DamagedEntryException("there is no format " + format);
        }
        if (!topic.equals(head.fields.get("topic"))) {
            throw new DamagedEntryException("the " + what + " is another topic's");
        }
        int length = Integer.parseInt(head.required("length"));
        if (length != rest) {
            throw new DamagedEntryException("the payload has " + rest + " bytes, and should have " + length);
        }
    }

    /** In pieces: a channel copies each through memory outside the heap, as large as the piece. */
    static byte[] take(SeekableByteChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.position() < length) {
            bytes.limit(Math.min(length, bytes.position() + PIECE));
            if (channel.read(bytes) < 0) {
                throw new DamagedEntryException("the file was cut while it was read");
            }
        }
        return bytes.array();
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
            throw new DamagedEntryException("the header is not JSON: " + Texts.quote(e.getOriginalMessage()));
        }
    }

    static int crc32c(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }
}
