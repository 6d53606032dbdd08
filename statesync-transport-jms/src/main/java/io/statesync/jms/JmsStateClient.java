package io.statesync.jms;

import io.statesync.Backoff;
import io.statesync.StateCodec;
import io.statesync.TimeSource;
import io.statesync.WritableBinding;
import io.statesync.internal.Checks;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A client of a message broker: topics to follow, pull and write over one connection, with a subscriber, a queue for
 * requests and a temporary queue for their answers.
 *
 * <p>The connection is made when it is first needed. Parts of it may be mixed with others: an engine can have its subscriber
 * from here, and its provider from a client of HTTP.
 *
 * <p>Safe for use from any thread.
 */
public final class JmsStateClient implements AutoCloseable {
    private final JmsConnection connection;
    private final JmsInvalidationSubscriber subscriber;
    private final String requests;
    private final Duration proposalTimeout;

    private JmsStateClient(Builder b) {
        connection = b.connection.build();
        JmsInvalidationSubscriber.Builder listening = JmsInvalidationSubscriber.builder(connection)
                .destination(b.destination)
                .selectInBroker(b.selectInBroker)
                .maxMessageLength(b.maxMessageLength);
        subscriber = listening.build();
        requests = b.requests;
        proposalTimeout = b.proposalTimeout;
    }

    /** A client with the defaults of the builder. Nothing is connected to yet. */
    public static JmsStateClient to(ConnectionFactory factory) {
        return builder(factory).build();
    }

    /** A builder of a client. */
    public static Builder builder(ConnectionFactory factory) {
        return new Builder(factory);
    }

    /**
     * A topic, to be followed and written. Bindings are cheap; all share the client's connection.
     *
     * @param codec makes the state JSON and back
     */
    public <T extends @Nullable Object> WritableBinding<T> topic(String topic, StateCodec<T> codec) {
        return new JmsBinding<>(
                subscriber.topic(topic, codec),
                JmsSnapshotProvider.of(connection, topic, codec, requests),
                JmsStateProposer.of(connection, topic, codec, requests, proposalTimeout));
    }

    /** The connection, for other roles to share. It is closed with the client. */
    public JmsConnection connection() {
        return connection;
    }

    /**
     * Ends the connection, and all that is under way: pulls and proposals fail, subscriptions hear that they are disconnected
     * and nothing after that. Later calls fail. May be called again. Does not wait.
     */
    @Override
    public void close() {
        connection.close();
        subscriber.close();
    }

    /** Names the connection's state. */
    @Override
    public String toString() {
        return "JmsStateClient[" + connection.state() + "]";
    }

    /**
     * The options of a {@link JmsStateClient}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>credentials</td><td>those of the connection factory</td></tr>
     * <tr><td>destination</td><td>{@code statesync.events}</td></tr>
     * <tr><td>requests</td><td>{@code statesync.requests}</td></tr>
     * <tr><td>selectInBroker</td><td>no</td></tr>
     * <tr><td>maxMessageLength</td><td>16 Mi</td></tr>
     * <tr><td>maxPending</td><td>1,024</td></tr>
     * <tr><td>proposalTimeout</td><td>30 s</td></tr>
     * <tr><td>connectTimeout</td><td>30 s</td></tr>
     * <tr><td>backoff</td><td>{@link Backoff#standard()}</td></tr>
     * <tr><td>executor</td><td>the library's shared one; up to 4 KiB are decoded where they arrive</td></tr>
     * <tr><td>timeSource</td><td>the system's time</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final JmsConnection.Builder connection;
        private String destination = JmsInvalidationSubscriber.EVENTS;
        private String requests = JmsSnapshotProvider.REQUESTS;
        private boolean selectInBroker;
        private int maxMessageLength = 16 << 20;
        private Duration proposalTimeout = JmsStateProposer.TIMEOUT;

        private Builder(ConnectionFactory factory) {
            this.connection = JmsConnection.builder(factory);
        }

        /** Who connects. Never logged. */
        public Builder credentials(String user, String password) {
            connection.credentials(user, password);
            return this;
        }

        /** The JMS topic of events. */
        public Builder destination(String destination) {
            this.destination = Checks.notBlank("destination", destination);
            return this;
        }

        /** The queue that the source answers. */
        public Builder requests(String requests) {
            this.requests = Checks.notBlank("requests", requests);
            return this;
        }

        /** As {@link JmsInvalidationSubscriber.Builder#selectInBroker}. */
        public Builder selectInBroker(boolean selectInBroker) {
            this.selectInBroker = selectInBroker;
            return this;
        }

        /** How long an event may be with its state, in UTF-16 units. */
        public Builder maxMessageLength(int maxMessageLength) {
            this.maxMessageLength = Checks.positive("maxMessageLength", maxMessageLength);
            return this;
        }

        /** How many pulls and proposals may wait for an answer at once; one more fails. */
        public Builder maxPending(int maxPending) {
            connection.maxPending(maxPending);
            return this;
        }

        /** How long to wait for the answer to a proposal. Pulls have the engine's time-out. */
        public Builder proposalTimeout(Duration proposalTimeout) {
            this.proposalTimeout = Checks.positive("proposalTimeout", proposalTimeout);
            return this;
        }

        /** As {@link JmsConnection.Builder#connectTimeout}. */
        public Builder connectTimeout(Duration connectTimeout) {
            connection.connectTimeout(connectTimeout);
            return this;
        }

        /** As {@link JmsConnection.Builder#backoff}. */
        public Builder backoff(Backoff backoff) {
            connection.backoff(Objects.requireNonNull(backoff, "backoff"));
            return this;
        }

        /** As {@link JmsConnection.Builder#executor}. */
        public Builder executor(Executor executor) {
            connection.executor(executor);
            return this;
        }

        /** Clock and timers. */
        public Builder timeSource(TimeSource timeSource) {
            connection.timeSource(timeSource);
            return this;
        }

        /** The client. Nothing is connected to yet. */
        public JmsStateClient build() {
            return new JmsStateClient(this);
        }
    }
}
