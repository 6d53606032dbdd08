package io.statesync.http.zuno;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.jackson.internal.Json;
import io.statesync.source.StoreEvent;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** The forms that Zuno's protocol has; docs/zuno.md describes them. */
final class Wire {
    static final byte[] CONNECTED = ": connected\n\n".getBytes(UTF_8);

    private Wire() {}

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    /** What happened to a store. */
    static byte[] event(StoreEvent event, byte[] state) {
        return event(
                event.topic(),
                state,
                Numbers.of(event.version()),
                event.baseVersion() == null ? 0 : Math.max(0, Numbers.of(event.baseVersion())),
                event.sourceId(),
                event.timestampMs(),
                event.id());
    }

    /**
     * What happened to a store.
     *
     * @param state null if it is not known
     * @param eventId 0 if it is not known
     */
    static byte[] event(
            String key,
            byte @Nullable [] state,
            long version,
            long baseVersion,
            @Nullable String origin,
            long timestampMs,
            long eventId) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        out.writeBytes(utf8("{\"storeKey\":" + Json.quote(key)));
        if (state != null) {
            out.writeBytes(utf8(",\"state\":"));
            out.writeBytes(state);
        }
        out.writeBytes(utf8(",\"version\":" + version + ",\"baseVersion\":" + baseVersion
                + (origin == null ? "" : ",\"origin\":" + Json.quote(origin)) + ",\"ts\":" + timestampMs
                + (eventId == 0 ? "" : ",\"eventId\":" + eventId) + "}"));
        return out.toByteArray();
    }

    /** A store's state, as it is in a snapshot and in the answer to a conflict; null if it has none. */
    static void record(ByteArrayOutputStream out, byte @Nullable [] state, long version) {
        if (state == null) {
            out.writeBytes(utf8("{\"version\":" + version + "}"));
            return;
        }
        out.writeBytes(utf8("{\"state\":"));
        out.writeBytes(state);
        out.writeBytes(utf8(",\"version\":" + version + "}"));
    }

    /** A ping, in the form of Zuno's servers. */
    static byte[] ping(long nowMs) {
        return utf8(": ping " + nowMs + "\n\n");
    }
}
