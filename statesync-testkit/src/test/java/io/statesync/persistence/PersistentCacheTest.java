package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Backoff;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Throttling;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What a cache does with what was applied, in virtual time, on an executor that the test turns. */
class PersistentCacheTest {
    private static final String TOPIC = "settings";

    private final VirtualTime time = new VirtualTime();
    private final TurnedStorage storage = new TurnedStorage();
    private final List<PersistenceError> errors = new ArrayList<>();
    private final List<String> told = new ArrayList<>();

    private PersistentCache<String> cache(UnaryOperator<PersistentCache.Builder<String>> options) {
        return options.apply(PersistentCache.builder(SnapshotFormat.of(JacksonCodec.json(String.class)))
                        .storage(storage)
                        .executor(storage)
                        .retry(Backoff.fixed(Duration.ofSeconds(1)))
                        .time(time)
                        .listener(new PersistenceListener() {
                            @Override
                            public void onSaved(String topic, SnapshotMetadata metadata, boolean kept, Duration took) {
                                told.add("saved " + metadata.version() + (kept ? "" : " superseded"));
                            }

                            @Override
                            public void onCleared(String topic) {
                                told.add("cleared");
                            }

                            @Override
                            public void onDiscarded(String topic, StateVersion version) {
                                told.add("discarded " + version);
                            }

                            @Override
                            public void onError(PersistenceError error) {
                                errors.add(error);
                            }
                        }))
                .build();
    }

    private PersistentCache<String> cache() {
        return cache(builder -> builder);
    }

    private static void apply(PersistentCache<String> cache, long revision) {
        cache.applied(TOPIC, StateVersion.of(Revision.of(revision)), "state " + revision);
    }

    private String kept() throws IOException {
        List<SnapshotStorage.Generation> generations = storage.memory.load(TOPIC);
        return generations.isEmpty()
                ? "nothing"
                : generations.get(0).read().metadata().version().toString();
    }

    private void advance(long millis) {
        time.advance(Duration.ofMillis(millis));
        storage.run();
    }

    /** A state that no codec can encode. */
    public static final class Broken {
        public Broken getItself() {
            return this;
        }
    }

    @Test
    void savesWhatWasApplied() throws Exception {
        PersistentCache<String> cache = cache();
        apply(cache, 1);
        storage.run();
        assertThat(kept()).isEqualTo("1");
        CompletableFuture<SnapshotEnvelope<String>> loaded = cache.load(TOPIC);
        storage.run();
        assertThat(loaded.join().data()).isEqualTo("state 1");
        assertThat(told).containsExactly("saved 1");
    }

    @Test
    void savesOnlyTheNewestOfWhatWaits() throws Exception {
        PersistentCache<String> cache = cache();
        storage.duringSave = () -> {
            apply(cache, 2);
            apply(cache, 3);
            apply(cache, 4);
        };
        apply(cache, 1);
        storage.run();
        assertThat(storage.calls).containsExactly("save 1", "save 4");
        assertThat(kept()).isEqualTo("4");
        assertThat(cache.statistics().coalesced()).isEqualTo(2);
        assertThat(cache.statistics().saves()).isEqualTo(2);
        assertThat(cache.statistics().lastSave()).isEqualTo(time.now());
    }

    @Test
    void neverSavesAnOlderOneThatASecondEngineAppliesLater() {
        PersistentCache<String> cache = cache();
        apply(cache, 5);
        apply(cache, 4);
        storage.run();
        apply(cache, 3);
        storage.run();
        assertThat(storage.calls).containsExactly("save 5");
    }

    @Test
    void keepsTopicsApart() throws Exception {
        PersistentCache<String> cache = cache();
        apply(cache, 5);
        cache.applied("another", StateVersion.of(Revision.of(1)), "other");
        storage.run();
        assertThat(kept()).isEqualTo("5");
        assertThat(storage.memory.load("another")).hasSize(1);
    }

