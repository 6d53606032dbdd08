package io.statesync.http.server;

import io.statesync.InvalidationEvent;
import io.statesync.internal.Texts;
import io.statesync.source.internal.TopicEvents;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hears of a topic from its source, for those who follow it here. */
final class TopicHandler extends TopicEvents {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final Topic topic;

    TopicHandler(Topic topic) {
        super(topic.name());
        this.topic = topic;
    }

    @Override
    protected void moved(InvalidationEvent event) {
        topic.moved(event);
    }

    @Override
    public void malformed(@Nullable Object payload, @Nullable Throwable cause) {
        log.error("the source sent what cannot be read topic={}", Texts.quote(topic.name()), cause);
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
