package io.statesync.jackson.internal;

import io.statesync.InvalidationEvent;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of the protocol whose fields are an invalidation's, a snapshot's or a problem's; the state in it is the bytes
 * that came. What is not there is null.
 */
public final class Envelope {
    private @Nullable String topic;
    private @Nullable String revision;
    private @Nullable String epoch;
    private @Nullable String sourceId;
    private byte @Nullable [] data;
    private long status;
    private @Nullable String type;
    private @Nullable String detail;

    private Envelope() {}

    /** Reads an object. */
    public static Envelope parse(byte[] json) throws ProtocolException {
        Envelope read = new Envelope();
        Json.readAnswer(json, read::field);
        return read;
    }

    /** Reads the object that is here. */
    public static Envelope of(Json.Cursor object) throws ProtocolException {
        Envelope read = new Envelope();
        object.object(read::field);
        return read;
    }

    private void field(String name, Json.Cursor value) throws ProtocolException {
        switch (name) {
            case "topic" -> topic = value.text(name);
            case "revision" -> revision = value.textOrNull(name);
            case "epoch" -> epoch = value.textOrNull(name);
            case "sourceId" -> sourceId = value.textOrNull(name);
            case "data" -> data = value.raw();
            case "status" -> status = value.number(name);
            case "type" -> type = value.isString() ? value.text(name) : null;
            case "detail" -> detail = value.isString() ? value.text(name) : null;
            default -> {}
        }
    }

    /** The field of this name. */
    public @Nullable String topic() {
        return topic;
    }

    /** The field of this name. */
    public @Nullable String revision() {
        return revision;
    }

    /** The field of this name. */
    public @Nullable String epoch() {
        return epoch;
    }

    /** The field of this name. */
    public @Nullable String sourceId() {
        return sourceId;
    }

    /** The state, as JSON. */
    public byte @Nullable [] data() {
        return data;
    }

    /** The status of what is no snapshot; 0 if there is none. */
    public int status() {
        return (int) status;
    }

    /** The name of a problem. */
    public @Nullable String type() {
        return type;
    }

    /** What a problem says, for people. */
    public @Nullable String detail() {
        return detail;
    }

    /** Its version, without an epoch in epoch 0; null if it is malformed. */
    public @Nullable StateVersion version() {
        try {
            return SnapshotEnvelope.parse(revision, epoch, "").version(null);
        } catch (ProtocolException e) {
            return null;
        }
    }

    /**
     * The snapshot.
     *
     * @throws ProtocolException if it has no data, or a malformed version
     * @throws IOException if the codec cannot read the data
     */
    public <T extends @Nullable Object> SnapshotEnvelope<T> snapshot(StateCodec<T> codec) throws IOException {
        byte[] bytes = data;
        if (bytes == null) {
            throw new ProtocolException("the snapshot has no data");
        }
        SnapshotEnvelope.parse(revision, epoch, ""); // what is malformed is not decoded
        return SnapshotEnvelope.parse(revision, epoch, codec.decode(bytes));
    }

    // ---- writing

    /** An invalidation, as JSON. */
    public static String invalidation(String topic, InvalidationEvent event) {
        StringBuilder json = new StringBuilder(128)
                .append("{\"topic\":")
                .append(Json.quote(topic))
                .append(",\"revision\":\"")
                .append(event.revision())
                .append('"');
        Revision epoch = event.epoch();
        if (epoch != null) {
            json.append(",\"epoch\":\"").append(epoch).append('"');
        }
        String sourceId = event.sourceId();
        if (sourceId != null) {
            json.append(",\"sourceId\":").append(Json.quote(sourceId));
        }
        Long timestampMs = event.timestampMs();
        if (timestampMs != null) {
            json.append(",\"timestampMs\":").append(timestampMs);
        }
        return json.append('}').toString();
    }

    /** A snapshot whose state is JSON already. */
    public static byte[] snapshot(SnapshotEnvelope<?> snapshot, byte[] data) {
        Revision epoch = snapshot.epoch();
        byte[] begin = ("{\"revision\":\"" + snapshot.revision() + '"'
                        + (epoch == null ? "" : ",\"epoch\":\"" + epoch + '"') + ",\"data\":")
                .getBytes(StandardCharsets.UTF_8);
        return concat(begin, data, 0, (byte) '}');
    }

    /** The same snapshot, naming its topic. */
    public static byte[] withTopic(String topic, byte[] snapshot) {
        byte[] begin = ("{\"topic\":" + Json.quote(topic) + ',').getBytes(StandardCharsets.UTF_8);
        return concat(begin, snapshot, 1);
    }

    /** What follows the first brace of an object, after fields that come first. */
    public static byte[] withFields(String fields, byte[] object) {
        return concat(('{' + fields + ',').getBytes(StandardCharsets.UTF_8), object, 1);
    }

    private static byte[] concat(byte[] begin, byte[] rest, int from, byte... end) {
        byte[] all = Arrays.copyOf(begin, begin.length + rest.length - from + end.length);
        System.arraycopy(rest, from, all, begin.length, rest.length - from);
        System.arraycopy(end, 0, all, all.length - end.length, end.length);
        return all;
    }
}
