package io.statesync.http;

import io.statesync.ProtocolException;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.http.internal.Json;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object of the protocol whose fields are an invalidation's, a snapshot's or a problem's; the state in it is the bytes
 * that came. What is not there is null.
 */
final class Envelope {
    private @Nullable String topic;
    private @Nullable String revision;
    private @Nullable String epoch;
    private @Nullable String sourceId;
    private byte @Nullable [] data;
    private long status;

    private Envelope() {}

    static Envelope parse(byte[] json) throws ProtocolException {
        Envelope read = new Envelope();
        Json.readAnswer(json, read::field);
        return read;
    }

    static Envelope of(Json.Cursor object) throws ProtocolException {
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
            default -> {}
        }
    }

    @Nullable
    String topic() {
        return topic;
    }

    @Nullable
    String revision() {
        return revision;
    }

    @Nullable
    String epoch() {
        return epoch;
    }

    @Nullable
    String sourceId() {
        return sourceId;
    }

    byte @Nullable [] data() {
        return data;
    }

    /** The status of what is no snapshot; 0 if there is none. */
    int status() {
        return (int) status;
    }

    /**
     * The snapshot.
     *
     * @throws ProtocolException if it has no data, or a malformed version
     * @throws IOException if the codec cannot read the data
     */
    <T extends @Nullable Object> SnapshotEnvelope<T> snapshot(StateCodec<T> codec) throws IOException {
        byte[] bytes = data;
        if (bytes == null) {
            throw new ProtocolException("the snapshot has no data");
        }
        SnapshotEnvelope.parse(revision, epoch, ""); // what is malformed is not decoded
        return SnapshotEnvelope.parse(revision, epoch, codec.decode(bytes));
    }
}
