package io.statesync;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The provider around a blocking fetch: a {@link FutureTask} carries the interruption, a future the answer. */
final class BlockingProvider<T extends @Nullable Object> implements SnapshotProvider<T> {
    private final BlockingFetch<T> fetch;
    private final Executor executor;

    BlockingProvider(BlockingFetch<T> fetch, Executor executor) {
        this.fetch = Objects.requireNonNull(fetch, "fetch");
        this.executor = Objects.requireNonNull(executor, "executor");
    }

    @Override
    public CompletionStage<? extends PullResult<T>> getSnapshot(PullRequest request) {
        CompletableFuture<PullResult<T>> answer = new CompletableFuture<>();
        FutureTask<?> task = new FutureTask<>(
                () -> {
                    try {
                        answer.complete(fetch.fetch(request));
                    } catch (Throwable t) { // every failure of the fetch is the pull's outcome
                        answer.completeExceptionally(t);
                    }
                },
                null);
        executor.execute(task);
        request.onCancel(() -> task.cancel(true));
        return answer;
    }
}
