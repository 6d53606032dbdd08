package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Backoff;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Throttling;
import io.statesync.TimeSource;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
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

    // --- found by attacks

    @Test
    void aClearIsNotUndoneByTheFailureOfTheSaveBeforeIt() throws Exception {
        PersistentCache<String> cache = cache();
        List<CompletableFuture<Void>> cleared = new ArrayList<>();
        storage.duringSave = () -> {
            cleared.add(cache.clear(TOPIC));
            storage.failures.add(new IOException("full"));
        };
        apply(cache, 1);
        storage.run();
        assertThat(cleared).allMatch(CompletableFuture::isDone);
        advance(10_000);
        assertThat(kept()).isEqualTo("nothing");
        assertThat(cache.flush()).isCompleted();
        assertThat(time.pending()).isZero();
    }

    @Test
    void whatWasMigratedIsNotSavedBackAfterAClear() throws Exception {
        JacksonCodec<String> codec = JacksonCodec.json(String.class);
        storage.memory.save(TOPIC, SnapshotFormat.of(codec).write(StateVersion.of(Revision.of(1)), "old", time.now()));
        List<PersistentCache<String>> caches = new ArrayList<>();
        SnapshotFormat<String> format = SnapshotFormat.builder(codec)
                .migrations(Migrations.to(1).from(0, tree -> tree).build())
                .validator(state -> assertThat(caches.get(0).clear(TOPIC)).isNotDone())
                .build();
        PersistentCache<String> cache = PersistentCache.builder(format)
                .storage(storage)
                .executor(storage)
                .time(time)
                .build();
        caches.add(cache);
        CompletableFuture<SnapshotEnvelope<String>> loaded = cache.load(TOPIC);
        storage.run();
        assertThat(loaded).isCompleted();
        assertThat(kept()).isEqualTo("nothing");
    }

    /** A time source that breaks when it is told to. */
    private final class BreakingTime implements TimeSource {
        int schedules;
        int nows;
        boolean refuses;

        @Override
        public long nanoTime() {
            return time.nanoTime();
        }

        @Override
        public Instant now() {
            if (nows-- == 1) {
                throw new IllegalStateException("clock");
            }
            return time.now();
        }

        @Override
        public Timer schedule(Runnable task, Duration delay) {
            if (refuses || schedules-- == 1) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return time.schedule(task, delay);
        }
    }

    @Test
    void aTimeSourceThatBreaksCostsOneSaveAndNotTheTopic() throws Exception {
        BreakingTime breaking = new BreakingTime();
        PersistentCache<String> cache = cache(b -> b.time(breaking));
        breaking.nows = 1;
        apply(cache, 1);
        CompletableFuture<Void> flushed = cache.flush();
        storage.run();
        assertThat(flushed).isCompletedExceptionally();
        breaking.schedules = 1;
        storage.failures.add(new IOException("full"));
        apply(cache, 2);
        storage.run();
        assertThat(errors).isNotEmpty();
        apply(cache, 3);
        storage.run();
        advance(1000);
        assertThat(kept()).isEqualTo("3");
        assertThat(cache.flush()).isCompleted();
    }

    @Test
    void withoutASchedulerAFailedSaveIsGivenUpAndNotTriedInALoop() {
        BreakingTime breaking = new BreakingTime();
        breaking.refuses = true;
        PersistentCache<String> cache = cache(b -> b.time(breaking));
        storage.failures.addAll(List.of(new IOException("1"), new IOException("2"), new IOException("3")));
        apply(cache, 1);
        storage.run();
        assertThat(storage.calls).hasSize(1);
        assertThat(errors).singleElement().matches(error -> !error.willRetry());
        PersistentCache<String> refused = cache(b -> b.time(breaking).executor(task -> {
            throw new RejectedExecutionException("shut down");
        }));
        apply(refused, 1);
        assertThat(errors).hasSize(2);
    }

    @Test
    void aFlushFailsAsLongAsWhatWasAppliedLastIsNotKept() {
        PersistentCache<String> cache = cache();
        storage.failures.add(new IOException("full"));
        apply(cache, 5);
        assertThat(cache.stopped(TOPIC)).isNotDone();
        storage.run();
        apply(cache, 4); // of another engine, which is behind
        storage.run();
        assertThat(cache.flush()).isCompletedExceptionally();
        apply(cache, 6);
        storage.run();
        assertThat(cache.flush()).isCompleted();
        PersistentCache<String> discarding = cache(b -> b.discardOnClose(true)
                .throttling(Throttling.builder().debounce(Duration.ofMinutes(1)).build()));
        apply(discarding, 7);
        assertThat(discarding.stopped(TOPIC)).isCompleted();
        assertThat(discarding.flush()).isCompletedExceptionally();
    }

    @Test
    void whatHasOutlivedItsTimeIsReplacedByTheSameVersion() throws Exception {
        SnapshotFormat<String> format = SnapshotFormat.builder(JacksonCodec.json(String.class))
                .timeToLive(Duration.ofHours(1))
                .build();
        PersistentCache<String> first = PersistentCache.builder(format)
                .storage(storage)
                .executor(storage)
                .time(time)
                .build();
        apply(first, 1);
        storage.run();
        time.advance(Duration.ofHours(2));
        PersistentCache<String> next = PersistentCache.builder(format)
                .storage(storage)
                .executor(storage)
                .time(time)
                .build();
        CompletableFuture<SnapshotEnvelope<String>> loaded = next.load(TOPIC);
        storage.run();
        assertThat(loaded).isCompletedWithValue(null);
        apply(next, 1);
        storage.run();
        CompletableFuture<SnapshotEnvelope<String>> again = next.load(TOPIC);
        storage.run();
        assertThat(again.join().data()).isEqualTo("state 1");
    }

    @Test
    void aFlushDoesNotSayThatWhatCannotBeUsedIsDurable() throws Exception {
        PersistentCache<String> cache = cache();
        SnapshotFormat<Integer> other = SnapshotFormat.builder(JacksonCodec.json(Integer.class))
                .compression(Compression.none())
                .build();
        storage.memory.save(TOPIC, other.write(StateVersion.of(Revision.of(1)), 7, time.now()));
        SnapshotFormat<String> strict = SnapshotFormat.builder(JacksonCodec.json(String.class))
                .validator(state -> {
                    throw new IllegalStateException("never");
                })
                .build();
        PersistentCache<String> next = PersistentCache.builder(strict)
                .storage(storage)
                .executor(storage)
                .time(time)
                .build();
        CompletableFuture<SnapshotEnvelope<String>> loaded = next.load(TOPIC);
        storage.run();
        assertThat(loaded).isCompletedExceptionally();
        apply(next, 1);
        CompletableFuture<Void> flushed = next.flush();
        storage.run();
        assertThatThrownBy(flushed::join).hasMessageContaining("clear the topic");
        apply(next, 2);
        CompletableFuture<Void> newer = next.flush();
        storage.run();
        assertThat(newer).isCompleted();
        assertThat(cache.flush()).isCompleted();
    }

    @Test
    void stoppedInsideACallbackOfTheSaveDoesNotWaitForItself() throws Exception {
        List<PersistentCache<String>> caches = new ArrayList<>();
        List<CompletableFuture<Void>> stopped = new ArrayList<>();
        PersistentCache<String> cache = cache(b -> b.listener(new PersistenceListener() {
            @Override
            public void onSaved(String topic, SnapshotMetadata metadata, boolean kept, Duration took) {
                apply(caches.get(0), 2);
                stopped.add(caches.get(0).stopped(topic));
                assertThat(stopped).allMatch(CompletableFuture::isDone);
            }
        }));
        caches.add(cache);
        apply(cache, 1);
        storage.run();
        assertThat(stopped).isNotEmpty();
        assertThat(kept()).isEqualTo("2");
    }

    @Test
    void anInterruptDoesNotReachTheStorageAndStaysSet() throws Exception {
        PersistentCache<String> cache = cache(b -> b.executor(Runnable::run));
        storage.duringSave =
                () -> assertThat(Thread.currentThread().isInterrupted()).isFalse();
        Thread.currentThread().interrupt();
        apply(cache, 1);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(kept()).isEqualTo("1");
    }

    @Test
    void aClearThatTheExecutorRefusesIsReported() {
        PersistentCache<String> cache = cache(b -> b.executor(task -> {
            throw new RejectedExecutionException("shut down");
        }));
        assertThat(cache.clear(TOPIC)).isCompletedExceptionally();
        assertThat(errors).singleElement().matches(error -> error.operation() == PersistenceOperation.CLEAR);
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
