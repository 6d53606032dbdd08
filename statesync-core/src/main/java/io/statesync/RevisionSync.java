package io.statesync;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one topic's state up to date: hears of events, pulls snapshots, and applies those that are newer.
 *
 * <p>Made by {@link StateSync#createRevisionSync}. All methods may be called from any thread, also from inside the
 * engine's own callbacks. Each future is the caller's own: cancelling it, or giving it a time-out, touches no other.
 * Dependents of futures run on the engine's executor. Joining a future of this engine inside one of its own callbacks
 * can deadlock; the log names it when it is noticed.
 *
 * @param <T> the type of the state
 */
public interface RevisionSync<T extends @Nullable Object> extends AutoCloseable {
    /** The topic. */
    String topic();

    /** The name of this engine in logs and metrics. */
    String instance();

    /**
     * Applies the cached snapshot if there is one, subscribes, then pulls (contract L1). The future is done when that
     * pull's answer is applied or found not newer; at once when the engine runs already. It fails with what failed
     * (contract L2), after which the engine may be started again, or with an {@link IllegalStateException} after
     * {@link #stop()}.
     */
    CompletableFuture<Void> start();

    /**
     * Ends everything, for good (contract L3): unsubscribes, drops timers, cancels the pull, commits to no further apply.
     * What is pending fails with a {@link java.util.concurrent.CancellationException}. Returns at once; idempotent.
     */
    void stop();

    /**
     * {@link #stop()}, then waits for an apply under way, not when called from inside that apply, and until a
     * {@link SavingCache} has saved, not when called from inside a callback of this engine; at most {@code closeTimeout}
     * for both. An interrupt ends the wait and stays set.
     */
    @Override
    void close();

    /**
     * Pulls. The future is done when a pull that began after this call was applied or found not newer (contract C2), and
     * fails with what failed. May be called before {@link #start()}; after {@link #stop()} it is done without effect.
     */
    CompletableFuture<Void> refresh();

    /**
     * Done at once if a pull that began within {@code age}, inclusive, succeeded; else a {@link #refresh()} (contract
     * V3).
     *
     * @throws IllegalArgumentException if {@code age} is negative
     */
    CompletableFuture<Void> refreshIfOlderThan(Duration age);

    /**
     * Waits until the local version is at least {@code version}, pulling until it is (contract W1): read your writes by
     * awaiting the version that a write was given. Fails when the engine is stopped, its start fails, or the source stays
     * too old (contract K5). Cancelled or timed out, it no longer counts (contract W3).
     */
    CompletableFuture<Void> awaitVersion(StateVersion version);

    /** {@link #awaitVersion} of a revision in local's epoch at the time of the call, or in epoch 0 before the first. */
    CompletableFuture<Void> awaitRevision(Revision revision);

    /** The revision last applied; {@link Revision#ZERO} before the first, when {@link #localVersion()} is null. */
    Revision localRevision();

    /** The version last applied; null before the first. */
    @Nullable
    StateVersion localVersion();

    /** What the engine is doing now. */
    SyncStatus status();
}
