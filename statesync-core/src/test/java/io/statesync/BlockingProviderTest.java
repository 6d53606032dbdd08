package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link SnapshotProvider#blocking}. */
@Timeout(60)
class BlockingProviderTest {
    private static final SnapshotEnvelope<String> SNAPSHOT = SnapshotEnvelope.of(Revision.of(1), "data");

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final FakeRequest request = new FakeRequest();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private static <T> CompletableFuture<? extends PullResult<T>> pull(
            SnapshotProvider<T> provider, PullRequest request) throws Exception {
        return provider.getSnapshot(request).toCompletableFuture();
    }

    @Test
    void theFetchRunsOnTheExecutorAndItsResultIsTheAnswer() throws Exception {
        CompletableFuture<Thread> fetcher = new CompletableFuture<>();
        SnapshotProvider<String> provider = SnapshotProvider.blocking(
                asked -> {
                    fetcher.complete(Thread.currentThread());
                    assertThat(asked).isSameAs(request);
                    return SNAPSHOT;
                },
                threads);
        assertThat((Object) pull(provider, request).get(30, TimeUnit.SECONDS)).isSameAs(SNAPSHOT);
        assertThat(fetcher.join()).isNotSameAs(Thread.currentThread());
    }

    @Test
    void whatTheFetchThrowsIsThePullsFailure() throws Exception {
        for (Throwable thrown : List.of(new IOException("away"), new StackOverflowError("deep"))) {
            SnapshotProvider<String> provider = SnapshotProvider.blocking(
                    asked -> {
                        if (thrown instanceof Error error) {
                            throw error;
                        }
                        throw (Exception) thrown;
                    },
                    StateSync.directExecutor());
            CompletableFuture<? extends PullResult<String>> answer = pull(provider, request);
            assertThat(answer).isCompletedExceptionally();
            assertThat(answer.handle((result, error) -> error).join()).isSameAs(thrown);
        }
    }

    @Test
    void cancellingInterruptsTheFetch() throws Exception {
        CountDownLatch fetching = new CountDownLatch(1);
        CompletableFuture<String> interrupted = new CompletableFuture<>();
        SnapshotProvider<String> provider = SnapshotProvider.blocking(
                asked -> {
                    fetching.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.complete("interrupted");
                        throw e;
                    }
                    return SNAPSHOT;
                },
                threads);
        CompletableFuture<? extends PullResult<String>> answer = pull(provider, request);
        assertThat(fetching.await(30, TimeUnit.SECONDS)).isTrue();
        request.cancel();
        assertThat(interrupted.get(30, TimeUnit.SECONDS)).isEqualTo("interrupted");
        assertThat(answer.handle((result, error) -> error).get(30, TimeUnit.SECONDS))
                .isInstanceOf(InterruptedException.class);
    }

    @Test
    void aFetchThatIsCancelledBeforeItsTurnNeverRuns() throws Exception {
        List<Runnable> queue = new ArrayList<>();
        List<PullRequest> fetched = new ArrayList<>();
        SnapshotProvider<String> provider = SnapshotProvider.blocking(
                asked -> {
                    fetched.add(asked);
                    return SNAPSHOT;
                },
                queue::add);
        CompletableFuture<? extends PullResult<String>> answer = pull(provider, request);
        request.cancel();
        queue.forEach(Runnable::run);
        assertThat(fetched).isEmpty();
        assertThat(answer.isDone() && !answer.isCompletedExceptionally()).isFalse();
    }

    @Test
    void cancellingAfterTheAnswerInterruptsNobody() throws Exception {
        SnapshotProvider<String> provider = SnapshotProvider.blocking(asked -> SNAPSHOT, StateSync.directExecutor());
        CompletableFuture<? extends PullResult<String>> answer = pull(provider, request);
        request.cancel();
        assertThat((Object) answer.join()).isSameAs(SNAPSHOT);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void aRefusingExecutorIsAFailureOfThePull() {
        SnapshotProvider<String> provider = SnapshotProvider.blocking(asked -> SNAPSHOT, task -> {
            throw new RejectedExecutionException("shut down");
        });
        assertThatThrownBy(() -> provider.getSnapshot(request))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage("shut down");
    }

    @Test
    void missingPartsAreNamed() {
        assertThatThrownBy(() -> SnapshotProvider.blocking(null, threads)).hasMessage("fetch");
        assertThatThrownBy(() -> SnapshotProvider.<String>blocking(asked -> SNAPSHOT, null))
                .hasMessage("executor");
    }
}
