package io.statesync.http;

import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.jackson.internal.Envelope;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A pull that waits for its turn, or for its answer. The future of the answer; cancelling it ends the pull. */
final class PullJob<T extends @Nullable Object> extends CompletableFuture<PullResult<T>> {
    private final Pulls owner;
    private final StateCodec<T> codec;
    final String topic;
    final @Nullable StateVersion held;
    final @Nullable StateVersion wanted;
    final Duration timeout;
    Pulls.@Nullable Flight flight; // guarded by the owner's lock; null while it waits
    boolean alone; // guarded by the owner's lock; a request for it and others was refused

    PullJob(Pulls owner, PullRequest request, StateCodec<T> codec) {
        this.owner = owner;
        this.codec = codec;
        this.topic = request.topic();
        this.held = request.heldVersion();
        this.wanted = request.wantedVersion();
        this.timeout = request.timeout();
    }

    /** What the job holds was called current. */
    void notModified() {
        complete(NotModified.instance());
    }

    /** Runs on the decoder's executor. */
    void decode(Envelope snapshot) {
        try {
            complete(snapshot.snapshot(codec));
        } catch (Throwable t) { // the codec is user code
            completeExceptionally(t);
        }
    }

    void decode(byte[] json) {
        try {
            decode(Envelope.parse(json));
        } catch (Throwable t) {
            completeExceptionally(t);
        }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        if (cancelled) {
            owner.cancelled(this);
        }
        return cancelled;
    }
}
