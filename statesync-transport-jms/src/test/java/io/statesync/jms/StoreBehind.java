package io.statesync.jms;

import io.statesync.InvalidationSubscriber;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.WriteResult;
import io.statesync.source.Authority;
import io.statesync.source.RevisionedStore;
import java.util.concurrent.CompletionStage;

/** A store behind an authority, which says of its events what a test wants. */
class StoreBehind implements Authority<String> {
    final RevisionedStore<String> store;
    private final InvalidationSubscriber subscriber;

    StoreBehind(RevisionedStore<String> store, InvalidationSubscriber subscriber) {
        this.store = store;
        this.subscriber = subscriber;
    }

    @Override
    public String topic() {
        return store.topic();
    }

    @Override
    public CompletionStage<SnapshotEnvelope<String>> snapshot() {
        return store.snapshot();
    }

    @Override
    public CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) {
        return store.propose(proposal);
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return subscriber;
    }

    @Override
    public SnapshotProvider<String> provider() {
        return store.provider();
    }
}
