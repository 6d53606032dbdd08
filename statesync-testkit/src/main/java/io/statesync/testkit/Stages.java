package io.statesync.testkit;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for the stages that implementations return, whatever kind of stage they are. */
final class Stages {
    private Stages() {}

    /** A future of the same outcome; cancelling it leaves the stage alone. */
    static <V extends @Nullable Object> CompletableFuture<V> future(@Nullable CompletionStage<? extends V> stage) {
        if (stage == null) {
            throw new AssertionError("null was returned instead of a CompletionStage");
        }
        CompletableFuture<V> future = new CompletableFuture<>();
        var unused = stage.whenComplete((value, error) -> {
            if (error == null) {
                future.complete(value);
            } else {
                future.completeExceptionally(error);
            }
        });
        return future;
    }

    /** The stage's value, or an {@link AssertionError} that says what happened instead. */
    static <V extends @Nullable Object> V get(
            String what, @Nullable CompletionStage<? extends V> stage, Duration patience) throws InterruptedException {
        try {
            return Stages.<V>future(stage).get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(what + " failed", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError(what + " was not done within " + patience, e);
        }
    }
}
