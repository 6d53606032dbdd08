package io.statesync.http.server;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.internal.Texts;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears of a topic from its source, for those who follow it here. */
final class TopicHandler implements InvalidationHandler {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final Topic topic;

    TopicHandler(Topic topic) {
        this.topic = topic;
    }

    @Override
    public void event(@Nullable InvalidationEvent event) {
        if (event == null) {
            malformed(null, null);
        } else if (topic.name().equals(event.topic())) { // that of another topic is ignored (contract G2)
            topic.moved(event);
        }
    }

    @Override
    public void event(@Nullable String name, @Nullable String revision) {
        event(name, revision, null, null, null);
    }

    @Override
    public void event(@Nullable String name, @Nullable String revision, @Nullable String epoch) {
        event(name, revision, epoch, null, null);
    }

    @Override
    public void event(
            @Nullable String name,
            @Nullable String revision,
            @Nullable String epoch,
            @Nullable String sourceId,
            @Nullable Object payload) {
        if (!topic.name().equals(name)) {
            return; // contract G2
        }
        try {
            topic.moved(new InvalidationEvent(
                    topic.name(),
                    Revision.parse(revision),
                    epoch == null ? null : Revision.parse(epoch),
                    sourceId,
                    null));
        } catch (ProtocolException e) {
            malformed(payload, e);
        }
    }

    @Override
    public void malformed(@Nullable Object payload, @Nullable Throwable cause) {
        log.error("the source sent what cannot be read topic={}", Texts.quote(topic.name()), cause);
    }

    @Override
    public void snapshot(@Nullable SnapshotEnvelope<?> snapshot) {
        if (snapshot != null) {
            topic.moved(InvalidationEvent.of(topic.name(), snapshot.version(null)));
        }
    }

    @Override
    public void snapshot(@Nullable String revision, @Nullable String epoch, @Nullable Object data) {
        event(topic.name(), revision, epoch);
    }

    @Override
    public void reconnected() {
        topic.lookAgain();
    }

    @Override
    public void disconnected() {
        log.warn("the source is not connected topic={}", Texts.quote(topic.name()));
    }
}
