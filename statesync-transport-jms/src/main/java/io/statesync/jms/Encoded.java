package io.statesync.jms;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.jackson.internal.Envelope;
import io.statesync.source.internal.Served;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A state at its version, and its JSON, which is made when it is first asked for. */
final class Encoded {
    /** Makes the JSON. */
    private interface Encoding {
        byte[] encode() throws IOException;
    }

    private final StateVersion version;
    private final Encoding encoding;
    private volatile byte @Nullable [] json; // two threads may both make it: the same

    private Encoded(StateVersion version, Encoding encoding) {
        this.version = version;
        this.encoding = encoding;
    }

    static <T extends @Nullable Object> Encoded of(Served<T> served, SnapshotEnvelope<?> given) {
        @SuppressWarnings("unchecked") // it came from this source
        SnapshotEnvelope<T> snapshot = (SnapshotEnvelope<T>) given;
        StateCodec<T> codec = served.codec();
        StateVersion version = snapshot.version(null);
        SnapshotEnvelope<T> whole = SnapshotEnvelope.of(version, snapshot.data());
        return new Encoded(version, () -> Envelope.snapshot(whole, codec.encode(whole.data())));
    }

    StateVersion version() {
        return version;
    }

    /**
     * The snapshot, as JSON.
     *
     * @throws IOException if the codec cannot make it
     */
    byte[] json() throws IOException {
        byte[] made = json;
        if (made == null) {
            made = encoding.encode();
            json = made;
        }
        return made;
    }
}
