package io.statesync.replica;

import java.util.Objects;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a {@code set} that the source refused because it had moved on. An {@code update} needs no policy: it is
 * made again from what the source has by then. Immutable.
 *
 * @param <T> the type of the state
 */
public final class ConflictPolicy<T extends @Nullable Object> {
    private final Kind kind;
    private final @Nullable BinaryOperator<T> merge;

    private ConflictPolicy(Kind kind, @Nullable BinaryOperator<T> merge) {
        this.kind = kind;
        this.merge = merge;
    }

    enum Kind {
        SERVER_WINS,
        LOCAL_WINS,
        MERGE
    }

    /** The write is dropped, with {@link io.statesync.WriteResult.Conflict} as its outcome. The default. */
    public static <T extends @Nullable Object> ConflictPolicy<T> serverWins() {
        return new ConflictPolicy<>(Kind.SERVER_WINS, null);
    }

    /** The same value is proposed again, from what the source has by then. */
    public static <T extends @Nullable Object> ConflictPolicy<T> localWins() {
        return new ConflictPolicy<>(Kind.LOCAL_WINS, null);
    }

    /**
     * A value made of both is proposed, from what the source has by then.
     *
     * @param merge (local, server) → next; called on the executor. If it throws, that is reported and the source wins
     */
    public static <T extends @Nullable Object> ConflictPolicy<T> merge(BinaryOperator<T> merge) {
        return new ConflictPolicy<>(Kind.MERGE, Objects.requireNonNull(merge, "merge"));
    }

    Kind kind() {
        return kind;
    }

    /** What to propose instead; not for {@code SERVER_WINS}. */
    T resolve(T local, T server) {
        return merge == null ? local : merge.apply(local, server);
    }

    @Override
    public String toString() {
        return "ConflictPolicy[" + kind + "]";
    }
}
