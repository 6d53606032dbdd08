package io.statesync.jms;

import io.statesync.StateCodec;
import io.statesync.internal.Checks;
import io.statesync.source.Authority;
import io.statesync.source.StoreRegistry;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A responder to pulls and proposals that come to a queue, from sources: stores of a registry, or authorities.
 *
 * <p>Any number of them, in any number of processes, may share a queue, as long as all of them have the same topics. Several
 * sessions take requests; one that a source answers later holds up none of them. A request that has expired is not answered.
 *
 * <p>Safe for use from any thread.
 */
public final class JmsSnapshotResponder implements AutoCloseable {
    private final Responding responding;

    private JmsSnapshotResponder(Builder b) {
        responding = new Responding(
                b.connection,
                b.sources.catalog(),
                new Responding.Options(
                        b.requests,
                        b.sessions,
                        b.authorizer,
                        b.maxRequestLength,
                        b.maxTopicLength,
                        b.maxInFlight,
                        b.sourceTimeout));
        responding.begin();
    }

    /** A builder of a responder. */
    public static Builder builder(JmsConnection connection) {
        return new Builder(connection);
    }

    /** Takes no more requests. What is under way is not answered. Does not wait, and leaves the connection. */
    @Override
    public void close() {
        responding.close();
    }

    /** How many requests are under way. */
    int inFlight() {
        return responding.inFlight();
    }

    /** Names the queue. */
    @Override
    public String toString() {
        return "JmsSnapshotResponder[" + responding.requests() + "]";
    }

    /**
     * The options of a {@link JmsSnapshotResponder}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>requests</td><td>{@code statesync.requests}</td></tr>
     * <tr><td>sessions</td><td>2</td></tr>
     * <tr><td>authorizer</td><td>{@link JmsAuthorizer#readOnly()}</td></tr>
     * <tr><td>maxRequestLength</td><td>1 Mi</td></tr>
     * <tr><td>maxTopicLength</td><td>512</td></tr>
     * <tr><td>maxInFlight</td><td>1,024</td></tr>
     * <tr><td>sourceTimeout</td><td>30 s</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final JmsConnection connection;
        private final SourceSet sources = new SourceSet();
        private String requests = JmsSnapshotProvider.REQUESTS;
        private int sessions = 2;
        private JmsAuthorizer authorizer = JmsAuthorizer.readOnly();
        private int maxRequestLength = 1 << 20;
        private int maxTopicLength = 512;
        private int maxInFlight = 1024;
        private Duration sourceTimeout = Duration.ofSeconds(30);

        private Builder(JmsConnection connection) {
            this.connection = Objects.requireNonNull(connection, "connection");
        }

        /**
         * Answers for a topic.
         *
         * @param codec makes its states JSON and back
         * @throws IllegalArgumentException if the topic was named before
         */
        public <T extends @Nullable Object> Builder topic(Authority<T> authority, StateCodec<T> codec) {
            sources.add(authority, codec);
            return this;
        }

        /**
         * Answers for the stores of a registry, those that come later too.
         *
         * @param codecs gives for a store's topic the codec that makes its states JSON; null for one that is not served. Asked
         *     once for each store, unless it gives null
         */
        public Builder registry(
                StoreRegistry registry, Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {
            sources.add(registry, codecs);
            return this;
        }

        /** The queue that requests come to. */
        public Builder requests(String requests) {
            this.requests = Checks.notBlank("requests", requests);
            return this;
        }

        /** How many sessions take requests, each on a thread of the provider's. */
        public Builder sessions(int sessions) {
            this.sessions = Checks.positive("sessions", sessions);
            return this;
        }

        /** Who may read and write which topic. */
        public Builder authorizer(JmsAuthorizer authorizer) {
            this.authorizer = Objects.requireNonNull(authorizer, "authorizer");
            return this;
        }

        /** How long a request may be, in UTF-16 units. */
        public Builder maxRequestLength(int maxRequestLength) {
            this.maxRequestLength = Checks.positive("maxRequestLength", maxRequestLength);
            return this;
        }

        /** How long a topic's name, a source id and a proposal id may be, in UTF-16 units. */
        public Builder maxTopicLength(int maxTopicLength) {
            this.maxTopicLength = Checks.positive("maxTopicLength", maxTopicLength);
            return this;
        }

        /** How many requests may wait for a source at once; others are told to ask again. */
        public Builder maxInFlight(int maxInFlight) {
            this.maxInFlight = Checks.positive("maxInFlight", maxInFlight);
            return this;
        }

        /** How long a source may take; then the request is answered without it. */
        public Builder sourceTimeout(Duration sourceTimeout) {
            this.sourceTimeout = Checks.positive("sourceTimeout", sourceTimeout);
            return this;
        }

        /**
         * The responder, which begins at once.
         *
         * @throws IllegalArgumentException if there is neither a topic nor a registry
         * @throws IllegalStateException if the connection was closed
         */
        public JmsSnapshotResponder build() {
            return new JmsSnapshotResponder(this);
        }
    }
}