    @Test
    void flushIsDoneWhenTheSaveUnderWayAndTheNewestAreDurable() throws Exception {
        PersistentCache<String> cache = cache();
        List<CompletableFuture<Void>> flushes = new ArrayList<>();
        storage.duringSave = () -> {
            flushes.add(cache.flush());
            apply(cache, 2);
            flushes.add(cache.flush(TOPIC));
            assertThat(flushes).noneMatch(CompletableFuture::isDone);
        };
        apply(cache, 1);
        storage.run();
        assertThat(flushes).hasSize(2).allMatch(CompletableFuture::isDone);
        assertThat(kept()).isEqualTo("2");
        assertThat(cache.flush()).isCompleted();
    }

    @Test
    void flushDoesNotWaitForTheThrottling() throws Exception {
        PersistentCache<String> cache = cache(b -> b.throttling(
                Throttling.builder().debounce(Duration.ofMinutes(1)).build()));
        apply(cache, 1);
        storage.run();
        assertThat(kept()).isEqualTo("nothing");
        CompletableFuture<Void> flushed = cache.flush();
        storage.run();
        assertThat(flushed).isCompleted();
        assertThat(kept()).isEqualTo("1");
        assertThat(time.pending()).isZero();
    }

    @Test
    void flushFailsWithWhatFailedTheSaveAndMayBeAskedAgain() throws Exception {
        PersistentCache<String> cache = cache();
        IOException full = new IOException("full");
        storage.failures.add(full);
        apply(cache, 1);
        CompletableFuture<Void> flushed = cache.flush();
        storage.run();
        assertThatThrownBy(flushed::join).hasCause(full);
        CompletableFuture<Void> again = cache.flush();
        storage.run();
        assertThat(again).isCompleted();
        assertThat(kept()).isEqualTo("1");
    }

    @Test
    void triesAFailedSaveAgainAfterTheBackoffAndSaysSo() throws Exception {
        PersistentCache<String> cache = cache();
        storage.failures.add(new IOException("one"));
        storage.failures.add(new IllegalStateException("two"));
        apply(cache, 1);
        storage.run();
        advance(999);
        assertThat(errors).hasSize(1);
        advance(1);
        assertThat(errors).hasSize(2);
        advance(1000);
        assertThat(kept()).isEqualTo("1");
        assertThat(errors).extracting(PersistenceError::attempt).containsExactly(1, 2);
        assertThat(errors)
                .allMatch(error -> error.operation() == PersistenceOperation.SAVE
                        && error.willRetry()
                        && error.version().equals(StateVersion.of(Revision.of(1))));
        assertThat(time.pending()).isZero();
        assertThat(cache.statistics().saveErrors()).isEqualTo(2);
    }

    @Test
    void aFailedSaveGivesWayToANewerSnapshot() throws Exception {
        PersistentCache<String> cache = cache();
        storage.failures.add(new IOException("full"));
        storage.duringSave = () -> apply(cache, 2);
        apply(cache, 1);
        storage.run();
        apply(cache, 3);
        advance(1000);
        assertThat(storage.calls).containsExactly("save 1", "save 3");
        assertThat(kept()).isEqualTo("3");
    }

    @Test
    void whatCannotBeEncodedIsReportedOnceAndHoldsUpNothing() throws Exception {
        PersistentCache<Object> cache = PersistentCache.builder(SnapshotFormat.of(JacksonCodec.json(Object.class)))
                .storage(storage)
                .executor(storage)
                .time(time)
                .listener(new PersistenceListener() {
                    @Override
                    public void onError(PersistenceError error) {
                        errors.add(error);
                    }
                })
                .build();
        cache.applied(TOPIC, StateVersion.of(Revision.of(1)), new Broken());
        CompletableFuture<Void> flushed = cache.flush();
        storage.run();
        assertThat(flushed).isCompletedExceptionally();
        assertThat(errors).singleElement().matches(error -> !error.willRetry());
        assertThat(time.pending()).isZero();
        cache.applied(TOPIC, StateVersion.of(Revision.of(2)), "fine");
        storage.run();
        assertThat(kept()).isEqualTo("2");
    }

