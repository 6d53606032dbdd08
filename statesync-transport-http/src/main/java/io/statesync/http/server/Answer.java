package io.statesync.http.server;

import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer. Its bytes are shared, and nobody changes them.
 *
 * @param contentType null if there is no body
 */
@SuppressWarnings("ArrayRecordComponent") // shared on purpose, and never compared
record Answer(int status, @Nullable String contentType, byte[] body, int length, Map<String, String> headers) {
    static final byte[] NOTHING = {};

    Answer(int status, @Nullable String contentType, byte[] body, Map<String, String> headers) {
        this(status, contentType, body, body.length, headers);
    }

    static Answer json(int status, byte[] body) {
        return new Answer(status, "application/json", body, Map.of());
    }

    /** Writes everything but the body. */
    void writeHead(HttpServletResponse response) {
        response.setStatus(status);
        headers.forEach(response::addHeader); // beside what was said for other origins
        if (contentType != null) {
            response.setContentType(contentType);
            response.setContentLength(length);
        }
    }

    /** The same for a {@code HEAD}. */
    Answer withoutBody() {
        return new Answer(status, contentType, NOTHING, length, headers);
    }
}
