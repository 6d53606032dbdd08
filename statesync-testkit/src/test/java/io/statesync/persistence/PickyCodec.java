package io.statesync.persistence;

import io.statesync.StateCodec;
import java.nio.charset.StandardCharsets;

/** Reads JSON texts as they are, but throws at one that holds a {@code 2}. */
record PickyCodec(Throwable thrown) implements StateCodec<String> {
    @Override
    public String name() {
        return "json";
    }

    @Override
    public byte[] encode(String state) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String decode(byte[] bytes) {
        String state = new String(bytes, StandardCharsets.UTF_8);
        if (state.contains("2")) {
            if (thrown instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) thrown;
        }
        return state;
    }
}
