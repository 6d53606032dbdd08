package io.statesync.http.zuno;

import io.statesync.http.server.internal.Responder;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** What clients send. */
final class Body {
    private Body() {}

    /**
     * A page of another origin may have its browser post a form without being asked; it cannot have it post JSON without.
     * Clients that are no browsers name no origin, and may send it as what they like.
     */
    private static void checkContentType(HttpServletRequest request) throws Refusal {
        if (!Responder.isJson(request) && request.getHeader("Origin") != null) {
            throw Refusal.of(415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }

    /** The whole body, decompressed. */
    static byte[] read(HttpServletRequest request, int limit) throws Refusal, IOException {
        checkContentType(request);
        if (request.getContentLengthLong() > limit) {
            throw Refusal.of(413, "PAYLOAD_TOO_LARGE");
        }
        String encoding = request.getHeader("Content-Encoding");
        boolean gzip = "gzip".equalsIgnoreCase(encoding);
        if (encoding != null && !gzip && !encoding.equalsIgnoreCase("identity")) {
            throw Refusal.of(415, "UNSUPPORTED_ENCODING");
        }
        byte[] body = request.getInputStream().readNBytes(limit + 1);
        if (body.length <= limit && gzip) {
            try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(body), 8192)) {
                body = in.readNBytes(limit + 1);
            } catch (IOException e) { // of bytes in memory
                throw Refusal.of(400, "INVALID_JSON");
            }
        }
        if (body.length > limit) {
            throw Refusal.of(413, "PAYLOAD_TOO_LARGE");
        }
        return body;
    }
}