    @Test
    void stoppingSavesWhatIsPendingAtOnce() throws Exception {
        PersistentCache<String> cache = cache(b -> b.throttling(
                Throttling.builder().debounce(Duration.ofMinutes(1)).build()));
        apply(cache, 1);
        CompletableFuture<Void> stopped = cache.stopped(TOPIC);
        assertThat(stopped).isNotDone();
        storage.run();
        assertThat(stopped).isCompleted();
        assertThat(kept()).isEqualTo("1");
        assertThat(time.pending()).isZero();
    }

    @Test
    void afterTheStopAFailedSaveIsReportedAndNotTriedAgain() {
        PersistentCache<String> cache = cache();
        storage.failures.add(new IOException("full"));
        apply(cache, 1);
        CompletableFuture<Void> stopped = cache.stopped(TOPIC);
        storage.run();
        assertThat(stopped).isCompletedExceptionally();
        assertThat(errors).singleElement().matches(error -> !error.willRetry());
        assertThat(time.pending()).isZero();
    }

    @Test
    void whatWasGivenUpIsSavedWhenItIsAppliedAgain() throws Exception {
        PersistentCache<String> cache = cache();
        storage.failures.add(new IOException("full"));
        apply(cache, 1);
        CompletableFuture<Void> stopped = cache.stopped(TOPIC);
        storage.run();
        assertThat(stopped).isCompletedExceptionally();
        assertThat(cache.flush()).as("it is not durable").isCompletedExceptionally();
        apply(cache, 1);
        storage.run();
        assertThat(kept()).isEqualTo("1");
    }

    @Test
    void aRetryThatWaitsIsMadeAtTheStop() throws Exception {
        PersistentCache<String> cache = cache();
        storage.failures.add(new IOException("full"));
        apply(cache, 1);
        storage.run();
        assertThat(time.pending()).isOne();
        CompletableFuture<Void> stopped = cache.stopped(TOPIC);
        storage.run();
        assertThat(stopped).isCompleted();
        assertThat(kept()).isEqualTo("1");
        assertThat(time.pending()).isZero();
    }

    @Test
    void discardsOnCloseIfToldTo() throws Exception {
        PersistentCache<String> cache = cache(b -> b.discardOnClose(true)
                .throttling(Throttling.builder().debounce(Duration.ofMinutes(1)).build()));
        apply(cache, 1);
        CompletableFuture<Void> flushed = cache.flush(TOPIC);
        CompletableFuture<Void> stopped = cache.stopped(TOPIC);
        storage.run();
        assertThat(stopped).isCompleted();
        assertThatThrownBy(flushed::join).isInstanceOf(CancellationException.class);
        assertThat(kept()).isEqualTo("nothing");
        assertThat(told).containsExactly("discarded 1");
        assertThat(time.pending()).isZero();
    }

    @Test
    void clearForgetsWhatIsKeptAndWhatIsPending() throws Exception {
        PersistentCache<String> cache = cache();
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        storage.duringSave = () -> {
            apply(cache, 2);
            futures.add(cache.flush(TOPIC));
            futures.add(cache.clear(TOPIC));
        };
        apply(cache, 1);
        storage.run();
        assertThat(storage.calls).containsExactly("save 1", "clear");
        assertThat(kept()).isEqualTo("nothing");
        assertThatThrownBy(futures.get(0)::join).isInstanceOf(CancellationException.class);
        assertThat(futures.get(1)).isCompleted();
        assertThat(cache.statistics().cleared()).isOne();
        apply(cache, 2);
        storage.run();
        assertThat(kept()).isEqualTo("2");
    }

    @Test
    void aClearThatFailsIsReported() {
        PersistentCache<String> cache = cache();
        IOException denied = new IOException("denied");
        storage.failures.add(denied);
        CompletableFuture<Void> cleared = cache.clear(TOPIC);
        storage.run();
        assertThatThrownBy(cleared::join).hasCause(denied);
        assertThat(errors).singleElement().matches(error -> error.operation() == PersistenceOperation.CLEAR);
        assertThat(cache.statistics().clearErrors()).isOne();
    }

