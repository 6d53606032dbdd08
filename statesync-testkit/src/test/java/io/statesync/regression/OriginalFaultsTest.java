package io.statesync.regression;

import static io.statesync.contract.Harness.TOPIC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.statesync.Backoff;
import io.statesync.InvalidationEvent;
import io.statesync.RetryPolicy;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncPhase;
import io.statesync.Throttling;
import io.statesync.contract.Harness;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One test for each fault of the original TypeScript state-sync that this engine must not have. */
@Timeout(60)
class OriginalFaultsTest {

    @Test
    @DisplayName("C3: a queued refresh runs also when the cycle before it failed")
    void queuedRefreshSurvivesTheFailureOfTheOneBefore() {
        Harness h = new Harness();
        CompletableFuture<Void> first = h.sync.refresh();
        CompletableFuture<Void> queued = h.sync.refresh();

        h.failPull(new IOException("first"));
        assertThat(first).isCompletedExceptionally();
        assertThat(queued).isNotDone();
        h.answer("1");

        assertThat(queued).isCompleted();
        assertThat(h.revisions()).containsExactly("1");
    }

    @Test
    @DisplayName("K1: an answer older than the event is pulled again until the source has caught up")
    void laggingProviderIsPulledAgainUntilItHasTheRevision() {
        Harness h = new Harness().startedAt("1");
        h.event("3");
        h.answer("1");
        h.advance(Duration.ofMillis(100));
        h.answer("2");
        h.advance(Duration.ofMillis(200));
        h.answer("3");

        assertThat(h.revisions()).containsExactly("1", "2", "3");
        assertThat(h.sync.status().behind()).isFalse();
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("C2: refresh() during a pull is done by a pull that began after the call, not by that one")
    void refreshIsNotDoneByAPullThatBeganBeforeIt() {
        Harness h = new Harness();
        CompletableFuture<Void> first = h.sync.refresh();
        CompletableFuture<Void> second = h.sync.refresh();

        h.answer("1");
        assertThat(first).isCompleted();
        assertThat(second).isNotDone();
        assertThat(h.pulls).hasSize(2);

        h.answer("2");
        assertThat(second).isCompleted();
        assertThat(h.revisions()).containsExactly("1", "2");
    }

    @Test
    @DisplayName("C2: refresh() is not done before its snapshot was fetched and applied")
    void refreshIsNotDoneBeforeAnythingWasFetchedAndApplied() {
        Harness h = new Harness();
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        CompletableFuture<Void> refreshed = h.sync.refresh();
        assertThat(refreshed).isNotDone();
        h.answer("1");
        assertThat(refreshed).isNotDone();
        applying.complete(null);
        assertThat(refreshed).isCompleted();
    }

    @Test
    @DisplayName("X1: a source that restarts at a lower revision in a new epoch is followed")
    void sourceRestartedAtALowerRevisionInANewEpochIsFollowed() {
        Harness h = new Harness().startedAt("1000");
        h.transport().event(TOPIC, "1", "7");
        h.answer("1", "7");
        h.transport().event(TOPIC, "2", "7");
        h.answer("2", "7");

        assertThat(h.revisions()).containsExactly("1000", "1", "2");
        assertThat(h.sync.localVersion()).hasToString("2@7");
    }

    @Test
    @DisplayName("L3: a subscription that arrives after stop() is closed")
    void subscriptionThatArrivesAfterStopIsClosed() {
        Harness h = new Harness();
        CompletableFuture<Subscription> subscribing = new CompletableFuture<>();
        AtomicInteger closed = new AtomicInteger();
        h.onSubscribe = handler -> subscribing;
        h.start();

        h.sync.stop();
        assertThat(h.started).isCompletedExceptionally();
        subscribing.complete(closed::incrementAndGet);

        assertThat(closed).hasValue(1);
        assertThat(h.pulls).isEmpty();
    }

    @Test
    @DisplayName("G6, G3: a throwing shouldRefresh is reported, keeps the event and never reaches the transport")
    void throwingShouldRefreshStaysInsideAndTheEventIsKept() {
        IllegalStateException thrown = new IllegalStateException("predicate");
        Harness h = new Harness(b -> b.shouldRefresh(event -> {
            throw thrown;
        }));
        h.startedAt("1");

        assertThatCode(() -> h.event("2")).doesNotThrowAnyException();
        h.answer("2");

        assertThat(h.revisions()).containsExactly("1", "2");
        assertThat(h.errors).singleElement().satisfies(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.INVALIDATION);
            assertThat(error.error()).isSameAs(thrown);
            assertThat(error.eventVersion()).isEqualTo(Harness.version("2"));
        });
    }

    @Test
    @DisplayName("G3: a null event is reported and never reaches the transport")
    void nullEventStaysInside() {
        Harness h = new Harness().startedAt("1");

        assertThatCode(() -> h.transport().event((InvalidationEvent) null)).doesNotThrowAnyException();
        assertThatCode(() -> h.transport().event(null, null)).doesNotThrowAnyException();
        assertThatCode(() -> h.transport().event(TOPIC, null)).doesNotThrowAnyException();

        assertThat(h.errors)
                .extracting(error -> error.phase())
                .containsOnly(SyncPhase.PROTOCOL)
                .hasSize(3);
        assertThat(h.pulls).hasSize(1);
    }

    @Test
    @DisplayName("R4: a pull that never answers times out, and the next request is served")
    void hungPullDoesNotWedgeTheEngine() {
        Harness h = new Harness().startedAt("1");
        CompletableFuture<Void> hung = h.sync.refresh();
        h.advance(Duration.ofSeconds(30));
        assertThat(hung).isCompletedExceptionally();
        assertThat(h.errors)
                .singleElement()
                .satisfies(error -> assertThat(error.error()).isInstanceOf(TimeoutException.class));

        CompletableFuture<Void> next = h.sync.refresh();
        h.answer("2");
        assertThat(next).isCompleted();
        assertThat(h.revisions()).containsExactly("1", "2");
    }

    @Test
    @DisplayName("R4: a blocking fetch that ignores its interrupt costs its thread, not the engine")
    void hungBlockingFetchCostsItsThreadOnly() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch hanging = new CountDownLatch(1);
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            Harness h = new Harness(b -> b.retry(new RetryPolicy(2, Backoff.fixed(Duration.ofMillis(1)))));
            CompletableFuture<Void> secondAnswered = new CompletableFuture<>();
            h.onPull = SnapshotProvider.blocking(
                    request -> {
                        if (calls.incrementAndGet() == 1) {
                            hanging.countDown();
                            awaitUninterruptibly(release);
                        }
                        return Harness.snapshot("1");
                    },
                    threads);
            h.onApply = snapshot -> {
                secondAnswered.complete(null);
                return CompletableFuture.completedFuture(null);
            };
            CompletableFuture<Void> refreshed = h.sync.refresh();
            assertThat(hanging.await(30, TimeUnit.SECONDS)).isTrue();

            h.advance(Duration.ofSeconds(31));

            secondAnswered.get(30, TimeUnit.SECONDS);
            refreshed.get(30, TimeUnit.SECONDS);
            assertThat(calls).hasValue(2);
        } finally {
            release.countDown();
            threads.shutdownNow();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (true) {
            try {
                latch.await();
                return;
            } catch (InterruptedException ignored) {
                // the fetch under test is one that does not care
            }
        }
    }

    @Test
    @DisplayName("L1: a second start() has the outcome of the first, not one of its own")
    void secondStartIsNotDoneBeforeTheFirst() {
        Harness h = new Harness();
        h.start();
        CompletableFuture<Void> second = h.sync.start();
        assertThat(second).isNotDone();
        assertThat(h.handlers).hasSize(1);

        h.answer("1");
        assertThat(h.started).isCompleted();
        assertThat(second).isCompleted();
        assertThat(h.pulls).hasSize(1);
    }

    @Test
    @DisplayName("L1, L2: a second start() fails with the first")
    void secondStartFailsWithTheFirst() {
        Harness h = new Harness();
        IOException failure = new IOException("pull");
        h.start();
        CompletableFuture<Void> second = h.sync.start();
        h.failPull(failure);

        assertThat(h.started).isCompletedExceptionally();
        assertThat(second.handle((nothing, error) -> error)).isCompletedWithValue(failure);
    }

    @Test
    @DisplayName("T1: a steady stream of events does not hold off a debounced pull beyond maxWait")
    void steadyStreamDoesNotStarveTheDebounce() {
        Harness h = new Harness(b -> b.throttling(Throttling.builder()
                .debounce(Duration.ofMillis(100))
                .maxWait(Duration.ofMillis(500))
                .build()));
        h.startedAt("1");
        for (int revision = 2; revision <= 11; revision++) {
            assertThat(h.pulls).hasSize(1);
            h.event(Integer.toString(revision));
            h.advance(Duration.ofMillis(50));
        }
        assertThat(h.pulls).hasSize(2);
    }

    @Test
    @DisplayName("L3: what is pending when stop() is called fails as cancelled, from real threads too")
    void stopFailsWhatIsPending() throws Exception {
        RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .subscriber(handler -> CompletableFuture.completedFuture(() -> {}))
                .provider(request -> new CompletableFuture<>())
                .applier(snapshot -> {})
                .build());
        List<CompletableFuture<Void>> pending =
                List.of(sync.start(), sync.refresh(), sync.awaitVersion(StateVersion.ofUnsigned(0, 1)));
        sync.stop();
        for (CompletableFuture<Void> future : pending) {
            Throwable error = future.handle((nothing, e) -> e).get(30, TimeUnit.SECONDS);
            assertThat(error).isInstanceOf(CancellationException.class);
        }
    }
}
