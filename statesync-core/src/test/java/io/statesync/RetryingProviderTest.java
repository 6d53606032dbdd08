package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** {@link StateSync#withRetry}. */
class RetryingProviderTest {
    private static final RetryPolicy THREE = new RetryPolicy(
            3,
            Backoff.exponential(Duration.ofMillis(500), 2, Duration.ofSeconds(10))
                    .withoutJitter());

    private final StepTime time = new StepTime();
    private final FakeRequest request = new FakeRequest();
    private final List<RetryAttempt> retries = new ArrayList<>();
    private final List<CompletableFuture<PullResult<String>>> pulls = new ArrayList<>();

    private CompletableFuture<PullResult<String>> pull() throws Exception {
        return pull(retries::add);
    }

    private CompletableFuture<PullResult<String>> pull(Consumer<RetryAttempt> onRetry) throws Exception {
        return pull(
                r -> {
                    pulls.add(new CompletableFuture<>());
                    return pulls.get(pulls.size() - 1);
                },
                onRetry);
    }

    private CompletableFuture<PullResult<String>> pull(
            SnapshotProvider<String> provider, Consumer<RetryAttempt> onRetry) throws Exception {
        CompletableFuture<PullResult<String>> answer = new CompletableFuture<>();
        CompletionStage<? extends PullResult<String>> stage = StateSync.withRetry(
                        provider, THREE, onRetry, StateSync.directExecutor(), time)
                .getSnapshot(request);
        stage.whenComplete((result, error) -> {
            if (error == null) {
                answer.complete(result);
            } else {
                answer.completeExceptionally(error);
            }
        });
        return answer;
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return future.handle((nothing, error) -> error).join();
    }

    private static SnapshotEnvelope<String> snapshot() {
        return SnapshotEnvelope.of(Revision.of(1), "data");
    }

    @Test
    void anAnswerAtOnceNeedsNoTimer() throws Exception {
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).complete(snapshot());
        assertThat(answer).isCompletedWithValue(snapshot());
        assertThat(time.waiting).isEmpty();
        assertThat(retries).isEmpty();
    }

    @Test
    void failuresAreTriedAgainWithTheBackoffUntilOneSucceeds() throws Exception {
        IOException first = new IOException("first");
        IOException second = new IOException("second");
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(first);
        assertThat(pulls).hasSize(1);
        assertThat(time.runNext()).isEqualTo(Duration.ofMillis(500));
        pulls.get(1).completeExceptionally(new CompletionException(second));
        assertThat(time.runNext()).isEqualTo(Duration.ofSeconds(1));
        assertThat(answer).isNotDone();
        pulls.get(2).complete(snapshot());

        assertThat(answer).isCompletedWithValue(snapshot());
        assertThat(retries)
                .containsExactly(
                        new RetryAttempt("settings", 1, first, Duration.ofMillis(500)),
                        new RetryAttempt("settings", 2, second, Duration.ofSeconds(1)));
    }

    @Test
    void afterTheLastAttemptItsFailureIsThePulls() throws Exception {
        IOException last = new IOException("last");
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(new IOException("first"));
        time.runNext();
        pulls.get(1).completeExceptionally(new IOException("second"));
        time.runNext();
        pulls.get(2).completeExceptionally(last);
        assertThat(failureOf(answer)).isSameAs(last);
        assertThat(time.waiting).isEmpty();
        assertThat(retries).hasSize(2);
    }

    @Test
    void thrownExceptionsAndNullStagesAreFailures() throws Exception {
        IOException thrown = new IOException("thrown");
        int[] calls = {0};
        CompletableFuture<PullResult<String>> answer = pull(
                r -> {
                    calls[0]++;
                    if (calls[0] == 1) {
                        throw thrown;
                    }
                    return calls[0] == 2 ? null : CompletableFuture.completedFuture(snapshot());
                },
                retries::add);
        time.runNext();
        time.runNext();
        assertThat(answer).isCompletedWithValue(snapshot());
        assertThat(retries.get(0).error()).isSameAs(thrown);
        assertThat(retries.get(1).error()).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aMalformedAnswerIsNotTriedAgain() throws Exception {
        ProtocolException malformed = new ProtocolException("malformed");
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(new CompletionException(malformed));
        assertThat(failureOf(answer)).isSameAs(malformed);
        assertThat(retries).isEmpty();
        assertThat(time.waiting).isEmpty();
    }

    @Test
    void cancellingWhileWaitingDropsTheTimer() throws Exception {
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(new IOException("first"));
        request.cancel();
        assertThat(failureOf(answer)).isInstanceOf(CancellationException.class);
        assertThat(time.waiting).isEmpty();
        assertThat(pulls).hasSize(1);
    }

    @Test
    void cancellingWhilePullingCancelsThePullAndMakesNoOther() throws Exception {
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(new IOException("first"));
        time.runNext();
        request.cancel();
        assertThat(failureOf(answer)).isInstanceOf(CancellationException.class);
        assertThat(pulls.get(1)).isCancelled();
        assertThat(pulls).hasSize(2);
        assertThat(retries).hasSize(1);
        assertThat(time.waiting).isEmpty();
    }

    @Test
    void aPullWhoseStageCannotBeCancelledIsGivenUp() throws Exception {
        CompletableFuture<PullResult<String>> late = new CompletableFuture<>();
        CompletableFuture<PullResult<String>> answer = pull(r -> late.minimalCompletionStage(), retries::add);
        request.cancel();
        assertThat(failureOf(answer)).isInstanceOf(CancellationException.class);
    }

    @Test
    void aTimerThatFiresAfterCancellingPullsNothing() throws Exception {
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(new IOException("first"));
        Runnable fired = time.waiting.peek().task();
        request.cancel();
        fired.run();
        assertThat(answer).isCompletedExceptionally();
        assertThat(pulls).hasSize(1);
    }

    @Test
    void aRequestThatIsCancelledAlreadyIsNotPulled() throws Exception {
        request.cancel();
        assertThat(failureOf(pull())).isInstanceOf(CancellationException.class);
        assertThat(pulls).isEmpty();
    }

    @Test
    void aThrowingHookEndsThePullWithTheFailureAndIsSuppressedInIt() throws Exception {
        IOException failure = new IOException("failure");
        IllegalStateException hook = new IllegalStateException("hook");
        CompletableFuture<PullResult<String>> answer = pull(attempt -> {
            throw hook;
        });
        pulls.get(0).completeExceptionally(failure);
        assertThat(failureOf(answer)).isSameAs(failure).hasSuppressedException(hook);
        assertThat(time.waiting).isEmpty();
    }

    @Test
    void aHookThatThrowsTheFailureItselfEndsThePullWithIt() throws Exception {
        IllegalStateException failure = new IllegalStateException("failure");
        CompletableFuture<PullResult<String>> answer = pull(attempt -> {
            throw failure;
        });
        pulls.get(0).completeExceptionally(failure);
        assertThat(failureOf(answer)).isSameAs(failure).hasNoSuppressedExceptions();
    }

    @Test
    void aRefusingTimeSourceEndsThePullWithTheFailure() throws Exception {
        IOException failure = new IOException("failure");
        time.refusal = new RejectedExecutionException("shut down");
        CompletableFuture<PullResult<String>> answer = pull();
        pulls.get(0).completeExceptionally(failure);
        assertThat(failureOf(answer)).isSameAs(failure).hasSuppressedException(time.refusal);
    }

    @Test
    void missingPartsAreNamed() {
        SnapshotProvider<String> provider = r -> new CompletableFuture<>();
        assertThatThrownBy(() -> StateSync.withRetry(null, THREE, retries::add)).hasMessage("provider");
        assertThatThrownBy(() -> StateSync.withRetry(provider, null, retries::add))
                .hasMessage("policy");
        assertThatThrownBy(() -> StateSync.withRetry(provider, THREE, null)).hasMessage("onRetry");
        assertThatThrownBy(() -> StateSync.withRetry(provider, THREE, retries::add, StateSync.directExecutor(), null))
                .hasMessage("time");
    }
}
