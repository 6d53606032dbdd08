package io.statesync.persistence.jdbc;

import io.statesync.Backoff;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.Subscription;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber to a channel of PostgreSQL ({@code LISTEN}): it hears what an authority, journal or storage with that
 * {@code notifyChannel} tells, and what anybody notifies in the same form.
 *
 * <p>There is one connection, and one daemon thread, while there is at least one subscription, for any number of topics.
 * When the connection is lost, subscriptions hear that they are disconnected, and, when the channel is listened on again,
 * that they are reconnected. Subscribing fails if the connection cannot be made.
 *
 * <p>The connection is taken from the data source and not given back, but ended: a pool lends one less. Its time-outs for
 * connecting are the data source's. Needs {@code org.postgresql:postgresql}.
 */
public final class PostgresSubscriber implements InvalidationSubscriber, AutoCloseable {
    private final DataSource source;
    private final String channel;
    private final Backoff backoff;
    private final Duration checkInterval;

    private final Object lock = new Object();
    private final Set<Link> links = new LinkedHashSet<>(); // guarded by lock
    private @Nullable PostgresListener listener; // guarded by lock; there while there are links
    private boolean closed; // guarded by lock

    private PostgresSubscriber(Builder b) {
        source = b.source;
        channel = b.channel;
        backoff = b.backoff;
        checkInterval = b.checkInterval;
    }

    /** A subscriber with the defaults of the builder. Nothing is connected to yet. */
    public static PostgresSubscriber on(DataSource source, String channel) {
        return builder(source, channel).build();
    }

    /**
     * A builder of a subscriber.
     *
     * @throws IllegalArgumentException if the channel is not made of ASCII letters, digits and underlines
     */
    public static Builder builder(DataSource source, String channel) {
        return new Builder(source, channel);
    }

    /**
     * A subscriber to one topic, on the same connection. It alone hears of topics that are too long for a notification to
     * name.
     */
    public InvalidationSubscriber topic(String topic) {
        Objects.requireNonNull(topic, "topic");
        String hash = TopicKey.hash(topic);
        return handler -> add(new Link(handler, topic, hash));
    }

