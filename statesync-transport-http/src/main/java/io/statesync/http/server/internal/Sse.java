package io.statesync.http.server.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;

/** The form of server-sent events. */
public final class Sse {
    /** A comment. */
    public static final byte[] HEARTBEAT = ":\n\n".getBytes(UTF_8);

    private Sse() {}

    /** Begins the answer that is a stream of events. */
    public static AsyncContext begin(HttpServletRequest request, HttpServletResponse response) {
        response.setStatus(HttpServletResponse.SC_OK);
        response.setContentType("text/event-stream");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-cache, no-transform");
        response.setHeader("X-Accel-Buffering", "no"); // a proxy that gathers answers would hold up events
        if (request.getProtocol().startsWith("HTTP/1.")) {
            response.setHeader("Connection", "close"); // a client that takes nothing must not keep it after the end
        }
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        return async;
    }

    /** How long a client should wait before it comes back. */
    public static byte[] retry(long millis) {
        return ("retry: " + millis + "\n\n").getBytes(UTF_8);
    }

    /** An event whose data may have several lines. A carriage return ends a line too. */
    public static byte[] event(long id, String type, byte[] data) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(data.length + 64);
        out.writeBytes(("id: " + id + "\nevent: " + type + "\ndata: ").getBytes(UTF_8));
        int from = 0;
        for (int i = 0; i < data.length; i++) {
            byte b = data[i];
            if (b == '\n' || b == '\r') {
                out.write(data, from, i - from);
                out.writeBytes("\ndata: ".getBytes(UTF_8));
                if (b == '\r' && i + 1 < data.length && data[i + 1] == '\n') {
                    i++;
                }
                from = i + 1;
            }
        }
        out.write(data, from, data.length - from);
        out.writeBytes("\n\n".getBytes(UTF_8));
        return out.toByteArray();
    }
}
