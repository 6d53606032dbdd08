package io.statesync.source.internal;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import org.jspecify.annotations.Nullable;

/**
 * Hears of one topic from its source, for a transport that hands it on: whatever form an event comes in, it is an
 * {@link InvalidationEvent} here. Those of other topics are ignored (contract G2).
 */
public abstract class TopicEvents implements InvalidationHandler {
    private final String topic;

    /** Hears of a topic. */
    protected TopicEvents(String topic) {
        this.topic = topic;
    }

    /** The topic. */
    protected final String topic() {
        return topic;
    }

    /** The topic is at a version. */
    protected abstract void moved(InvalidationEvent event);

    @Override
    public final void event(@Nullable InvalidationEvent event) {
        if (event == null) {
            malformed(null, null);
        } else if (topic.equals(event.topic())) {
            moved(event);
        }
    }

    @Override
    public final void event(@Nullable String name, @Nullable String revision) {
        event(name, revision, null, null, null);
    }

    @Override
    public final void event(@Nullable String name, @Nullable String revision, @Nullable String epoch) {
        event(name, revision, epoch, null, null);
    }

    @Override
    public final void event(
            @Nullable String name,
            @Nullable String revision,
            @Nullable String epoch,
            @Nullable String sourceId,
            @Nullable Object payload) {
        if (!topic.equals(name)) {
            return;
        }
        InvalidationEvent event;
        try {
            event = new InvalidationEvent(
                    topic, Revision.parse(revision), epoch == null ? null : Revision.parse(epoch), sourceId, null);
        } catch (ProtocolException e) {
            malformed(payload, e);
            return;
        }
        moved(event);
    }

    @Override
    public void snapshot(@Nullable SnapshotEnvelope<?> snapshot) {
        if (snapshot != null) {
            moved(InvalidationEvent.of(topic, snapshot.version(null)));
        }
    }

    @Override
    public final void snapshot(@Nullable String revision, @Nullable String epoch, @Nullable Object data) {
        event(topic, revision, epoch);
    }
}
