package io.statesync.jackson.internal;

import io.statesync.Proposal;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.StateVersion;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A JSON object that asks for something: a pull or a proposal. What is not there is null. */
public final class RequestEnvelope {
    private @Nullable String topic;
    private @Nullable String type;
    private @Nullable String heldRevision;
    private @Nullable String heldEpoch;
    private @Nullable String baseRevision;
    private @Nullable String baseEpoch;
    private byte @Nullable [] data;
    private @Nullable String sourceId;
    private @Nullable String proposalId;

    /** Nothing is read yet. */
    public RequestEnvelope() {}

    /** Reads an object. */
    public static RequestEnvelope parse(byte[] json) throws ProtocolException {
        RequestEnvelope read = new RequestEnvelope();
        Json.readObject(json, read::field);
        return read;
    }

    /** Reads one of its fields; skips others. */
    public void field(String name, Json.Cursor value) throws ProtocolException {
        switch (name) {
            case "topic" -> topic = value.text(name);
            case "type" -> type = value.isString() ? value.text(name) : null;
            case "heldRevision" -> heldRevision = value.isString() ? value.text(name) : null;
            case "heldEpoch" -> heldEpoch = value.isString() ? value.text(name) : null;
            case "baseRevision" -> baseRevision = value.textOrNull(name);
            case "baseEpoch" -> baseEpoch = value.textOrNull(name);
            case "data" -> data = value.raw();
            case "sourceId" -> sourceId = value.textOrNull(name);
            case "proposalId" -> proposalId = value.textOrNull(name);
            default -> {}
        }
    }

    /** The field of this name. */
    public @Nullable String topic() {
        return topic;
    }

    /** What is asked for. */
    public @Nullable String type() {
        return type;
    }

    /** The field of this name. */
    public @Nullable String baseRevision() {
        return baseRevision;
    }

    /** The field of this name. */
    public @Nullable String baseEpoch() {
        return baseEpoch;
    }

    /** The field of this name. */
    public @Nullable String heldRevision() {
        return heldRevision;
    }

    /** The field of this name. */
    public @Nullable String heldEpoch() {
        return heldEpoch;
    }

    /** The state, as JSON. */
    public byte @Nullable [] data() {
        return data;
    }

    /** The field of this name. */
    public @Nullable String sourceId() {
        return sourceId;
    }

    /** The field of this name. */
    public @Nullable String proposalId() {
        return proposalId;
    }

    // ---- writing

    /**
     * A pull, as JSON.
     *
     * @param held the version that the asker has; null for none
     */
    public static String pull(String topic, @Nullable StateVersion held) {
        StringBuilder json = new StringBuilder(128)
                .append("{\"topic\":")
                .append(Json.quote(topic))
                .append(",\"type\":\"pull\"");
        version(json, "held", held);
        return json.append('}').toString();
    }

    /**
     * A proposal, as JSON.
     *
     * @param typed whether to name its type
     * @param data the value, as the codec made it
     * @throws IllegalArgumentException if the codec made something else than one JSON value
     */
    public static byte[] proposal(String topic, boolean typed, byte[] data, Proposal<?> proposal) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(data.length + 256);
        StringBuilder begin = new StringBuilder("{\"topic\":").append(Json.quote(topic));
        if (typed) {
            begin.append(",\"type\":\"proposal\"");
        }
        version(begin, "base", proposal.base());
        text(begin, "sourceId", proposal.sourceId());
        text(begin, "proposalId", proposal.proposalId());
        out.writeBytes(begin.append(",\"data\":").toString().getBytes(StandardCharsets.UTF_8));
        out.writeBytes(data);
        out.write('}');
        byte[] body = out.toByteArray();
        int[] fields = new int[1];
        try {
            Json.readObject(body, (field, value) -> fields[0]++);
        } catch (ProtocolException e) {
            throw new IllegalArgumentException("the codec makes no JSON: " + e.getMessage(), e);
        }
        if (fields[0] != (typed ? 1 : 0) + wanted(proposal)) {
            throw new IllegalArgumentException("the codec makes no JSON: it makes more than a value");
        }
        return body;
    }

    private static int wanted(Proposal<?> proposal) {
        return 2
                + (proposal.base() == null ? 0 : 2)
                + (proposal.sourceId() == null ? 0 : 1)
                + (proposal.proposalId() == null ? 0 : 1);
    }

    private static void version(StringBuilder json, String name, @Nullable StateVersion version) {
        if (version != null) {
            Revision revision = version.revision();
            json.append(",\"").append(name).append("Revision\":\"").append(revision);
            json.append("\",\"").append(name).append("Epoch\":\"").append(version.epoch());
            json.append('"');
        }
    }

    private static void text(StringBuilder json, String name, @Nullable String value) {
        if (value != null) {
            json.append(",\"").append(name).append("\":").append(Json.quote(value));
        }
    }
}
