package io.statesync.persistence;

import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Checks;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An applier that has a cache keep what it applied, for use without an engine. With one, prefer
 * {@link io.statesync.RevisionSyncOptions.Builder#cache}.
 *
 * <p>Not safe for several applies at once, as no applier need be.
 *
 * @param <T> the type of the state
 */
public final class PersistentApplier<T extends @Nullable Object> implements SnapshotApplier<T>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");
    private static final int CLOSE_SECONDS = 10;

    private final String topic;
    private final SnapshotApplier<T> applier;
    private final PersistentCache<T> cache;
    private volatile @Nullable StateVersion local;

    private PersistentApplier(String topic, SnapshotApplier<T> applier, PersistentCache<T> cache) {
        this.topic = Checks.notBlank("topic", topic);
        this.applier = Objects.requireNonNull(applier, "applier");
        this.cache = Objects.requireNonNull(cache, "cache");
    }

    /** An applier around another. */
    public static <T extends @Nullable Object> PersistentApplier<T> of(
            String topic, SnapshotApplier<T> applier, PersistentCache<T> cache) {
        return new PersistentApplier<>(topic, applier, cache);
    }

    /**
     * Loads what is kept and applies it, waiting for both.
     *
     * @return the version; null if nothing is kept
     * @throws Exception what failed the load, in a {@link java.util.concurrent.CompletionException}, or the apply
     */
    public @Nullable StateVersion restore() throws Exception {
        SnapshotEnvelope<T> kept = cache.load(topic).join();
        if (kept == null) {
            return null;
        }
        StateVersion version = kept.version(local);
        applier.apply(kept);
        local = version;
        return version;
    }

    /** Applies a snapshot, and has it saved if that succeeded. */
    @Override
    public void apply(SnapshotEnvelope<T> snapshot) throws Exception {
        StateVersion version = snapshot.version(local);
        applier.apply(snapshot);
        local = version;
        cache.applied(topic, version, snapshot.data());
    }

    /** Done when all that was applied before is durable, see {@link PersistentCache#flush(String)}. */
    public CompletableFuture<Void> flush() {
        return cache.flush(topic);
    }

    /**
     * Saves what is pending, or drops it if the cache discards on close, and waits for that, at most 10 s. An interrupt ends
     * the wait and stays set.
     */
    @Override
    public void close() {
        try {
            cache.stopped(topic).get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | CancellationException e) {
            return; // the cache has reported it
        } catch (TimeoutException e) {
            log.warn("closed while the cache is still saving, which goes on: topic={}", topic);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
