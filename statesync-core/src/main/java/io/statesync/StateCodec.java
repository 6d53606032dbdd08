package io.statesync;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Makes a state bytes and back. Safe for use from any thread.
 *
 * @param <T> the type of the state
 */
public interface StateCodec<T extends @Nullable Object> {
    /** The name that entries record, such as {@code json}: what was written under it must always be readable under it. */
    String name();

    /**
     * Makes a state bytes.
     *
     * @throws IOException if it cannot be
     */
    byte[] encode(T state) throws IOException;

    /**
     * Makes bytes a state.
     *
     * @throws IOException if they are not one
     */
    T decode(byte[] bytes) throws IOException;
}
