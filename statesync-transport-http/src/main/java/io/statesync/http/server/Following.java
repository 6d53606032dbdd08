package io.statesync.http.server;

import io.statesync.Backoff;
import io.statesync.Subscription;
import io.statesync.TimeSource;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.source.internal.Served;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscription of a topic to its source, while somebody follows the topic here. One that fails is tried again.
 *
 * <p>Stores of a registry need none: the hub hears of them all.
 */
final class Following {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final Topic topic;
    private final Hub hub;
    private @Nullable Attempt current; // guarded by this

    Following(Topic topic, Hub hub) {
        this.topic = topic;
        this.hub = hub;
    }

    /** Subscribes or unsubscribes, as is wanted now. Whoever comes last sees what is wanted last. */
    void update() {
        Attempt begun = null;
        Attempt ended = null;
        synchronized (this) {
            boolean wanted = topic.isUsed() && hub.isSubscribedByTopic(topic.name());
            if (wanted && current == null) {
                begun = new Attempt();
                current = begun;
            } else if (!wanted) {
                ended = current;
                current = null;
            }
        }
        if (begun != null) {
            begun.begin();
        }
        if (ended != null) {
            ended.end();
        }
    }

    private final class Attempt {
        private int failures; // by the attempt under way only
        private boolean over; // guarded by this
        private @Nullable Subscription subscription; // guarded by this
        private TimeSource.@Nullable Timer retry; // guarded by this

        void begin() {
            Served<?> served = hub.find(topic.name());
            if (served == null) {
                return;
            }
            CompletionStage<Subscription> stage;
            try {
                stage = served.authority().subscriber().subscribe(new TopicHandler(topic));
            } catch (Throwable t) { // a source of the user's
                failed(t);
                return;
            }
            stage.whenComplete((subscribed, failure) -> {
                if (subscribed != null) {
                    accept(subscribed);
                } else {
                    failed(failure);
                }
            });
        }

        private void accept(Subscription subscribed) {
            boolean late;
            synchronized (this) {
                late = over;
                subscription = late ? null : subscribed;
            }
            if (late) {
                close(subscribed);
            } else {
                topic.lookAgain(); // what happened before is not told
            }
        }

        private void failed(@Nullable Throwable failure) {
            failures++;
            var delay = Backoff.standard().delayAfter(failures, ThreadLocalRandom.current());
            log.error(
                    "the source could not be subscribed to topic={} attempt={} nextInMs={}",
                    Texts.quote(topic.name()),
                    failures,
                    delay.toMillis(),
                    failure);
            synchronized (this) {
                if (!over) {
                    retry = hub.options().timeSource().schedule(() -> hub.run(this::begin), delay);
                }
            }
        }

        void end() {
            Subscription open;
            synchronized (this) {
                over = true;
                open = subscription;
                subscription = null;
                if (retry != null) {
                    retry.cancel();
                }
            }
            if (open != null) {
                close(open);
            }
        }

        private void close(Subscription open) {
            try {
                open.close();
            } catch (Throwable t) { // a source of the user's
                Quietly.run(() ->
                        log.error("the source could not be unsubscribed from topic={}", Texts.quote(topic.name()), t));
            }
        }
    }
}
