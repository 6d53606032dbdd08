package io.statesync.source;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.SnapshotEnvelope;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A handler that keeps what it was told; anything else than an event or a disconnection is unexpected from a source. */
final class RecordingHandler implements InvalidationHandler {
    final List<InvalidationEvent> events = new CopyOnWriteArrayList<>();
    final List<String> unexpected = new CopyOnWriteArrayList<>();
    private final Consumer<InvalidationEvent> onEvent;
    final AtomicInteger disconnections = new AtomicInteger();

    RecordingHandler() {
        this(event -> {});
    }

    RecordingHandler(Consumer<InvalidationEvent> onEvent) {
        this.onEvent = onEvent;
    }

    List<String> revisions() {
        return events.stream().map(event -> event.revision().toString()).toList();
    }

    @Override
    public void event(InvalidationEvent event) {
        events.add(event);
        onEvent.accept(event);
    }

    @Override
    public void event(String topic, String revision) {
        unexpected.add("raw event");
    }

    @Override
    public void event(String topic, String revision, String epoch) {
        unexpected.add("raw event");
    }

    @Override
    public void event(String topic, String revision, String epoch, String sourceId, Object payload) {
        unexpected.add("raw event");
    }

    @Override
    public void malformed(Object payload, Throwable cause) {
        unexpected.add("malformed");
    }

    @Override
    public void snapshot(SnapshotEnvelope<?> snapshot) {
        unexpected.add("snapshot");
    }

    @Override
    public void snapshot(String revision, String epoch, Object data) {
        unexpected.add("snapshot");
    }

    @Override
    public void reconnected() {
        unexpected.add("reconnected");
    }

    @Override
    public void disconnected() {
        disconnections.incrementAndGet();
    }
}