    /**
     * Subscribes to all topics of the channel; each engine picks its own. At a notification that names its topic by a hash
     * only, the handler is told that it is reconnected, so that it pulls: it may be its topic.
     */
    @Override
    public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
        return add(new Link(handler, null, null));
    }

    private CompletionStage<Subscription> add(Link link) {
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the subscriber is closed: channel " + channel);
            }
            links.add(link);
            if (listener == null) {
                begin();
            } else if (listener.isListening()) {
                link.listening = true;
                link.subscribed.complete(link);
            } else {
                listener.hurry();
            }
        }
        return link.subscribed.minimalCompletionStage();
    }

    private void begin() {
        PostgresListener beginning = new PostgresListener(source, channel, backoff, checkInterval, new Ears());
        try {
            beginning.start();
        } catch (Throwable t) { // there are no threads to be had
            links.clear();
            throw t;
        }
        listener = beginning;
    }

    /** Ends the connection and the thread. Subscriptions hear that they are disconnected, and nothing after that. */
    @Override
    public void close() {
        List<Link> open;
        PostgresListener ending;
        synchronized (lock) {
            closed = true;
            open = List.copyOf(links);
            links.clear();
            ending = listener;
            listener = null;
        }
        if (ending != null) {
            ending.end();
        }
        IllegalStateException reason = new IllegalStateException("the subscriber was closed: channel " + channel);
        for (Link link : open) {
            link.tell(InvalidationHandler::disconnected);
            link.open = false;
            link.fail(reason);
        }
    }

    private void remove(Link link) {
        PostgresListener ending = null;
        synchronized (lock) {
            links.remove(link);
            if (links.isEmpty()) {
                ending = listener;
                listener = null;
            }
        }
        if (ending != null) {
            ending.end();
        }
    }

    /** A subscription. */
    private final class Link implements Subscription {
        private final InvalidationHandler handler;
        private final @Nullable String topic;
        private final @Nullable String hash;
        private final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
        private boolean listening; // guarded by lock; that it was once
        private volatile boolean open = true;

        Link(InvalidationHandler handler, @Nullable String topic, @Nullable String hash) {
            this.handler = Objects.requireNonNull(handler, "handler");
            this.topic = topic;
            this.hash = hash;
        }

        void tell(Consumer<InvalidationHandler> what) {
            if (open) {
                Quietly.run(() -> what.accept(handler));
            }
        }

        void fail(Throwable cause) {
            DefaultExecutor.SHARED.execute(() -> subscribed.completeExceptionally(cause));
        }

        void hear(Notification.Event event) {
            if (event.topic() != null) {
                if (topic == null || topic.equals(event.topic())) {
                    tell(to -> event.tell(to, event.topic()));
                }
            } else if (topic == null) {
                tell(InvalidationHandler::reconnected);
            } else if (Objects.equals(hash, event.topicHash())) {
                tell(to -> event.tell(to, topic));
            }
        }

        @Override
        public void close() {
            open = false;
            remove(this);
        }
    }

    /** What the listener tells, on its thread. */
    private final class Ears implements PostgresListener.Hearer {
        @Override
        public void listening() {
            List<Link> again = new ArrayList<>();
            List<Link> first = new ArrayList<>();
            synchronized (lock) {
                for (Link link : links) {
                    (link.listening ? again : first).add(link);
                    link.listening = true;
                }
            }
            again.forEach(link -> link.tell(InvalidationHandler::reconnected));
            first.forEach(link -> link.subscribed.completeAsync(() -> link, DefaultExecutor.SHARED));
        }

        @Override
        public boolean lost(boolean wasListening, Throwable cause) {
            List<Link> waiting;
            List<Link> stay;
            synchronized (lock) {
                waiting = links.stream().filter(link -> !link.listening).toList();
                waiting.forEach(links::remove);
                stay = List.copyOf(links);
                if (stay.isEmpty()) {
                    listener = null;
                }
            }
            waiting.forEach(link -> link.fail(cause));
            if (wasListening) {
                stay.forEach(link -> link.tell(InvalidationHandler::disconnected));
            }
            return !stay.isEmpty();
        }

        @Override
        public void payload(String payload) {
            List<Link> all;
            synchronized (lock) {
                all = List.copyOf(links);
            }
            try {
                Notification.Event event = Notification.parse(payload);
                all.forEach(link -> link.hear(event));
            } catch (RuntimeException e) {
                all.forEach(link -> link.tell(to -> to.malformed(payload, e)));
            }
        }
    }

    /**
     * The options of a {@link PostgresSubscriber}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>backoff</td><td>{@link Backoff#standard()}</td></tr>
     * <tr><td>checkInterval</td><td>30 s</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final DataSource source;
        private final String channel;
        private Backoff backoff = Backoff.standard();
        private Duration checkInterval = Duration.ofSeconds(30);

        private Builder(DataSource source, String channel) {
            this.source = Objects.requireNonNull(source, "source");
            this.channel = Tables.channel("channel", channel);
        }

        /** How long to wait before connecting again. */
        public Builder backoff(Backoff backoff) {
            this.backoff = Objects.requireNonNull(backoff, "backoff");
            return this;
        }

        /**
         * After how long without a notification the server is asked whether it is still there; it has 10 s to answer. At
         * least 1 ms, at most a day.
         */
        public Builder checkInterval(Duration checkInterval) {
            Checks.positive("checkInterval", checkInterval);
            if (checkInterval.compareTo(Duration.ofMillis(1)) < 0 || checkInterval.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("checkInterval must be between 1 ms and a day: " + checkInterval);
            }
            this.checkInterval = checkInterval;
            return this;
        }

        /** The subscriber. Nothing is connected to yet. */
        public PostgresSubscriber build() {
            return new PostgresSubscriber(this);
        }
    }
}
