package io.statesync.replica;

import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.LifecycleState;
import io.statesync.PullRequest;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateBinding;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncError;
import io.statesync.SyncListener;
import io.statesync.SyncPhase;
import io.statesync.replica.Model.Life;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What the engine of a replica deals with: its source, which is the replica's with an ear on the subscription, its applier,
 * and its listener, which hands on to the replica's.
 */
final class EngineSide<T extends @Nullable Object> implements StateBinding<T>, SyncListener<T> {
    private final StateBinding<T> source;
    private final SyncListener<? super T> next;
    private volatile @Nullable ReplicaCore<T> core;
    private volatile @Nullable Sender<T> sender;

    EngineSide(StateBinding<T> source, SyncListener<? super T> next) {
        this.source = source;
        this.next = next;
    }

    /** The replica; before the engine is made. */
    void attach(ReplicaCore<T> replica, Sender<T> sending) {
        core = replica;
        sender = sending;
    }

    private ReplicaCore<T> core() {
        return Objects.requireNonNull(core);
    }

    private Sender<T> sender() {
        return Objects.requireNonNull(sender);
    }

    @Override
    public SnapshotProvider<T> provider() {
        return source.provider();
    }

    @Override
    public InvalidationSubscriber subscriber() {
        InvalidationSubscriber subscriber = source.subscriber();
        return handler -> subscribe(subscriber, handler);
    }

    private CompletionStage<Subscription> subscribe(InvalidationSubscriber subscriber, InvalidationHandler handler)
            throws Exception {
        sender().engine(handler);
        return subscriber.subscribe(handler);
    }

    /** Takes a snapshot over: at once, or when the proposal that it may hold already is settled. */
    CompletionStage<?> apply(SnapshotEnvelope<T> snapshot) {
        CompletableFuture<Void> applied = new CompletableFuture<>();
        StateVersion version = core().versionOf(snapshot);
        Confirmed<T> incoming = core().model().takes(version) ? core().incoming(snapshot, version) : null;
        boolean taken = incoming != null
                && core().change(model -> model.takes(version) ? model.snapshot(incoming, applied) : model);
        Model.Held<T> held = core().model().held;
        if (held == null || held.applied() != applied) {
            applied.complete(null); // otherwise when it is let in
        }
        if (taken) {
            core().guarded(sender()::pump);
        }
        return applied;
    }

    @Override
    public void onPull(PullRequest request) {
        next.onPull(request);
    }

    @Override
    @SuppressWarnings("unchecked") // a listener of a supertype takes snapshots of the subtype
    public void onApplied(SnapshotEnvelope<T> snapshot, StateVersion version, Duration took) {
        succeeded();
        ((SyncListener<T>) next).onApplied(snapshot, version, took);
    }

    @Override
    public void onSkipped(StateVersion answered, StateVersion localVersion) {
        succeeded();
        next.onSkipped(answered, localVersion);
    }

    private void succeeded() {
        core().change(model ->
                model.error == null || model.misses > 0 || model.life == Life.CLOSED ? model : model.failing(null));
    }

    @Override
    public void onError(SyncError error) {
        SyncPhase phase = error.phase();
        if (phase != SyncPhase.PROTOCOL && phase != SyncPhase.INVALIDATION) {
            core().change(model -> model.life == Life.CLOSED ? model : model.failing(error.error()));
        }
        next.onError(error);
    }

    @Override
    public void onStateChange(LifecycleState from, LifecycleState to) {
        try {
            next.onStateChange(from, to);
        } finally {
            if (to == LifecycleState.STOPPED) {
                core().engineStopped();
            }
        }
    }

    @Override
    public void onConnection(boolean connected) {
        try {
            next.onConnection(connected); // first, since what is sent now is heard of at once
        } finally {
            core().guarded(() -> sender().connected(connected));
        }
    }
}
