package io.statesync.source.internal;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.source.Authority;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A topic's source, and how its states are written. */
public record Served<T extends @Nullable Object>(Authority<T> authority, StateCodec<T> codec) {
    /** The state; a source that throws failed, like one whose stage fails. */
    public CompletableFuture<SnapshotEnvelope<T>> snapshot() {
        try {
            return authority.snapshot().toCompletableFuture();
        } catch (Throwable t) { // a source of the user's
            return CompletableFuture.failedFuture(t);
        }
    }
}
