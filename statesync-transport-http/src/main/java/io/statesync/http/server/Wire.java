package io.statesync.http.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.InvalidationEvent;
import io.statesync.StateVersion;
import io.statesync.jackson.internal.Envelope;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;

/** The forms that the server writes; docs/protocol-http.md describes them. */
final class Wire {
    private Wire() {}

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    static String version(StateVersion version) {
        return "{\"revision\":\"" + version.revision() + "\",\"epoch\":\"" + version.epoch() + "\"}";
    }

    static String etag(StateVersion version) {
        return "W/\"" + version.epoch() + '.' + version.revision() + '"';
    }

    // ---- server-sent events

    static byte[] invalidation(long id, String topic, InvalidationEvent event) {
        return utf8("id: " + id + "\nevent: invalidation\ndata: " + Envelope.invalidation(topic, event) + "\n\n");
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 3 + 32);
        try (GZIPOutputStream gzip = new GZIPOutputStream(out, 8192)) {
            gzip.write(bytes);
        } catch (IOException e) { // memory does not fail so
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
