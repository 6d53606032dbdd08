package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SavingCache;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link SavingCache} must keep: extend it, give it a cache, and JUnit runs it.
 *
 * @param <T> the type of the state
 */
@Timeout(60)
public abstract class SavingCacheContract<T extends @Nullable Object> {
    private static final String TOPIC = "settings";

    /** For subclasses. */
    protected SavingCacheContract() {}

    /** A cache in which nothing is kept; called once in each test. */
    protected abstract SavingCache<T> createCache() throws Exception;

    /** The cache as the next process finds it. */
    protected abstract SavingCache<T> reopen(SavingCache<T> cache) throws Exception;

    /** A state; another one for each number. States are compared by {@code equals}. */
    protected abstract T data(int n);

    private static StateVersion version(long epoch, long revision) {
        return StateVersion.of(Revision.of(epoch), Revision.of(revision));
    }

    private static @Nullable SnapshotEnvelope<?> load(SavingCache<?> cache, String topic) throws Exception {
        return cache.load(topic).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static void stop(SavingCache<?> cache, String topic) throws Exception {
        cache.stopped(topic).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private void assertKept(SavingCache<T> cache, String topic, StateVersion version, int n) throws Exception {
        SnapshotEnvelope<?> kept = Objects.requireNonNull(load(reopen(cache), topic), "nothing is kept");
        assertThat(StateVersion.of(Objects.requireNonNull(kept.epoch(), "epoch"), kept.revision()))
                .isEqualTo(version);
        assertThat((Object) kept.data()).isEqualTo(data(n));
    }

    @Test
    @DisplayName("P1: null when nothing is kept")
    void knowsNothingAtFirst() throws Exception {
        SavingCache<T> cache = createCache();
        assertThat(load(cache, TOPIC)).isNull();
        stop(cache, TOPIC);
        assertThat(load(reopen(cache), TOPIC)).isNull();
    }

    @Test
    @DisplayName("P5, X5: what was applied last is kept when the stop's stage is done, with its epoch")
    void keepsWhatWasAppliedLast() throws Exception {
        SavingCache<T> cache = createCache();
        cache.applied(TOPIC, version(7, 1), data(1));
        cache.applied(TOPIC, version(7, 2), data(2));
        cache.applied(TOPIC, version(8, 1), data(3));
        stop(cache, TOPIC);
        assertKept(cache, TOPIC, version(8, 1), 3);
    }

    @Test
    @DisplayName("P5: a stop is not the end: what is applied after it is kept by the next stop")
    void goesOnAfterAStop() throws Exception {
        SavingCache<T> cache = createCache();
        cache.applied(TOPIC, version(0, 1), data(1));
        stop(cache, TOPIC);
        stop(cache, TOPIC);
        cache.applied(TOPIC, version(0, 2), data(2));
        stop(cache, TOPIC);
        assertKept(cache, TOPIC, version(0, 2), 2);
    }

    @Test
    void keepsTopicsApart() throws Exception {
        SavingCache<T> cache = createCache();
        cache.applied(TOPIC, version(0, 5), data(1));
        cache.applied("another", version(0, 1), data(2));
        stop(cache, TOPIC);
        stop(cache, "another");
        assertKept(cache, TOPIC, version(0, 5), 1);
        assertKept(cache, "another", version(0, 1), 2);
    }

    @Test
    @DisplayName("X1: an older snapshot never replaces a newer one, by whichever cache it comes")
    void neverGoesBack() throws Exception {
        SavingCache<T> cache = createCache();
        cache.applied(TOPIC, version(3, 5), data(5));
        stop(cache, TOPIC);
        cache.applied(TOPIC, version(3, 4), data(4));
        cache.applied(TOPIC, version(2, 9), data(9));
        stop(cache, TOPIC);
        SavingCache<T> next = reopen(cache);
        next.applied(TOPIC, version(3, 1), data(1));
        stop(next, TOPIC);
        assertKept(next, TOPIC, version(3, 5), 5);
    }

    @Test
    void endsAtTheNewestOfConcurrentCalls() throws Exception {
        SavingCache<T> cache = createCache();
        int threads = 4;
        int each = 50;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            CountDownLatch begin = new CountDownLatch(1);
            List<CompletableFuture<Void>> done = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int offset = thread;
                done.add(CompletableFuture.runAsync(
                        () -> {
                            try {
                                assertThat(begin.await(30, TimeUnit.SECONDS)).isTrue();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                            for (int i = 0; i < each; i++) {
                                int n = i * threads + offset;
                                cache.applied(TOPIC, version(0, n), data(n));
                            }
                        },
                        executor));
            }
            begin.countDown();
            CompletableFuture.allOf(done.toArray(CompletableFuture<?>[]::new)).get(30, TimeUnit.SECONDS);
        } finally {
            executor.shutdownNow();
        }
        stop(cache, TOPIC);
        assertKept(cache, TOPIC, version(0, threads * each - 1), threads * each - 1);
    }

    @Test
    @DisplayName("P1, P5: an engine that was closed is followed by one that starts where it was, without a source")
    void servesAnEngine() throws Exception {
        SavingCache<T> cache = createCache();
        ScriptedProvider<T> provider = new ScriptedProvider<>();
        RecordingApplier<T> applied = new RecordingApplier<>();
        try (RevisionSync<T> sync = engine(provider, applied, cache)) {
            CompletableFuture<Void> started = sync.start();
            provider.awaitPull(java.time.Duration.ofSeconds(30)).answer(SnapshotEnvelope.of(version(9, 3), data(3)));
            started.get(30, TimeUnit.SECONDS);
        }
        ScriptedProvider<T> gone = new ScriptedProvider<>();
        gone.throwNext(new IllegalStateException("no source"));
        RecordingApplier<T> restored = new RecordingApplier<>();
        try (RevisionSync<T> sync = engine(gone, restored, reopen(cache))) {
            sync.start().get(30, TimeUnit.SECONDS);
            assertThat(sync.localVersion()).isEqualTo(version(9, 3));
            assertThat((Object) restored.last().data()).isEqualTo(data(3));
        }
    }

    private RevisionSync<T> engine(ScriptedProvider<T> provider, RecordingApplier<T> applier, SavingCache<T> cache) {
        return StateSync.createRevisionSync(RevisionSyncOptions.<T>builder(TOPIC)
                .subscriber(new ScriptedSubscriber())
                .provider(provider)
                .applier(applier)
                .cache(cache)
                .build());
    }
}
