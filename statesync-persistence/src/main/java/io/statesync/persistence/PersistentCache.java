package io.statesync.persistence;

import io.statesync.Backoff;
import io.statesync.SavingCache;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.Throttling;
import io.statesync.TimeSource;
import io.statesync.internal.DefaultExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The last known good state in a storage: an engine loads it when it starts, and has it saved as it applies.
 *
 * <p>Saves run on the executor, one at a time for each topic, and always of the newest snapshot: what comes while a save
 * runs, or is held by the throttling, replaces what waited before it. A save that fails is reported and tried again; it
 * never holds up an engine. When an engine is stopped, what is pending is saved at once, and
 * {@link io.statesync.RevisionSync#close()} waits for that.
 *
 * <p>A load takes the newest generation that can be read, is what was saved, has not outlived its time, can be brought
 * into the present form and is valid; each that cannot is reported.
 *
 * <p>One cache may serve any number of engines and topics of one type of state. Engines of one topic count as one: when one
 * of them is stopped, what is pending is saved or discarded, and what failed is not tried again before one applies. Safe for
 * use from any thread. It owns no thread, and a timer only while a save waits; it needs no close.
 *
 * @param <T> the type of the state; immutable, since it is encoded later and on another thread
 */
public final class PersistentCache<T extends @Nullable Object> implements SavingCache<T> {
    final SnapshotStorage storage;
    final SnapshotFormat<T> format;
    final @Nullable Throttling throttling;
    final Backoff retry;
    final boolean discardOnClose;
    final Executor executor;
    final TimeSource time;
    final Reports reports;
    private final Map<String, TopicSaves<T>> topics = new ConcurrentHashMap<>();

    private PersistentCache(Builder<T> b) {
        storage = b.storage;
        format = b.format;
        throttling = b.throttling;
        retry = b.retry;
        discardOnClose = b.discardOnClose;
        executor = b.executor;
        time = b.time;
        reports = new Reports(b.listener);
    }

    /**
     * A cache in a folder, with all defaults.
     *
     * @throws IOException if it is not a folder and cannot be made one
     */
    public static <T extends @Nullable Object> PersistentCache<T> inFolder(Path folder, StateCodec<T> codec)
            throws IOException {
        return in(FileStorage.in(folder), codec);
    }

    /** A cache in a storage, with all defaults. */
    public static <T extends @Nullable Object> PersistentCache<T> in(SnapshotStorage storage, StateCodec<T> codec) {
        return builder(SnapshotFormat.of(codec)).storage(storage).build();
    }

    /** A builder of a cache whose entries have this format. */
    public static <T extends @Nullable Object> Builder<T> builder(SnapshotFormat<T> format) {
        return new Builder<>(format);
    }

    private TopicSaves<T> saves(String topic) {
        TopicSaves<T> known = topics.get(Objects.requireNonNull(topic, "topic"));
        return known != null ? known : topics.computeIfAbsent(topic, name -> new TopicSaves<>(this, name));
    }

    /**
     * Loads what is kept of a topic, on the executor. Null if nothing is kept, or it is too old; fails if something is
     * kept and nothing of it can be used.
     */
    @Override
    public CompletableFuture<@Nullable SnapshotEnvelope<T>> load(String topic) {
        Objects.requireNonNull(topic, "topic");
        CompletableFuture<@Nullable SnapshotEnvelope<T>> loaded = new CompletableFuture<>();
        executor.execute(() -> {
            try {
                loaded.complete(loadNow(topic));
            } catch (Throwable t) { // whoever loads hears of it
                loaded.completeExceptionally(t);
            }
        });
        return loaded;
    }

    private @Nullable SnapshotEnvelope<T> loadNow(String topic) throws IOException {
        TopicSaves<T> saves = saves(topic);
        int clearsBefore = saves.clears();
        Loading<T> loading = new Loading<>(topic, storage, format, reports);
        Loading.Loaded<T> loaded;
        try {
            loaded = loading.run(time.now());
        } finally {
            StateVersion unusable = loading.unusable();
            if (unusable != null) {
                saves.unusable(unusable);
            }
        }
        if (loaded == null) {
            return null;
        }
        if (loaded.migrated()) {
            SnapshotMetadata origin = loaded.metadata();
            saves.migrated(origin.version(), loaded.snapshot().data(), origin, clearsBefore);
        }
        return loaded.snapshot();
    }

    @Override
    public void applied(String topic, StateVersion version, T data) {
        saves(topic).applied(version, data);
    }

    @Override
    public CompletableFuture<Void> stopped(String topic) {
        return saves(topic).stopped();
    }

    /**
     * Saves a topic without waiting for the throttling. The future is done when all that was applied before this call is
     * durable; it fails with what failed the save, or as cancelled if the snapshot was dropped by a clear or a close.
     */
    public CompletableFuture<Void> flush(String topic) {
        return saves(topic).flush();
    }

    /** {@link #flush(String)} of all topics; fails if one of them does. */
    public CompletableFuture<Void> flush() {
        return CompletableFuture.allOf(
                topics.values().stream().map(TopicSaves::flush).toArray(CompletableFuture<?>[]::new));
    }

    /** Forgets a topic, also what is not saved yet; the engines keep what they applied. Fails if it is still there. */
    public CompletableFuture<Void> clear(String topic) {
        return saves(topic).clear();
    }

    /** What this cache did since it was made. */
    public PersistenceStatistics statistics() {
        return reports.statistics();
    }

    /**
     * Builds a {@link PersistentCache}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>storage</td><td>a {@link MemoryStorage}</td></tr>
     * <tr><td>throttling</td><td>none: a save begins when the one before has ended</td></tr>
     * <tr><td>retry</td><td>1 s, doubling, at most 1 min, full jitter</td></tr>
     * <tr><td>discardOnClose</td><td>false: what is pending is saved</td></tr>
     * <tr><td>listener</td><td>none</td></tr>
     * <tr><td>executor</td><td>the pool of daemon threads that engines share</td></tr>
     * <tr><td>time</td><td>{@link TimeSource#system()}</td></tr>
     * </table>
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final SnapshotFormat<T> format;
        private SnapshotStorage storage = new MemoryStorage();
        private @Nullable Throttling throttling;
        private Backoff retry = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofMinutes(1));
        private boolean discardOnClose;
        private PersistenceListener listener = new PersistenceListener() {};
        private Executor executor = DefaultExecutor.SHARED;
        private TimeSource time = TimeSource.system();

        private Builder(SnapshotFormat<T> format) {
            this.format = Objects.requireNonNull(format, "format");
        }

        /** Where snapshots are kept. */
        public Builder<T> storage(SnapshotStorage storage) {
            this.storage = Objects.requireNonNull(storage, "storage");
            return this;
        }

        /** How saves are held back, counted in applies and saves instead of events and pulls. */
        public Builder<T> throttling(Throttling throttling) {
            this.throttling = Objects.requireNonNull(throttling, "throttling");
            return this;
        }

        /** How long a save waits that failed before. */
        public Builder<T> retry(Backoff retry) {
            this.retry = Objects.requireNonNull(retry, "retry");
            return this;
        }

        /** Whether what is pending is dropped, and not saved, when an engine is stopped. */
        public Builder<T> discardOnClose(boolean discardOnClose) {
            this.discardOnClose = discardOnClose;
            return this;
        }

        /** What hears of saves, loads and failures. */
        public Builder<T> listener(PersistenceListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Where storage, codec and listener are called, which block. */
        public Builder<T> executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Clock and scheduler, for tests in virtual time. */
        public Builder<T> time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /** The cache. */
        public PersistentCache<T> build() {
            return new PersistentCache<>(this);
        }
    }
}
