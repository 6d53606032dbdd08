package io.statesync;

import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What {@link StateSync#createRevisionSync} needs to know. Immutable; one object may serve several engines. Built by
 * {@link #builder(String)}, whose class comment lists the defaults.
 *
 * @param <T> the type of the state
 */
public final class RevisionSyncOptions<T extends @Nullable Object> {
    private final String topic;
    private final String instance;
    private final InvalidationSubscriber subscriber;
    private final SnapshotProvider<T> provider;
    private final @Nullable SnapshotApplier<T> applier;
    private final @Nullable AsyncSnapshotApplier<T> asyncApplier;
    private final @Nullable SnapshotCache<T> cache;
    private final @Nullable Consumer<? super SyncError> onError;
    private final @Nullable SyncListener<? super T> listener;
    private final @Nullable Predicate<? super InvalidationEvent> shouldRefresh;
    private final @Nullable Throttling throttling;
    private final RetryPolicy retry;
    private final Backoff catchUp;
    private final Duration giveUpAfter;
    private final Duration pullTimeout;
    private final Duration subscribeTimeout;
    private final Duration cacheTimeout;
    private final Duration slowApplyAfter;
    private final Duration closeTimeout;
    private final @Nullable Duration resyncInterval;
    private final Duration pullSpread;
    private final Startup startup;
    private final Executor executor;
    private final Executor applyExecutor;
    private final TimeSource time;
    private final Supplier<? extends RandomGenerator> random;

    private RevisionSyncOptions(Builder<T> b) {
        topic = b.topic;
        instance = b.instance != null ? b.instance : b.topic;
        subscriber = required("subscriber (or source)", b.subscriber);
        provider = required("provider (or source)", b.provider);
        applier = b.applier;
        asyncApplier = b.asyncApplier;
        cache = b.cache;
        onError = b.onError;
        listener = b.listener;
        shouldRefresh = b.shouldRefresh;
        throttling = b.throttling;
        retry = b.retry;
        catchUp = b.catchUp;
        giveUpAfter = b.giveUpAfter;
        pullTimeout = b.pullTimeout;
        subscribeTimeout = b.subscribeTimeout;
        cacheTimeout = b.cacheTimeout;
        slowApplyAfter = b.slowApplyAfter;
        closeTimeout = b.closeTimeout;
        resyncInterval = b.resyncInterval;
        pullSpread = b.pullSpread;
        startup = b.startup != null ? b.startup : b.cache != null ? Startup.KEEP_TRYING : Startup.FAIL_FAST;
        executor = b.executor != null ? b.executor : DefaultExecutor.SHARED;
        applyExecutor = b.applyExecutor != null ? b.applyExecutor : executor;
        time = b.time;
        random = b.random;
        if (applier == null && asyncApplier == null) {
            required("applier (or asyncApplier)", null);
        }
        if (applier != null && asyncApplier != null) {
            throw new IllegalArgumentException("applier and asyncApplier are both set: choose one");
        }
    }

    private static <V> V required(String option, @Nullable V value) {
        if (value == null) {
            throw new IllegalArgumentException("missing option: " + option);
        }
        return value;
    }

    /**
     * A builder for a topic's options.
     *
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(String topic) {
        return new Builder<>(topic);
    }

    /** The topic. */
    public String topic() {
        return topic;
    }

    /** The engine's name in logs and metrics; the topic unless set. */
    public String instance() {
        return instance;
    }

    /** Where events come from. */
    public InvalidationSubscriber subscriber() {
        return subscriber;
    }

    /** Where snapshots are pulled. */
    public SnapshotProvider<T> provider() {
        return provider;
    }

    /** What applies snapshots; null if {@link #asyncApplier()} does. */
    public @Nullable SnapshotApplier<T> applier() {
        return applier;
    }

    /** What applies snapshots asynchronously; null if {@link #applier()} does. */
    public @Nullable AsyncSnapshotApplier<T> asyncApplier() {
        return asyncApplier;
    }

    /** Where the last known state is kept; null for nowhere. */
    public @Nullable SnapshotCache<T> cache() {
        return cache;
    }

    /** What hears of errors; null for nobody but the log. */
    public @Nullable Consumer<? super SyncError> onError() {
        return onError;
    }

    /** What hears of everything; null for nobody. */
    public @Nullable SyncListener<? super T> listener() {
        return listener;
    }

    /** Which newer events are worth a pull; null for all. */
    public @Nullable Predicate<? super InvalidationEvent> shouldRefresh() {
        return shouldRefresh;
    }

    /** How event-triggered pulls are held back; null for not at all. */
    public @Nullable Throttling throttling() {
        return throttling;
    }

    /** How often a failed pull is tried again within its cycle. */
    public RetryPolicy retry() {
        return retry;
    }

    /** The backoff of catching up, and of trying to subscribe again. */
    public Backoff catchUp() {
        return catchUp;
    }

    /** How long answers may stay too old before they are given up. */
    public Duration giveUpAfter() {
        return giveUpAfter;
    }

    /** How long a pull's answer may take. */
    public Duration pullTimeout() {
        return pullTimeout;
    }

    /** How long subscribing may take. */
    public Duration subscribeTimeout() {
        return subscribeTimeout;
    }

    /** How long loading the cache may take. */
    public Duration cacheTimeout() {
        return cacheTimeout;
    }

    /** After how long an apply under way is logged as slow. */
    public Duration slowApplyAfter() {
        return slowApplyAfter;
    }

    /** How long {@code close()} waits for an apply under way. */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /** After how long without a cycle the engine pulls on its own; null for never. */
    public @Nullable Duration resyncInterval() {
        return resyncInterval;
    }

    /** The longest random wait before an event-triggered pull; zero for none. */
    public Duration pullSpread() {
        return pullSpread;
    }

    /** What a start does when its source is not there. */
    public Startup startup() {
        return startup;
    }

    /** Where user code runs. */
    public Executor executor() {
        return executor;
    }

    /** Where applies run. */
    public Executor applyExecutor() {
        return applyExecutor;
    }

    /** Clock and scheduler. */
    public TimeSource time() {
        return time;
    }

    /** Where jitter comes from; asked under the engine's lock, so its answer must be at hand. */
    public Supplier<? extends RandomGenerator> random() {
        return random;
    }

    /**
     * Builds {@link RevisionSyncOptions}. Needs a subscriber and a provider (or a source that is both), and an applier or
     * an asyncApplier. Defaults of the others:
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>instance</td><td>the topic</td></tr>
     * <tr><td>cache, onError, listener, shouldRefresh</td><td>none</td></tr>
     * <tr><td>throttling</td><td>none</td></tr>
     * <tr><td>retry</td><td>{@link RetryPolicy#none()}</td></tr>
     * <tr><td>catchUp</td><td>{@link Backoff#standard()}: 100 ms, doubling, at most 30 s, full jitter</td></tr>
     * <tr><td>giveUpAfter</td><td>10 min</td></tr>
     * <tr><td>pullTimeout, subscribeTimeout, cacheTimeout</td><td>30 s each</td></tr>
     * <tr><td>slowApplyAfter, closeTimeout</td><td>10 s each</td></tr>
     * <tr><td>resyncInterval</td><td>off</td></tr>
     * <tr><td>pullSpread</td><td>zero: no spread</td></tr>
     * <tr><td>startup</td><td>{@link Startup#FAIL_FAST} without a cache, {@link Startup#KEEP_TRYING} with one</td></tr>
     * <tr><td>executor</td><td>a pool of daemon threads that all engines share, whose idle threads end</td></tr>
     * <tr><td>applyOn</td><td>the executor</td></tr>
     * <tr><td>time</td><td>{@link TimeSource#system()}</td></tr>
     * <tr><td>random</td><td>{@link ThreadLocalRandom}</td></tr>
     * </table>
     *
     * <p>A duration of more than 146 years counts as 146 years. Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final String topic;
        private @Nullable String instance;
        private @Nullable InvalidationSubscriber subscriber;
        private @Nullable SnapshotProvider<T> provider;
        private @Nullable SnapshotApplier<T> applier;
        private @Nullable AsyncSnapshotApplier<T> asyncApplier;
        private @Nullable SnapshotCache<T> cache;
        private @Nullable Consumer<? super SyncError> onError;
        private @Nullable SyncListener<? super T> listener;
        private @Nullable Predicate<? super InvalidationEvent> shouldRefresh;
        private @Nullable Throttling throttling;
        private RetryPolicy retry = RetryPolicy.none();
        private Backoff catchUp = Backoff.standard();
        private Duration giveUpAfter = Duration.ofMinutes(10);
        private Duration pullTimeout = Duration.ofSeconds(30);
        private Duration subscribeTimeout = Duration.ofSeconds(30);
        private Duration cacheTimeout = Duration.ofSeconds(30);
        private Duration slowApplyAfter = Duration.ofSeconds(10);
        private Duration closeTimeout = Duration.ofSeconds(10);
        private @Nullable Duration resyncInterval;
        private Duration pullSpread = Duration.ZERO;
        private @Nullable Startup startup;
        private @Nullable Executor executor;
        private @Nullable Executor applyExecutor;
        private TimeSource time = TimeSource.system();
        private Supplier<? extends RandomGenerator> random = ThreadLocalRandom::current;

        private Builder(String topic) {
            this.topic = Checks.notBlank("topic", topic);
        }

        /** The engine's name in logs and metrics, for several engines of one topic in one process. */
        public Builder<T> instance(String instance) {
            this.instance = Checks.notBlank("instance", instance);
            return this;
        }

        /** Where events come from. */
        public Builder<T> subscriber(InvalidationSubscriber subscriber) {
            this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
            return this;
        }

        /** Where snapshots are pulled. */
        public Builder<T> provider(SnapshotProvider<T> provider) {
            this.provider = Objects.requireNonNull(provider, "provider");
            return this;
        }

        /** A transport that is subscriber and provider in one. */
        public Builder<T> source(StateBinding<T> source) {
            Objects.requireNonNull(source, "source");
            return subscriber(source.subscriber()).provider(source.provider());
        }

        /** What applies snapshots, blocking until it has. */
        public Builder<T> applier(SnapshotApplier<T> applier) {
            this.applier = Objects.requireNonNull(applier, "applier");
            return this;
        }

        /** What applies snapshots and says later that it has. */
        public Builder<T> asyncApplier(AsyncSnapshotApplier<T> asyncApplier) {
            this.asyncApplier = Objects.requireNonNull(asyncApplier, "asyncApplier");
            return this;
        }

        /**
         * Where the last known state is kept; a {@link SavingCache} keeps what is applied. Makes
         * {@link Startup#KEEP_TRYING} the default.
         */
        public Builder<T> cache(SnapshotCache<T> cache) {
            this.cache = Objects.requireNonNull(cache, "cache");
            return this;
        }

        /** What hears of every error, on the executor; beside the log and the listener. */
        public Builder<T> onError(Consumer<? super SyncError> onError) {
            this.onError = Objects.requireNonNull(onError, "onError");
            return this;
        }

        /** What hears of everything, on the executor. */
        public Builder<T> listener(SyncListener<? super T> listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Which newer events are worth a pull (contract G6). Runs on the thread that delivers the event, so it must be
         * quick. If it throws, that is reported in phase {@link SyncPhase#INVALIDATION} and the event is kept.
         */
        public Builder<T> shouldRefresh(Predicate<? super InvalidationEvent> shouldRefresh) {
            this.shouldRefresh = Objects.requireNonNull(shouldRefresh, "shouldRefresh");
            return this;
        }

        /** How event-triggered pulls are held back (contract T1 to T6). */
        public Builder<T> throttling(Throttling throttling) {
            this.throttling = Objects.requireNonNull(throttling, "throttling");
            return this;
        }

        /** How often a failed pull is tried again within its cycle (contract R1). */
        public Builder<T> retry(RetryPolicy retry) {
            this.retry = Objects.requireNonNull(retry, "retry");
            return this;
        }

        /** The backoff of catching up (contract K1), and of trying to subscribe again (contract B2). */
        public Builder<T> catchUp(Backoff catchUp) {
            this.catchUp = Objects.requireNonNull(catchUp, "catchUp");
            return this;
        }

        /** How long answers may stay too old before they are given up (contract K5). */
        public Builder<T> giveUpAfter(Duration giveUpAfter) {
            this.giveUpAfter = Checks.positive("giveUpAfter", giveUpAfter);
            return this;
        }

        /** How long a pull's answer may take (contract R4). */
        public Builder<T> pullTimeout(Duration pullTimeout) {
            this.pullTimeout = Checks.positive("pullTimeout", pullTimeout);
            return this;
        }

        /** How long subscribing may take (contract R4). */
        public Builder<T> subscribeTimeout(Duration subscribeTimeout) {
            this.subscribeTimeout = Checks.positive("subscribeTimeout", subscribeTimeout);
            return this;
        }

        /** How long loading the cache may take (contract R4). */
        public Builder<T> cacheTimeout(Duration cacheTimeout) {
            this.cacheTimeout = Checks.positive("cacheTimeout", cacheTimeout);
            return this;
        }

        /** After how long an apply under way is logged as slow; it is waited for all the same (contract R4). */
        public Builder<T> slowApplyAfter(Duration slowApplyAfter) {
            this.slowApplyAfter = Checks.positive("slowApplyAfter", slowApplyAfter);
            return this;
        }

        /** How long {@code close()} waits for an apply under way (contract L3). */
        public Builder<T> closeTimeout(Duration closeTimeout) {
            this.closeTimeout = Checks.positive("closeTimeout", closeTimeout);
            return this;
        }

        /** After how long without a cycle the engine pulls on its own (contract N2). */
        public Builder<T> resyncInterval(Duration resyncInterval) {
            this.resyncInterval = Checks.positive("resyncInterval", resyncInterval);
            return this;
        }

        /**
         * The longest wait before an event-triggered pull: each waits a random part of it, so that a fleet does not pull
         * at once. Zero, the default, for no wait.
         */
        public Builder<T> pullSpread(Duration pullSpread) {
            this.pullSpread = Checks.notNegative("pullSpread", pullSpread);
            return this;
        }

        /** What a start does when its source is not there (contract B1). */
        public Builder<T> startup(Startup startup) {
            this.startup = Objects.requireNonNull(startup, "startup");
            return this;
        }

        /** Where user code runs: provider, subscriber, hooks, listeners, dependents of futures, and applies. */
        public Builder<T> executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Where applies run, if not on the executor: a UI thread, for instance. */
        public Builder<T> applyOn(Executor applyExecutor) {
            this.applyExecutor = Objects.requireNonNull(applyExecutor, "applyOn");
            return this;
        }

        /** Clock and scheduler, for tests in virtual time or a scheduler of one's own. */
        public Builder<T> time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /** Where jitter comes from, for tests that replay. */
        public Builder<T> random(RandomGenerator random) {
            Objects.requireNonNull(random, "random");
            this.random = () -> random;
            return this;
        }

        /**
         * The options.
         *
         * @throws IllegalArgumentException if a part is missing or parts contradict each other, naming them
         */
        public RevisionSyncOptions<T> build() {
            return new RevisionSyncOptions<>(this);
        }
    }
}
