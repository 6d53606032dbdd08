package io.statesync.jms;

import io.statesync.StateCodec;
import io.statesync.internal.Checks;
import io.statesync.source.Authority;
import io.statesync.source.StoreRegistry;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A publisher of what sources do: a message when a topic moved, and now and then one for each topic that says where it stands.
 *
 * <p>Of each topic at most one message waits, the newest, so a slow broker costs bounded memory and holds up no writer. What
 * could not be sent is sent when the connection is there again. What was lost all the same, by the broker or by a node that
 * died between its commit and this, is made good by the next announcement, of any node that has the topic.
 *
 * <p>Safe for use from any thread.
 */
public final class JmsInvalidationPublisher implements AutoCloseable {
    private final Publishing publishing;

    private JmsInvalidationPublisher(Builder b) {
        publishing = new Publishing(
                b.connection,
                b.sources.catalog(),
                new Publishing.Options(
                        b.destination, b.inline, b.announceEvery, b.timeToLive, b.priority, b.sourceTimeout));
        publishing.begin();
    }

    /** A builder of a publisher. */
    public static Builder builder(JmsConnection connection) {
        return new Builder(connection);
    }

    /**
     * Done when all that is known now was handed to the broker; that may be never, if it does not come back. Fails when the
     * publisher or its connection is closed before.
     */
    public CompletableFuture<@Nullable Void> flush() {
        return publishing.flush();
    }

    /** Publishes no more. What waits is not sent: {@link #flush} first. Does not wait, and leaves the connection. */
    @Override
    public void close() {
        publishing.close();
    }

    /** Names the destination. */
    @Override
    public String toString() {
        return "JmsInvalidationPublisher[" + publishing.destination() + "]";
    }

    /**
     * The options of a {@link JmsInvalidationPublisher}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>destination</td><td>{@code statesync.events}</td></tr>
     * <tr><td>inline</td><td>0: states are pulled</td></tr>
     * <tr><td>announceEvery</td><td>10 s, give or take a tenth</td></tr>
     * <tr><td>timeToLive</td><td>1 min</td></tr>
     * <tr><td>priority</td><td>4, JMS's own</td></tr>
     * <tr><td>sourceTimeout</td><td>30 s</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final JmsConnection connection;
        private final SourceSet sources = new SourceSet();
        private String destination = JmsInvalidationSubscriber.EVENTS;
        private int inline;
        private Duration announceEvery = Duration.ofSeconds(10);
        private Duration timeToLive = Duration.ofMinutes(1);
        private int priority = 4;
        private Duration sourceTimeout = Duration.ofSeconds(30);

        private Builder(JmsConnection connection) {
            this.connection = Objects.requireNonNull(connection, "connection");
        }

        /**
         * Publishes a topic.
         *
         * @param codec makes its states JSON
         * @throws IllegalArgumentException if the topic was named before
         */
        public <T extends @Nullable Object> Builder topic(Authority<T> authority, StateCodec<T> codec) {
            sources.add(authority, codec);
            return this;
        }

        /**
         * Publishes the stores of a registry, those that come later too.
         *
         * @param codecs gives for a store's topic the codec that makes its states JSON; null for one that is not published.
         *     Asked once for each store, unless it gives null
         */
        public Builder registry(
                StoreRegistry registry, Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {
            sources.add(registry, codecs);
            return this;
        }

        /** The JMS topic to publish to. */
        public Builder destination(String destination) {
            this.destination = Checks.notBlank("destination", destination);
            return this;
        }

        /** How long a snapshot may be, in bytes, to be sent in place of the invalidation; 0 for none. */
        public Builder inline(int inline) {
            this.inline = Checks.notNegative("inline", inline);
            return this;
        }

        /**
         * How often it is said where each topic stands; not at once for all, but spread over this time. A source that is not in
         * memory is read for it. At least 10 ms.
         */
        public Builder announceEvery(Duration announceEvery) {
            if (Checks.positive("announceEvery", announceEvery).compareTo(Duration.ofMillis(10)) < 0) {
                throw new IllegalArgumentException("announceEvery must be at least 10 ms: " + announceEvery);
            }
            this.announceEvery = announceEvery;
            return this;
        }

        /** How long the broker keeps a message for who does not take it. */
        public Builder timeToLive(Duration timeToLive) {
            this.timeToLive = Checks.positive("timeToLive", timeToLive);
            return this;
        }

        /** The priority of messages, from 0 to 9. */
        public Builder priority(int priority) {
            if (priority < 0 || priority > 9) {
                throw new IllegalArgumentException("priority must be between 0 and 9: " + priority);
            }
            this.priority = priority;
            return this;
        }

        /** How long a source may take to be read. */
        public Builder sourceTimeout(Duration sourceTimeout) {
            this.sourceTimeout = Checks.positive("sourceTimeout", sourceTimeout);
            return this;
        }

        /**
         * The publisher, which begins at once.
         *
         * @throws IllegalArgumentException if there is neither a topic nor a registry
         * @throws IllegalStateException if the connection was closed
         */
        public JmsInvalidationPublisher build() {
            return new JmsInvalidationPublisher(this);
        }
    }
}
