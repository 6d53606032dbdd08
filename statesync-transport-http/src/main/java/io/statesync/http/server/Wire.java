package io.statesync.http.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.http.internal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/** The forms that the server writes; docs/protocol-http.md describes them. */
final class Wire {
    private Wire() {}

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    static byte[] snapshot(SnapshotEnvelope<?> snapshot, byte[] data) {
        Revision epoch = snapshot.epoch();
        byte[] begin = utf8("{\"revision\":\"" + snapshot.revision() + '"'
                + (epoch == null ? "" : ",\"epoch\":\"" + epoch + '"') + ",\"data\":");
        return concat(begin, data, 0, (byte) '}');
    }

    /** The same snapshot, naming its topic. */
    static byte[] withTopic(String topic, byte[] snapshot) {
        byte[] begin = utf8("{\"topic\":" + Json.quote(topic) + ',');
        return concat(begin, snapshot, 1);
    }

    private static byte[] concat(byte[] begin, byte[] rest, int from, byte... end) {
        byte[] all = Arrays.copyOf(begin, begin.length + rest.length - from + end.length);
        System.arraycopy(rest, from, all, begin.length, rest.length - from);
        System.arraycopy(end, 0, all, all.length - end.length, end.length);
        return all;
    }

    static String version(StateVersion version) {
        return "{\"revision\":\"" + version.revision() + "\",\"epoch\":\"" + version.epoch() + "\"}";
    }

    static String etag(StateVersion version) {
        return "W/\"" + version.epoch() + '.' + version.revision() + '"';
    }

    // ---- server-sent events

    static byte[] invalidation(long id, String topic, InvalidationEvent event) {
        StringBuilder json = new StringBuilder(128)
                .append("id: ")
                .append(id)
                .append("\nevent: invalidation\ndata: {\"topic\":")
                .append(Json.quote(topic))
                .append(",\"revision\":\"")
                .append(event.revision())
                .append('"');
        Revision epoch = event.epoch();
        if (epoch != null) {
            json.append(",\"epoch\":\"").append(epoch).append('"');
        }
        String sourceId = event.sourceId();
        if (sourceId != null) {
            json.append(",\"sourceId\":").append(Json.quote(sourceId));
        }
        Long timestampMs = event.timestampMs();
        if (timestampMs != null) {
            json.append(",\"timestampMs\":").append(timestampMs);
        }
        return utf8(json.append("}\n\n").toString());
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
