package io.statesync;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A transport's side that takes proposals to the source.
 *
 * @param <T> the type of the state
 */
@FunctionalInterface
public interface StateProposer<T extends @Nullable Object> {
    /**
     * Proposes. A thrown exception and a failed stage mean the same as {@link WriteResult.Unknown}: whether the source took
     * the value is not known; it is asked for again, for as long as it takes. A {@link NotSentException} means that it did
     * not. A value that can never be sent, because it cannot be encoded, say, is answered {@link WriteResult.Rejected}.
     *
     * @throws Exception if it cannot be proposed
     */
    CompletionStage<? extends WriteResult<T>> propose(Proposal<T> proposal) throws Exception;
}
