package io.statesync.testkit.internal;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.source.Authority;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A source that is at whatever version a test says. */
public final class SettableSource implements Authority<String> {
    private final String topic;
    private final List<InvalidationHandler> handlers = new CopyOnWriteArrayList<>();
    private volatile SnapshotEnvelope<String> current = SnapshotEnvelope.of(StateVersion.ofUnsigned(0, 0), "none");

    /** A source at revision 0. */
    public SettableSource(String topic) {
        this.topic = topic;
    }

    /** Moves it. */
    public void set(StateVersion version, String data) {
        current = SnapshotEnvelope.of(version, data);
        handlers.forEach(handler -> handler.event(InvalidationEvent.of(topic, version)));
    }

    @Override
    public String topic() {
        return topic;
    }

    @Override
    public CompletionStage<SnapshotEnvelope<String>> snapshot() {
        return CompletableFuture.completedFuture(current);
    }

    @Override
    public CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) {
        return CompletableFuture.completedFuture(new WriteResult.Rejected<>("read only"));
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> {
            handlers.add(handler);
            return CompletableFuture.completedFuture(() -> handlers.remove(handler));
        };
    }

    @Override
    public SnapshotProvider<String> provider() {
        return request -> snapshot();
    }
}
