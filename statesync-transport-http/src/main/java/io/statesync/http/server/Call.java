package io.statesync.http.server;

import io.statesync.ProtocolException;
import io.statesync.http.server.internal.Responder;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A request, with what all handlers ask of it. */
final class Call {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final HttpServletRequest request;
    private final ServerOptions options;

    Call(HttpServletRequest request, ServerOptions options) {
        this.request = request;
        this.options = options;
    }

    HttpServletRequest request() {
        return request;
    }

    Query query() throws Problem {
        return new Query(request.getQueryString());
    }

    /**
     * Checks that a text can be a topic.
     *
     * @throws Problem if it cannot
     */
    String topic(@Nullable String text) throws Problem {
        if (text == null) {
            throw Problem.badRequest("topic is missing");
        }
        if (text.isBlank()) {
            throw Problem.badRequest("topic must not be blank: " + Texts.quote(text));
        }
        if (text.length() > options.maxTopicLength()) {
            throw Problem.badRequest("topic is " + text.length() + " long, and must not be longer than "
                    + options.maxTopicLength() + ": " + Texts.quote(text));
        }
        return text;
    }

    /**
     * Whether the client may.
     *
     * @throws Problem if it has to say who it is first
     */
    boolean may(Action action, String topic) throws Problem {
        Access access;
        try {
            access = options.authorizer().authorize(request, topic, action);
        } catch (Throwable t) { // the user's code: in doubt, no
            Quietly.run(() -> log.error(
                    "the authorizer failed, and access is denied topic={} action={}", Texts.quote(topic), action, t));
            access = Access.DENIED;
        }
        if (access == Access.UNAUTHENTICATED) {
            throw Problem.unauthenticated(options.challenge());
        }
        return access == Access.ALLOWED;
    }

    /**
     * Checks that the client may read a topic.
     *
     * @throws Problem if it may not, in the words of a topic that is not there
     */
    void mustRead(String topic) throws Problem {
        if (!may(Action.READ, topic)) {
            throw Problem.noSuchTopic(topic);
        }
    }

    /**
     * Reads the body, which must be a JSON object.
     *
     * @throws Problem if it is another thing, or too long
     * @throws IOException if the client does not send it
     */
    void body(Json.FieldReader fields) throws Problem, IOException {
        if (!Responder.isJson(request)) {
            throw Problem.unsupportedMediaType(String.valueOf(request.getContentType()));
        }
        int limit = options.maxBody();
        if (request.getContentLengthLong() > limit) {
            throw Problem.tooLarge("the body's length in bytes", limit);
        }
        byte[] body = request.getInputStream().readNBytes(limit + 1);
        if (body.length > limit) {
            throw Problem.tooLarge("the body's length in bytes", limit);
        }
        try {
            Json.readObject(body, fields);
        } catch (ProtocolException e) {
            throw Problem.badRequest("the body: " + e.getMessage());
        }
    }

    /** Whether a compressed answer is understood (RFC 9110, 12.5.3). */
    boolean acceptsGzip() {
        String header = request.getHeader("Accept-Encoding");
        if (header == null) {
            return false;
        }
        for (String part : header.split(",", -1)) {
            String[] pieces = part.split(";", -1);
            String coding = pieces[0].strip();
            if (coding.equalsIgnoreCase("gzip") || coding.equals("*")) {
                return pieces.length < 2 || !pieces[1].strip().matches("q\\s*=\\s*0(\\.0*)?");
            }
        }
        return false;
    }
}
