package io.statesync.replica;

import io.statesync.StateVersion;
import io.statesync.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One or more writes that wait for one outcome. Immutable, but for the futures that it carries. */
sealed interface Change<T extends @Nullable Object> {
    /** The futures of the writes that it is made of. */
    List<CompletableFuture<WriteResult<T>>> outcomes();

    /**
     * A value, whatever was there.
     *
     * @param base the version that its first write was made at: the source's conflict check
     */
    record SetTo<T extends @Nullable Object>(
            T value, StateVersion base, List<CompletableFuture<WriteResult<T>>> outcomes) implements Change<T> {

        SetTo<T> from(StateVersion other) {
            return new SetTo<>(value, other, outcomes);
        }

        /** This, with a later write on top. */
        SetTo<T> then(T later, List<CompletableFuture<WriteResult<T>>> more) {
            List<CompletableFuture<WriteResult<T>>> all = new ArrayList<>(outcomes);
            all.addAll(more);
            return new SetTo<>(later, base, all);
        }
    }

    /**
     * A value made from the one that was there.
     *
     * @param action what the function was made from, if it is an action
     */
    record Updated<T extends @Nullable Object>(
            UnaryOperator<T> function, @Nullable Object action, List<CompletableFuture<WriteResult<T>>> outcomes)
            implements Change<T> {}
}
