package io.statesync.http.server;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.jackson.internal.Envelope;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot as it goes over the wire: serialised once, and compressed once, when first asked for, whatever the number of
 * readers. Nobody changes the bytes.
 */
final class Encoded {
    /** Shorter ones fit into a packet or two as they are. */
    private static final int WORTH_COMPRESSING = 1024;

    private final StateVersion version;
    private final String etag;
    private final byte[] body;
    private volatile byte @Nullable [] gzip; // two threads may both make it: the same

    Encoded(StateVersion version, SnapshotEnvelope<?> snapshot, byte[] data) {
        this.version = version;
        this.etag = Wire.etag(version);
        this.body = Envelope.snapshot(snapshot, data);
    }

    StateVersion version() {
        return version;
    }

    String etag() {
        return etag;
    }

    byte[] body() {
        return body;
    }

    /** The body compressed; null if it is not worth it. */
    byte @Nullable [] gzip() {
        byte[] made = gzip;
        if (made == null && body.length >= WORTH_COMPRESSING) {
            made = Wire.gzip(body);
            gzip = made;
        }
        return made;
    }
}
