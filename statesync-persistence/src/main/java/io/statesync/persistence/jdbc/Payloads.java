package io.statesync.persistence.jdbc;

import io.statesync.StateCodec;
import io.statesync.persistence.jdbc.StateTable.State;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Stored bytes as states. */
final class Payloads {
    private Payloads() {}

    /**
     * A stored state.
     *
     * @throws IOException if it was stored by another codec, or the codec cannot read it
     */
    static <T extends @Nullable Object> T decode(StateCodec<T> codec, State state) throws IOException {
        if (!state.codec().equals(codec.name())) {
            throw new IOException("version " + state.version() + " was stored by codec " + Ascii.escape(state.codec())
                    + ", and is read by " + codec.name());
        }
        return codec.decode(state.payload());
    }
}
