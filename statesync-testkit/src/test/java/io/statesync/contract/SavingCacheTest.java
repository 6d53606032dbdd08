package io.statesync.contract;

import static io.statesync.contract.Harness.TOPIC;
import static io.statesync.contract.Harness.snapshot;
import static io.statesync.contract.Harness.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.LifecycleState;
import io.statesync.SavingCache;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Contract P5: what a cache that saves is told. */
@Timeout(60)
class SavingCacheTest {
    private final Cache cache = new Cache();
    private final Harness h = new Harness(b -> b.cache(cache));

    /** A cache that notes what it is told. */
    private static final class Cache implements SavingCache<String> {
        final List<String> told = new CopyOnWriteArrayList<>();
        volatile SnapshotEnvelope<String> kept;
        volatile CompletionStage<?> saved = CompletableFuture.completedFuture(null);
        volatile Runnable onApplied = () -> {};
        volatile RuntimeException thrown;

        @Override
        public CompletionStage<SnapshotEnvelope<String>> load(String topic) {
            return CompletableFuture.completedFuture(kept);
        }

        @Override
        public void applied(String topic, StateVersion version, String data) {
            told.add(topic + " " + version + " " + data);
            onApplied.run();
            if (thrown != null) {
                throw thrown;
            }
        }

        @Override
        public CompletionStage<?> stopped(String topic) {
            told.add("stopped " + topic);
            if (thrown != null) {
                throw thrown;
            }
            return saved;
        }
    }

    @Test
    @DisplayName("P5: told of pulled and pushed snapshots, in order, with the version that the engine gives them")
    void toldOfPulledAndPushedSnapshots() {
        h.startedAt("1");
        h.transport().snapshot("2", "9", "pushed");
        h.event("3");
        h.transport().event(TOPIC, "3", "9");
        h.answer("3");
        assertThat(cache.told).containsExactly("settings 1 data 1", "settings 2@9 pushed", "settings 3@9 data 3");
    }

    @Test
    @DisplayName("P5: not told of what came from it")
    void notToldOfTheCachedSnapshot() {
        cache.kept = snapshot("5");
        h.start();
        assertThat(h.revisions()).containsExactly("5");
        h.answer("5");
        assertThat(cache.told).isEmpty();
        h.event("6");
        h.answer("6");
        assertThat(cache.told).containsExactly("settings 6 data 6");
    }

    @Test
    @DisplayName("P5: not told of an apply that failed")
    void notToldOfAFailedApply() {
        h.onApply = snapshot -> CompletableFuture.failedFuture(new IllegalStateException("apply"));
        h.start();
        h.answer("1");
        assertThat(cache.told).isEmpty();
    }

    @Test
    @DisplayName("P5: told before any future that waits for the apply is done")
    void toldBeforeTheFutureIsDone() {
        h.startedAt("1");
        CompletableFuture<Void> refreshed = h.sync.refresh();
        CompletableFuture<Void> awaited = h.sync.awaitVersion(version("2"));
        cache.onApplied = () -> {
            assertThat(refreshed).isNotDone();
            assertThat(awaited).isNotDone();
            cache.told.add("both wait");
        };
        h.answer("2");
        assertThat(cache.told).endsWith("settings 2 data 2", "both wait");
        assertThat(refreshed).isCompleted();
        assertThat(awaited).isCompleted();
    }

    @Test
    @DisplayName("P5: a cache that throws changes nothing")
    void aCacheThatThrowsChangesNothing() {
        cache.thrown = new IllegalStateException("cache");
        h.startedAt("1");
        h.event("2");
        h.answer("2");
        assertThat(h.revisions()).containsExactly("1", "2");
        assertThat(h.errors).isEmpty();
        h.sync.close();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(cache.told)
                .containsExactly("settings 1 data 1", "settings 2 data 2", "stopped settings", "stopped settings");
    }

    @Test
    @DisplayName("P5: stop tells it at once and does not wait")
    void stopTellsItAndDoesNotWait() {
        cache.saved = new CompletableFuture<>();
        h.startedAt("1");
        h.sync.stop();
        h.sync.stop();
        assertThat(cache.told).containsExactly("settings 1 data 1", "stopped settings");
    }

    @Test
    @DisplayName("P5, L3: close waits until it has saved")
    void closeWaitsForIt() throws Exception {
        CompletableFuture<Void> saving = new CompletableFuture<>();
        cache.saved = saving;
        h.startedAt("1");
        CountDownLatch closed = new CountDownLatch(1);
        Thread closing = new Thread(() -> {
            h.sync.close();
            closed.countDown();
        });
        closing.start();
        while (closing.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertThat(closed.getCount()).isOne();
        saving.completeExceptionally(new IllegalStateException("it could not, and says so itself"));
        assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @DisplayName("P5, L3: close waits at most closeTimeout, and an interrupt ends the wait and stays set")
    void theWaitOfCloseIsBounded() {
        cache.saved = new CompletableFuture<>();
        Harness quick = new Harness(b -> b.cache(cache).closeTimeout(Duration.ofMillis(1)));
        quick.startedAt("1");
        quick.sync.close();
        assertThat(quick.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        h.startedAt("1");
        Thread.currentThread().interrupt();
        h.sync.close();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    @DisplayName("P5, L3: close from inside a callback does not wait for it")
    void closeInsideACallbackDoesNotWait() {
        cache.saved = new CompletableFuture<>();
        h.startedAt("1");
        h.onApply = snapshot -> {
            h.sync.close();
            return CompletableFuture.completedFuture(null);
        };
        h.event("2");
        h.answer("2");
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    @DisplayName("P5: an apply that ends after the stop is told, and close tells the stop again")
    void anApplyThatEndsAfterTheStopIsTold() throws Exception {
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.startedAt("1");
        h.onApply = snapshot -> applying;
        h.event("2");
        h.answer("2");
        Thread closing = new Thread(h.sync::close);
        closing.start();
        while (closing.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        applying.complete(null);
        closing.join(30_000);
        assertThat(cache.told)
                .containsExactly(
                        "settings 1 data 1",
                        "stopped settings",
                        "settings 2 data 2",
                        "stopped settings",
                        "stopped settings");
    }

    @Test
    @DisplayName("P5: likewise without a close: whoever heard of an apply hears of the stop after it")
    void anApplyThatEndsAfterTheStopIsFollowedByAStop() {
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.startedAt("1");
        h.onApply = snapshot -> applying;
        h.event("2");
        h.answer("2");
        h.sync.stop();
        applying.complete(null);
        assertThat(cache.told).endsWith("stopped settings", "settings 2 data 2", "stopped settings");
    }
}
