package io.statesync.http.zuno;

import io.statesync.http.server.internal.Answer;
import io.statesync.jackson.internal.Json;
import java.io.Serial;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer that is no, in the form of Zuno's servers. It has no stack trace: it is the client's, not ours. */
final class Refusal extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String reason;
    private final @Nullable String field;
    private final transient Map<String, String> headers;

    private Refusal(
            int status, String reason, @Nullable String field, @Nullable String message, Map<String, String> headers) {
        super(message, null, false, false);
        this.status = status;
        this.reason = reason;
        this.field = field;
        this.headers = headers;
    }

    static Refusal of(int status, String reason) {
        return new Refusal(status, reason, null, null, Map.of());
    }

    static Refusal invalid(String field, String message) {
        return new Refusal(400, "INVALID_EVENT", field, message, Map.of());
    }

    /** The store has no number left for another write (2^53 - 1 was the last). */
    static Refusal noNumberLeft(String key) {
        return new Refusal(
                422,
                "VERSION_LIMIT",
                "storeKey",
                "store " + key + " is at the last version below 2^53: make it anew, in a new epoch",
                Map.of());
    }

    static Refusal unauthenticated(String challenge) {
        return new Refusal(
                401,
                "UNAUTHENTICATED",
                null,
                null,
                challenge.isEmpty() ? Map.of() : Map.of("WWW-Authenticate", challenge));
    }

    static Refusal methodNotAllowed(String allowed) {
        return new Refusal(405, "METHOD_NOT_ALLOWED", null, null, Map.of("Allow", allowed));
    }

    static Refusal later(String reason) {
        return new Refusal(503, reason, null, null, Map.of("Retry-After", "1"));
    }

    int status() {
        return status;
    }

    String json() {
        String errors = field == null
                ? ""
                : ",\"errors\":[{\"field\":" + Json.quote(field) + ",\"message\":"
                        + Json.quote(String.valueOf(getMessage())) + "}]";
        return "{\"ok\":false,\"reason\":" + Json.quote(reason) + errors + "}";
    }

    Answer answer() {
        return new Answer(status, "application/json", Wire.utf8(json()), headers);
    }
}
