package io.statesync.jackson;

import io.statesync.StateCodec;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A codec that can read bytes as a tree, before they are a state: what migrations of older states work on.
 *
 * @param <T> the type of the state
 */
@SuppressWarnings("exports") // who names a type of Jackson requires it already
public interface TreeCodec<T extends @Nullable Object> extends StateCodec<T> {
    /**
     * Makes bytes a tree.
     *
     * @throws IOException if they are not one
     */
    JsonNode readTree(byte[] bytes) throws IOException;

    /**
     * Makes a tree a state.
     *
     * @throws IOException if it is not one
     */
    T fromTree(JsonNode tree) throws IOException;
}
