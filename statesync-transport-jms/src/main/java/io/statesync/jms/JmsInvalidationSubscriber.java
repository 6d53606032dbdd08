package io.statesync.jms;

import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.StateCodec;
import io.statesync.Subscription;
import io.statesync.internal.Checks;
import io.statesync.internal.DecodeOn;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.Topic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber to what a {@link JmsInvalidationPublisher} publishes: one consumer for all topics, or one for each that the
 * broker selects for.
 *
 * <p>A subscription is complete when its consumer is there, and fails if an attempt to connect that began after it fails. When
 * the connection is lost, subscriptions hear that they are disconnected, and, when their consumers are there again, that they
 * are reconnected. Whatever message comes is acknowledged; one that cannot be read is reported as malformed.
 *
 * <p>Safe for use from any thread.
 */
public final class JmsInvalidationSubscriber implements InvalidationSubscriber, AutoCloseable {
    static final String EVENTS = "statesync.events";
    private static final String ALL = ""; // no topic is blank

    private final JmsConnection connection;
    private final String destination;
    private final boolean selectInBroker;
    private final Kind kind;
    private final String name;
    private final int maxMessageLength;
    private final DecodeOn decoder;
    private final Ears ears = new Ears();

    private final Object lock = new Object();
    private final Map<String, Feed> feeds = new LinkedHashMap<>(); // guarded by lock; never empty ones
    private @Nullable Live live; // guarded by lock; while there may be consumers on it
    private boolean closed; // guarded by lock

    private enum Kind {
        NON_DURABLE,
        SHARED,
        DURABLE,
        SHARED_DURABLE
    }

    private JmsInvalidationSubscriber(Builder b) {
        connection = b.connection;
        destination = b.destination;
        selectInBroker = b.selectInBroker;
        kind = b.kind;
        name = b.name;
        maxMessageLength = b.maxMessageLength;
        decoder = JmsSnapshotProvider.decoder(connection);
    }

    /** A subscriber with the defaults of the builder. Nothing is connected to yet. */
    public static JmsInvalidationSubscriber on(JmsConnection connection) {
        return builder(connection).build();
    }

    /** A builder of a subscriber. */
    public static Builder builder(JmsConnection connection) {
        return new Builder(connection);
    }

    /** A subscriber to one topic. Of a state that comes with its event it takes the event alone, and a pull follows. */
    public InvalidationSubscriber topic(String topic) {
        TopicNames.checked(topic);
        return handler -> add(handler, topic, null);
    }

    /**
     * A subscriber to one topic, whose states it takes when they come with their events.
     *
     * @param codec reads the states, which are JSON; its type is that of the engine that subscribes
     */
    public <T extends @Nullable Object> InvalidationSubscriber topic(String topic, StateCodec<T> codec) {
        TopicNames.checked(topic);
        Objects.requireNonNull(codec, "codec");
        return handler -> add(handler, topic, codec);
    }

