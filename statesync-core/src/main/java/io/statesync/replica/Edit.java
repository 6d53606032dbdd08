package io.statesync.replica;

import io.statesync.StateVersion;
import io.statesync.WriteResult;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A value that somebody edits, with the version that it was read at: what others write until it is saved is a conflict, and
 * not overwritten. Immutable, safe for use from any thread, and holds nothing open.
 *
 * @param <T> the type of the state
 */
public final class Edit<T extends @Nullable Object> {
    private final StateReplica<T> replica;
    private final T value;
    private final StateVersion base;

    Edit(StateReplica<T> replica, T value, StateVersion base) {
        this.replica = replica;
        this.value = value;
        this.base = base;
    }

    /** The value when the edit began. */
    public T value() {
        return value;
    }

    /** The version that it was made from; revision 0 if nothing had come from the source yet. */
    public StateVersion base() {
        return base;
    }

    /** Sets the replica's value, like {@link StateReplica#set(Object, StateVersion)} from {@link #base()}. */
    public CompletableFuture<WriteResult<T>> save(T edited) {
        return replica.set(edited, base);
    }
}
