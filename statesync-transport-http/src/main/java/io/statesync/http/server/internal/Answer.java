package io.statesync.http.server.internal;

import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer. Its bytes are shared, and nobody changes them.
 *
 * @param contentType null if there is no body
 */
@SuppressWarnings("ArrayRecordComponent") // shared on purpose, and never compared
public record Answer(int status, @Nullable String contentType, byte[] body, int length, Map<String, String> headers) {
    public static final byte[] NOTHING = {};

    public Answer(int status, @Nullable String contentType, byte[] body, Map<String, String> headers) {
        this(status, contentType, body, body.length, headers);
    }

    public static Answer json(int status, byte[] body) {
        return new Answer(status, "application/json", body, Map.of());
    }

    /** Writes everything but the body. */
    public void writeHead(HttpServletResponse response) {
        response.setStatus(status);
        headers.forEach(response::addHeader); // beside what was said for other origins
        if (contentType != null) {
            response.setContentType(contentType);
            response.setContentLength(length);
        }
    }

    /** The same for a {@code HEAD}. */
    public Answer withoutBody() {
        return new Answer(status, contentType, NOTHING, length, headers);
    }
}