    @Test
    void anExecutorThatRefusesFailsWhoWaitsAndIsTriedAgain() throws Exception {
        boolean[] refuses = {true};
        PersistentCache<String> cache = cache(b -> b.executor(task -> {
            if (refuses[0]) {
                throw new RejectedExecutionException("shut down");
            }
            task.run();
        }));
        apply(cache, 1);
        assertThat(errors).hasSize(1);
        CompletableFuture<Void> flushed = cache.flush();
        assertThat(flushed).isCompletedExceptionally();
        assertThat(cache.clear("another")).isCompletedExceptionally();
        refuses[0] = false;
        advance(1000);
        assertThat(kept()).isEqualTo("1");
    }

    @Test
    void aListenerThatThrowsChangesNothing() throws Exception {
        PersistentCache<String> cache = cache(b -> b.listener(new PersistenceListener() {
            @Override
            public void onSaved(String topic, SnapshotMetadata metadata, boolean kept, Duration took) {
                throw new IllegalStateException("listener");
            }
        }));
        apply(cache, 1);
        CompletableFuture<Void> flushed = cache.flush();
        storage.run();
        assertThat(flushed).isCompleted();
        apply(cache, 2);
        storage.run();
        assertThat(kept()).isEqualTo("2");
    }

    @Test
    void saysWhenWhatIsKeptIsAsNew() throws Exception {
        PersistentCache<String> cache = cache();
        apply(cache, 3);
        storage.run();
        PersistentCache<String> another = cache();
        apply(another, 2);
        CompletableFuture<Void> flushed = another.flush();
        storage.run();
        assertThat(flushed).isCompleted();
        assertThat(kept()).isEqualTo("3");
        assertThat(told).containsExactly("saved 3", "saved 2 superseded");
        assertThat(another.statistics().superseded()).isOne();
    }

    // --- throttling

    @Test
    void debounceWaitsForQuietAndMaxWaitBoundsIt() {
        PersistentCache<String> cache = cache(b -> b.throttling(Throttling.builder()
                .debounce(Duration.ofMillis(100))
                .maxWait(Duration.ofMillis(250))
                .build()));
        for (int revision = 1; revision <= 7; revision++) {
            apply(cache, revision);
            advance(50);
        }
        assertThat(storage.calls).containsExactly("save 5");
        advance(49);
        assertThat(storage.calls).hasSize(1);
        advance(1);
        assertThat(storage.calls).containsExactly("save 5", "save 7");
        assertThat(time.pending()).isZero();
    }

    @Test
    void throttleSavesAtOnceAndThenOncePerInterval() {
        PersistentCache<String> cache = cache(b -> b.throttling(
                Throttling.builder().throttle(Duration.ofMillis(100)).build()));
        for (int revision = 1; revision <= 25; revision++) {
            apply(cache, revision);
            storage.run();
            advance(10);
        }
        assertThat(storage.calls).containsExactly("save 1", "save 10", "save 20");
        advance(100);
        assertThat(storage.calls).containsExactly("save 1", "save 10", "save 20", "save 25");
        advance(1000);
        apply(cache, 26);
        storage.run();
        assertThat(storage.calls).endsWith("save 26");
    }

    @Test
    void withoutTheLeadingEdgeTheFirstWaitsAnInterval() {
        PersistentCache<String> cache = cache(b -> b.throttling(Throttling.builder()
                .throttle(Duration.ofMillis(100))
                .leading(false)
                .build()));
        apply(cache, 1);
        advance(99);
        assertThat(storage.calls).isEmpty();
        apply(cache, 2);
        advance(1);
        assertThat(storage.calls).containsExactly("save 2");
    }

    @Test
    void debounceThenThrottle() {
        PersistentCache<String> cache = cache(b -> b.throttling(Throttling.builder()
                .debounce(Duration.ofMillis(20))
                .throttle(Duration.ofMillis(100))
                .build()));
        apply(cache, 1);
        advance(20);
        apply(cache, 2);
        advance(20);
        assertThat(storage.calls).containsExactly("save 1");
        advance(80);
        assertThat(storage.calls).containsExactly("save 1", "save 2");
    }
}
