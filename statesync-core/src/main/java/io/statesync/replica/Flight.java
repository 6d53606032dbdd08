package io.statesync.replica;

import io.statesync.Proposal;
import io.statesync.StateVersion;
import org.jspecify.annotations.Nullable;

/** A proposal under way, made of the first pending changes. It keeps its id and its value until its outcome is known. */
final class Flight<T extends @Nullable Object> {
    final String id;
    final StateVersion base;
    final T local;

    /** How many changes it is made of. */
    final int count;

    /** Whether it can be made again from another base. */
    final boolean rebasable;

    /** What the middleware made of it; null until then. Written by the one task that asks. */
    volatile @Nullable Proposal<T> sent;

    /** Whether a call of the proposer has not returned yet; written by the task that calls. */
    volatile boolean calling;

    Flight(String id, StateVersion base, T local, int count, boolean rebasable) {
        this.id = id;
        this.base = base;
        this.local = local;
        this.count = count;
        this.rebasable = rebasable;
    }
}
