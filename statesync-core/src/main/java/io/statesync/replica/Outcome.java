package io.statesync.replica;

import io.statesync.WriteResult;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where one write's outcome goes. What the writer does to the future that it was given changes nothing here. */
final class Outcome<T extends @Nullable Object> {
    private final CompletableFuture<WriteResult<T>> future = new CompletableFuture<>();
    private final CompletableFuture<Void> settled = new CompletableFuture<>();

    /** The writer's: it may be cancelled, or given a time-out. */
    CompletableFuture<WriteResult<T>> future() {
        return future;
    }

    /** Done when the write has its outcome, whatever it is. */
    CompletableFuture<Void> settled() {
        return settled;
    }

    void complete(WriteResult<T> result) {
        future.complete(result);
        settled.complete(null);
    }

    void fail(Throwable error) {
        future.completeExceptionally(error);
        settled.complete(null);
    }
}
