package io.statesync.jms;

import io.statesync.InvalidationSubscriber;
import io.statesync.SnapshotProvider;
import io.statesync.StateProposer;
import io.statesync.WritableBinding;
import org.jspecify.annotations.Nullable;

/** A topic over a client's connection. */
record JmsBinding<T extends @Nullable Object>(
        InvalidationSubscriber subscriber, SnapshotProvider<T> provider, StateProposer<T> proposer)
        implements WritableBinding<T> {}