    /** Subscribes to all topics; each engine picks its own. */
    @Override
    public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
        return add(handler, null, null);
    }

    private <T extends @Nullable Object> CompletionStage<Subscription> add(
            InvalidationHandler handler, @Nullable String topic, @Nullable StateCodec<T> codec) {
        Link link = new Link(this::remove, handler, topic, codec, decoder, connection.attempts());
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the subscriber is closed: destination " + destination);
            }
            String selected = selectInBroker ? topic : null;
            Feed feed = feeds.computeIfAbsent(
                    selected == null ? ALL : selected, key -> new Feed(selected, maxMessageLength));
            feed.add(link);
            link.established = feed.session != null;
            Live on = live;
            if (!link.established && on != null) {
                connection.attempt(ears, on, () -> open(feed, on));
            }
        }
        if (link.established) {
            link.complete();
        } else {
            join(link);
        }
        return link.subscribed.minimalCompletionStage();
    }

    private void join(Link link) {
        try {
            connection.join(ears);
        } catch (IllegalStateException e) {
            remove(link);
            throw e;
        }
        leaveIfUnused(); // it may have been closed meanwhile, when it had not joined
    }

    private void remove(Link link) {
        synchronized (lock) {
            drop(link);
        }
        leaveIfUnused();
    }

    private void drop(Link link) {
        String key = selectInBroker && link.topic != null ? link.topic : ALL;
        Feed feed = feeds.get(key);
        if (feed != null) {
            feed.remove(link);
            if (feed.isEmpty()) {
                feeds.remove(key);
                end(feed);
            }
        }
    }

    private void end(Feed feed) {
        if (live != null) {
            live.close(feed.session);
        }
        feed.session = null;
    }

    private void leaveIfUnused() {
        synchronized (lock) {
            if (!feeds.isEmpty()) {
                return;
            }
            live = null;
            connection.leave(ears);
        }
    }

    /** Ends all subscriptions. They hear that they are disconnected, and nothing after that. The connection stays. */
    @Override
    public void close() {
        end("the subscriber was closed: destination " + destination);
        connection.leave(ears);
    }

    private void end(String why) {
        List<Link> all;
        List<Link> told;
        synchronized (lock) {
            closed = true;
            all = allLinks();
            told = all.stream().filter(link -> link.established).toList();
            feeds.values().forEach(this::end);
            feeds.clear();
            live = null;
        }
        told.forEach(link -> link.tell(InvalidationHandler::disconnected));
        all.forEach(link -> link.fail(new IllegalStateException(why)));
    }

    private List<Link> allLinks() {
        List<Link> all = new ArrayList<>();
        feeds.values().forEach(feed -> all.addAll(feed.links()));
        return all;
    }

    // ---- consumers, on the connection's thread

    private void open(Feed feed, Live on) throws JMSException {
        synchronized (lock) {
            if (live != on || feed.session != null || feed.isEmpty()) {
                return;
            }
        }
        Session session = on.session();
        try {
            consumer(session, feed).setMessageListener(feed);
        } catch (JMSException | RuntimeException e) {
            Live.closeNow(session);
            if (!JmsConnection.isRefusal(e, on) || refused(feed, e)) {
                throw e;
            }
            return;
        }
        List<Link> again = new ArrayList<>();
        List<Link> first = new ArrayList<>();
        boolean unwanted;
        synchronized (lock) {
            unwanted = live != on || feed.isEmpty();
            if (!unwanted) {
                feed.session = session;
                for (Link link : feed.links()) {
                    (link.established ? again : first).add(link);
                    link.established = true;
                }
            }
        }
        if (unwanted) {
            Live.closeNow(session);
        }
        again.forEach(link -> link.tell(InvalidationHandler::reconnected));
        first.forEach(Link::complete);
    }

    private MessageConsumer consumer(Session session, Feed feed) throws JMSException {
        Topic topic = session.createTopic(destination);
        String selector = feed.selector();
        return switch (kind) {
            case NON_DURABLE -> session.createConsumer(topic, selector);
            case SHARED -> session.createSharedConsumer(topic, name, selector);
            case DURABLE -> session.createDurableConsumer(topic, name, selector, false);
            case SHARED_DURABLE -> session.createSharedDurableConsumer(topic, name, selector);
        };
    }

    /** Whether anybody is left to try again for. */
    private boolean refused(Feed feed, Throwable cause) {
        List<Link> waiting;
        boolean left;
        synchronized (lock) {
            waiting = feed.links().stream().filter(link -> !link.established).toList();
            waiting.forEach(this::drop);
            left = !feed.isEmpty();
        }
        waiting.forEach(link -> link.fail(cause));
        leaveIfUnused();
        return left;
    }

    /** What the connection tells. */
    private final class Ears implements Role {
        @Override
        public void open(Live on) throws JMSException {
            List<Feed> all;
            synchronized (lock) {
                if (on.isDead()) {
                    return; // lost meanwhile, and this was told of it already
                }
                live = on;
                all = List.copyOf(feeds.values());
            }
            for (Feed feed : all) {
                JmsInvalidationSubscriber.this.open(feed, on);
            }
        }

        @Override
        public void lost(Throwable cause, long attempt, boolean refused) {
            List<Link> failed = new ArrayList<>();
            List<Link> told = new ArrayList<>();
            synchronized (lock) {
                if (live != null && live.attempt > attempt) {
                    return; // word of an older one
                }
                for (Feed feed : List.copyOf(feeds.values())) {
                    for (Link link : feed.links()) {
                        if (link.established && feed.session != null) {
                            told.add(link);
                        } else if (!link.established && (refused || link.attempt < attempt)) {
                            failed.add(link);
                        }
                    }
                    end(feed);
                }
                failed.forEach(JmsInvalidationSubscriber.this::drop);
                live = null;
            }
            told.forEach(link -> link.tell(InvalidationHandler::disconnected));
            failed.forEach(link -> link.fail(cause));
            leaveIfUnused();
        }

        @Override
        public void closed() {
            end("the connection was closed");
        }

        @Override
        public String toString() {
            return "subscriber";
        }
    }

    /** Names the destination. */
    @Override
    public String toString() {
        return "JmsInvalidationSubscriber[" + destination + "]";
    }

    /**
     * The options of a {@link JmsInvalidationSubscriber}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>destination</td><td>{@code statesync.events}</td></tr>
     * <tr><td>selectInBroker</td><td>no</td></tr>
     * <tr><td>shared, durable, sharedDurable</td><td>neither</td></tr>
     * <tr><td>maxMessageLength</td><td>16 Mi</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final JmsConnection connection;
        private String destination = EVENTS;
        private boolean selectInBroker;
        private Kind kind = Kind.NON_DURABLE;
        private String name = "";
        private int maxMessageLength = 16 << 20;

        private Builder(JmsConnection connection) {
            this.connection = Objects.requireNonNull(connection, "connection");
        }

        /** The JMS topic to consume. */
        public Builder destination(String destination) {
            this.destination = Checks.notBlank("destination", destination);
            return this;
        }

        /**
         * Whether the broker selects: a session and a consumer for each topic that is subscribed to. It saves the network what
         * a few followers do not want; with thousands of topics it costs the broker more than it saves.
         */
        public Builder selectInBroker(boolean selectInBroker) {
            this.selectInBroker = selectInBroker;
            return this;
        }

        /** A subscription that consumers of the same name share: each message reaches one of them only. */
        public Builder shared(String name) {
            return kind(Kind.SHARED, name);
        }

        /** A subscription that the broker keeps when nobody is connected. Needs a client id, and has one consumer. */
        public Builder durable(String name) {
            return kind(Kind.DURABLE, name);
        }

        /** A subscription that the broker keeps, and that consumers of the same name share. */
        public Builder sharedDurable(String name) {
            return kind(Kind.SHARED_DURABLE, name);
        }

        private Builder kind(Kind kind, String name) {
            this.name = Checks.notBlank("name", name);
            this.kind = kind;
            return this;
        }

        /** How long a message may be, in UTF-16 units; a longer one is malformed. */
        public Builder maxMessageLength(int maxMessageLength) {
            this.maxMessageLength = Checks.positive("maxMessageLength", maxMessageLength);
            return this;
        }

        /**
         * The subscriber. Nothing is connected to yet.
         *
         * @throws IllegalArgumentException if the subscription has a name and the broker is to select, which would be several
         *     subscriptions of one name
         */
        public JmsInvalidationSubscriber build() {
            if (selectInBroker && kind != Kind.NON_DURABLE) {
                throw new IllegalArgumentException(
                        "selectInBroker must be false for a subscription with a name: " + name);
            }
            return new JmsInvalidationSubscriber(this);
        }
    }
}
