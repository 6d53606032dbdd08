package io.statesync;

import io.statesync.internal.Failures;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The provider that tries a failed pull again. */
final class RetryingProvider<T extends @Nullable Object> implements SnapshotProvider<T> {
    private final SnapshotProvider<T> provider;
    private final RetryPolicy policy;
    private final Consumer<? super RetryAttempt> onRetry;
    private final Executor executor;
    private final TimeSource time;

    RetryingProvider(
            SnapshotProvider<T> provider,
            RetryPolicy policy,
            Consumer<? super RetryAttempt> onRetry,
            Executor executor,
            TimeSource time) {
        this.provider = Objects.requireNonNull(provider, "provider");
        this.policy = Objects.requireNonNull(policy, "policy");
        this.onRetry = Objects.requireNonNull(onRetry, "onRetry");
        this.executor = Objects.requireNonNull(executor, "executor");
        this.time = Objects.requireNonNull(time, "time");
    }

    @Override
    public CompletionStage<? extends PullResult<T>> getSnapshot(PullRequest request) {
        Pull pull = new Pull(request);
        request.onCancel(pull::cancel);
        pull.attempt(1);
        return pull.answer;
    }

    /** One pull with its attempts. */
    private final class Pull {
        private final PullRequest request;
        final CompletableFuture<PullResult<T>> answer = new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
                Pull.this.cancel();
                return super.cancel(mayInterruptIfRunning);
            }
        };
        private TimeSource.@Nullable Timer timer; // guarded by this
        private @Nullable CompletionStage<? extends PullResult<T>> current; // guarded by this

        Pull(PullRequest request) {
            this.request = request;
        }

        void attempt(int number) {
            if (request.isCancelled()) {
                cancel();
                return;
            }
            try {
                CompletionStage<? extends PullResult<T>> stage = provider.getSnapshot(request);
                if (stage == null) {
                    throw new NullPointerException("the provider returned null instead of a CompletionStage");
                }
                began(stage);
                stage.whenComplete((result, error) -> {
                    if (error == null) {
                        answer.complete(result);
                    } else {
                        failed(number, Failures.unwrapped(error));
                    }
                });
            } catch (Throwable t) { // a provider that throws failed, like one whose stage fails
                failed(number, t);
            }
        }

        private void failed(int number, Throwable error) {
            if (number >= policy.maxAttempts() || error instanceof ProtocolException || request.isCancelled()) {
                answer.completeExceptionally(error);
                return;
            }
            try {
                Duration delay = policy.backoff().delayAfter(number, ThreadLocalRandom.current());
                onRetry.accept(new RetryAttempt(request.topic(), number, error, delay));
                schedule(number, delay);
            } catch (Throwable t) {
                // A hook that throws, or a scheduler that refuses, ends the pull with the first error.
                if (t != error) {
                    error.addSuppressed(t);
                }
                answer.completeExceptionally(error);
            }
        }

        private synchronized void schedule(int number, Duration delay) {
            timer = time.schedule(() -> attemptOnExecutor(number + 1), delay);
        }

        private void attemptOnExecutor(int number) {
            try {
                executor.execute(() -> attempt(number));
            } catch (Throwable t) { // whatever an executor throws, there is no further attempt
                answer.completeExceptionally(t);
            }
        }

        private void began(CompletionStage<? extends PullResult<T>> stage) {
            synchronized (this) {
                current = stage;
            }
            if (request.isCancelled()) {
                cancelStage(stage);
            }
        }

        private void cancel() {
            answer.completeExceptionally(new CancellationException("the pull was cancelled"));
            CompletionStage<? extends PullResult<T>> stage;
            synchronized (this) {
                if (timer != null) {
                    timer.cancel();
                }
                stage = current;
            }
            if (stage != null) {
                cancelStage(stage);
            }
        }

        private void cancelStage(CompletionStage<? extends PullResult<T>> stage) {
            try {
                stage.toCompletableFuture().cancel(true);
            } catch (UnsupportedOperationException e) {
                return; // best effort: a stage need not be a future
            }
        }
    }
}
