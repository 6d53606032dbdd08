package io.statesync.replica;

import io.statesync.LifecycleState;
import io.statesync.PullRequest;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncListener;
import io.statesync.SyncPhase;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Hands what an engine does to its replica first, then to the replica's listener. */
final class EngineListener<T extends @Nullable Object> implements SyncListener<T> {
    private final SyncListener<? super T> next;
    private final StateReplica.StatusListener replica;

    EngineListener(SyncListener<? super T> next, StateReplica.StatusListener replica) {
        this.next = next;
        this.replica = replica;
    }

    @Override
    public void onPull(PullRequest request) {
        next.onPull(request);
    }

    @Override
    @SuppressWarnings("unchecked") // a listener of a supertype takes snapshots of the subtype
    public void onApplied(SnapshotEnvelope<T> snapshot, StateVersion version, Duration took) {
        replica.succeeded();
        ((SyncListener<T>) next).onApplied(snapshot, version, took);
    }

    @Override
    public void onSkipped(StateVersion answered, StateVersion localVersion) {
        replica.succeeded();
        next.onSkipped(answered, localVersion);
    }

    @Override
    public void onError(SyncError error) {
        SyncPhase phase = error.phase();
        if (phase != SyncPhase.PROTOCOL && phase != SyncPhase.INVALIDATION) {
            replica.failed(error.error());
        }
        next.onError(error);
    }

    @Override
    public void onStateChange(LifecycleState from, LifecycleState to) {
        next.onStateChange(from, to);
    }

    @Override
    public void onConnection(boolean connected) {
        replica.connected(connected);
        next.onConnection(connected);
    }
}
