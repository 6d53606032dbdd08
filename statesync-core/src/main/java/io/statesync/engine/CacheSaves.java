package io.statesync.engine;

import io.statesync.SavingCache;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The engine's side of a cache that saves, guarded against one that breaks its promise to throw nothing. No lock. */
final class CacheSaves<T extends @Nullable Object> {
    private final Engine<T> engine;
    private final SavingCache<T> cache;

    private CacheSaves(Engine<T> engine, SavingCache<T> cache) {
        this.engine = engine;
        this.cache = cache;
    }

    /** Null if the options have no cache that saves. */
    static <T extends @Nullable Object> @Nullable CacheSaves<T> of(Engine<T> engine) {
        return engine.options.cache() instanceof SavingCache<T> cache ? new CacheSaves<>(engine, cache) : null;
    }

    /** Tells the cache of an apply. */
    void applied(StateVersion version, T data) {
        try {
            cache.applied(engine.topic(), version, data);
        } catch (Throwable t) { // it is applied all the same
            failed("applied", t);
        }
    }

    /** Tells the cache of the stop; null if it cannot say when it has saved. */
    @Nullable
    CompletionStage<?> stopped() {
        CompletionStage<?> saved = null;
        try {
            saved = cache.stopped(engine.topic());
        } catch (Throwable t) { // it is stopped all the same
            failed("stopped", t);
        }
        return saved;
    }

    /** Tells the cache of the stop and waits until it has saved. An interrupt ends the wait and stays set. */
    void awaitEnd(Duration limit) {
        CompletionStage<?> saved = stopped();
        if (saved == null) {
            return;
        }
        CountDownLatch ended = new CountDownLatch(1);
        var unused = saved.whenComplete((nothing, error) -> ended.countDown());
        try {
            if (!ended.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                Logs.with(
                        engine,
                        () -> Logs.LIFECYCLE.warn(
                                "closed while the cache is still saving, which goes on: topic={} instance={}",
                                engine.topic(),
                                engine.instance()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void failed(String method, Throwable error) {
        Logs.with(
                engine,
                () -> Logs.CALLBACK.error(
                        "SavingCache.{} threw, the last snapshot may not be saved: topic={} instance={}",
                        method,
                        engine.topic(),
                        engine.instance(),
                        error));
    }
}
