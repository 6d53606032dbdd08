package io.statesync;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Pulls a topic's state from its source.
 *
 * <p>Called on the engine's executor, for one engine never while an earlier call's answer is still waited for. The stage
 * may complete on any thread. A thrown exception and a failed stage mean the same: the pull failed (phase
 * {@link SyncPhase#GET_SNAPSHOT}), or, for a {@link ProtocolException}, its answer was malformed (phase
 * {@link SyncPhase#PROTOCOL}). A null answer is malformed too (contract G4).
 *
 * @param <T> the type of the state
 */
@FunctionalInterface
public interface SnapshotProvider<T extends @Nullable Object> {
    /**
     * Begins a pull.
     *
     * @throws Exception if it cannot begin
     */
    CompletionStage<? extends PullResult<T>> getSnapshot(PullRequest request) throws Exception;

    /**
     * A provider around a fetch that blocks, run on {@code executor}.
     *
     * <p>When the pull is cancelled its thread is interrupted. A fetch that ignores this keeps its thread, and nothing
     * else, until it returns (contract R4): give it an executor of its own, for instance one of virtual threads.
     */
    static <T extends @Nullable Object> SnapshotProvider<T> blocking(BlockingFetch<T> fetch, Executor executor) {
        return new BlockingProvider<>(fetch, executor);
    }

    /**
     * A pull that blocks its thread until the answer is there.
     *
     * @param <T> the type of the state
     */
    @FunctionalInterface
    interface BlockingFetch<T extends @Nullable Object> {
        /**
         * Pulls, blocking.
         *
         * @throws Exception if the pull failed
         */
        PullResult<T> fetch(PullRequest request) throws Exception;
    }
}
