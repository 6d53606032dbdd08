package io.statesync.http.server;

import io.statesync.http.server.internal.Answer;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Json;
import java.io.Serial;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer that is an error, as RFC 9457 writes it. It has no stack trace: it is the client's, not ours. */
final class Problem extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final transient Map<String, String> headers;

    private Problem(int status, String type, String detail, Map<String, String> headers) {
        super(detail, null, false, false);
        this.status = status;
        this.type = type;
        this.headers = headers;
    }

    private Problem(int status, String type, String detail) {
        this(status, type, detail, Map.of());
    }

    static Problem badRequest(String detail) {
        return new Problem(400, "bad-request", detail);
    }

    static Problem unauthenticated(String challenge) {
        return new Problem(
                401,
                "unauthenticated",
                "say who you are",
                challenge.isEmpty() ? Map.of() : Map.of("WWW-Authenticate", challenge));
    }

    static Problem notAllowed(String topic) {
        return new Problem(403, "not-allowed", "topic " + Texts.quote(topic) + " may not be written by you");
    }

    static Problem noSuchTopic(String topic) {
        return new Problem(
                404, "no-such-topic", "topic " + Texts.quote(topic) + " is not there, or may not be read by you");
    }

    static Problem noSuchStream() {
        return new Problem(404, "no-such-stream", "there is no such stream any more: make a new one");
    }

    static Problem noSuchPath(String path) {
        return new Problem(404, "no-such-path", "nothing is at " + Texts.quote(path));
    }

    static Problem methodNotAllowed(String method, String allowed) {
        return new Problem(
                405, "method-not-allowed", Texts.quote(method) + " is not done here", Map.of("Allow", allowed));
    }

    static Problem tooLarge(String what, long limit) {
        return new Problem(413, "too-large", what + " must not be above " + limit);
    }

    static Problem unsupportedMediaType(String contentType) {
        return new Problem(
                415, "unsupported-media-type", "the body must be application/json, and is " + Texts.quote(contentType));
    }

    static Problem rejected(String reason) {
        return new Problem(422, "rejected", reason);
    }

    static Problem sourceFailed() {
        return new Problem(502, "source-failed", "the source could not be asked; the server's log has more");
    }

    static Problem tooManyStreams(int limit) {
        return new Problem(
                503,
                "too-many-streams",
                "there are " + limit + " streams, which is the limit",
                Map.of("Retry-After", "5"));
    }

    static Problem stopping() {
        return new Problem(503, "stopping", "the server stops", Map.of("Retry-After", "1"));
    }

    static Problem unknownOutcome() {
        return new Problem(
                503,
                "unknown-outcome",
                "whether the write was taken is not known: ask again under the same proposalId",
                Map.of("Retry-After", "1"));
    }

    /** The problem that a stage failed with; what else it failed with was the source's. */
    static Problem of(Throwable failure) {
        return Failures.unwrapped(failure) instanceof Problem problem ? problem : sourceFailed();
    }

    /** Whether a stage failed because there is no such topic, which asking again would not change. */
    static boolean isNoSuchTopic(@Nullable Throwable failure) {
        return failure != null
                && Failures.unwrapped(failure) instanceof Problem problem
                && problem.type.equals("no-such-topic");
    }

    /** Whether a stage failed with a problem, which has been logged if it is for operators. */
    static boolean isOne(Throwable failure) {
        return Failures.unwrapped(failure) instanceof Problem;
    }

    int status() {
        return status;
    }

    Answer answer() {
        String json = "{\"type\":\"urn:statesync:" + type + "\",\"title\":\"" + type.replace('-', ' ')
                + "\",\"status\":" + status + ",\"detail\":" + Json.quote(String.valueOf(getMessage())) + "}";
        Map<String, String> all = new HashMap<>(headers);
        all.put("Cache-Control", "no-store"); // what one client may not, another may
        return new Answer(status, "application/problem+json", Wire.utf8(json), all);
    }
}
