package io.statesync.http.server;

import io.statesync.StateCodec;
import io.statesync.TimeSource;
import io.statesync.http.server.internal.Cors;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.source.Authority;
import io.statesync.source.StoreRegistry;
import io.statesync.source.internal.Catalog;
import io.statesync.source.internal.Served;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A servlet that serves state: what docs/protocol-http.md describes, over stores and other sources.
 *
 * <p>Map it to a path with a wildcard, such as {@code /state/*}, with asynchronous support. A thread of the container is
 * used for the time that it takes to read a request, and never while a client is waited for. Safe for use from any thread,
 * as containers need it.
 *
 * <p>Close it, or have the container destroy it, before the container stops: readers are told to come back, and nothing
 * hangs.
 */
public final class StateServlet extends HttpServlet implements AutoCloseable {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient Hub hub;
    private final transient Router router;

    private StateServlet(Builder b) {
        hub = new Hub(new Catalog(b.topics, b.registries), b.options());
        router = new Router(hub);
    }

    /** A builder of a servlet. */
    public static Builder builder() {
        return new Builder();
    }

    /** Who follows what at this moment, in no order. */
    public List<StreamInfo> connections() {
        return hub.infos();
    }

    /**
     * Ends all streams, with a hint when to come back, and answers all who wait; later requests are answered 503. Does not
     * wait for clients. Idempotent.
     */
    @Override
    public void close() {
        hub.close();
    }

    /** Closes it. */
    @Override
    public void destroy() {
        close();
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        router.service(request, response);
    }

    /**
     * The options of a {@link StateServlet}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>authorizer</td><td>everybody may read, nobody may write</td></tr>
     * <tr><td>challenge</td><td>none</td></tr>
     * <tr><td>allowedOrigins</td><td>none: pages of other origins have no access</td></tr>
     * <tr><td>maxBody</td><td>1 MiB</td></tr>
     * <tr><td>maxTopicLength</td><td>512</td></tr>
     * <tr><td>maxTopicsPerStream</td><td>20,000</td></tr>
     * <tr><td>maxStreams</td><td>10,000</td></tr>
     * <tr><td>maxInline</td><td>64 KiB</td></tr>
     * <tr><td>maxBatch</td><td>8 MiB</td></tr>
     * <tr><td>maxWait</td><td>30 s</td></tr>
     * <tr><td>sourceTimeout</td><td>30 s</td></tr>
     * <tr><td>heartbeat</td><td>15 s</td></tr>
     * <tr><td>writeTimeout</td><td>30 s</td></tr>
     * <tr><td>streamLinger</td><td>60 s</td></tr>
     * <tr><td>retry</td><td>1 s</td></tr>
     * <tr><td>executor</td><td>a pool of daemon threads that everything shares, whose idle threads end</td></tr>
     * <tr><td>timeSource</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final Map<String, Served<?>> topics = new LinkedHashMap<>();
        private final List<Catalog.Registered> registries = new ArrayList<>();
        private Authorizer authorizer = Authorizer.readOnly();
        private String challenge = "";
        private Set<String> allowedOrigins = Set.of();
        private int maxBody = 1 << 20;
        private int maxTopicLength = 512;
        private int maxTopicsPerStream = 20_000;
        private int maxStreams = 10_000;
        private int maxInline = 64 << 10;
        private int maxBatch = 8 << 20;
        private Duration maxWait = Duration.ofSeconds(30);
        private Duration sourceTimeout = Duration.ofSeconds(30);
        private Duration heartbeat = Duration.ofSeconds(15);
        private Duration writeTimeout = Duration.ofSeconds(30);
        private Duration streamLinger = Duration.ofSeconds(60);
        private Duration retry = Duration.ofSeconds(1);
        private Executor executor = DefaultExecutor.SHARED;
        private TimeSource timeSource = TimeSource.system();

        private Builder() {}

        /**
         * Serves a topic.
         *
         * @param codec makes its states JSON
         * @throws IllegalArgumentException if the topic was named before
         */
        public <T extends @Nullable Object> Builder topic(Authority<T> authority, StateCodec<T> codec) {
            Objects.requireNonNull(authority, "authority");
            Objects.requireNonNull(codec, "codec");
            if (topics.putIfAbsent(authority.topic(), new Served<>(authority, codec)) != null) {
                throw new IllegalArgumentException("topic is served twice: " + authority.topic());
            }
            return this;
        }

        /**
         * Serves the stores of a registry, those that come later too.
         *
         * @param codecs gives for a store's topic the codec that makes its states JSON; null for one that is not served. Asked
         *     once for each store, unless it gives null
         */
        public Builder registry(
                StoreRegistry registry, Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {
            registries.add(new Catalog.Registered(
                    Objects.requireNonNull(registry, "registry"), Objects.requireNonNull(codecs, "codecs")));
            return this;
        }

        /** Who may read and write which topic. */
        public Builder authorizer(Authorizer authorizer) {
            this.authorizer = Objects.requireNonNull(authorizer, "authorizer");
            return this;
        }

        /** What a client that has to say who it is gets as {@code WWW-Authenticate}, such as {@code Bearer}. */
        public Builder challenge(String challenge) {
            this.challenge = Objects.requireNonNull(challenge, "challenge");
            return this;
        }

        /**
         * Whose pages may read and write across origins, such as {@code https://app.example.com}.
         *
         * @throws IllegalArgumentException if one of them is no origin; {@code *} is none
         */
        public Builder allowedOrigins(Collection<String> origins) {
            this.allowedOrigins = Cors.checked(new LinkedHashSet<>(origins));
            return this;
        }

        /** How long a request's body may be, in bytes. */
        public Builder maxBody(int maxBody) {
            this.maxBody = Checks.positive("maxBody", maxBody);
            return this;
        }

        /** How long a topic's name, a source id and a proposal id may be, in UTF-16 units. */
        public Builder maxTopicLength(int maxTopicLength) {
            this.maxTopicLength = Checks.positive("maxTopicLength", maxTopicLength);
            return this;
        }

        /** How many topics a stream may have, and a request for many snapshots. */
        public Builder maxTopicsPerStream(int maxTopicsPerStream) {
            this.maxTopicsPerStream = Checks.positive("maxTopicsPerStream", maxTopicsPerStream);
            return this;
        }

        /** How many streams there may be, connected or not. */
        public Builder maxStreams(int maxStreams) {
            this.maxStreams = Checks.positive("maxStreams", maxStreams);
            return this;
        }

        /** How long a snapshot may be, in bytes, to be sent with its event, whatever a client asks for; 0 for never. */
        public Builder maxInline(int maxInline) {
            this.maxInline = Checks.notNegative("maxInline", maxInline);
            return this;
        }

        /** How long an answer of many snapshots may become, in bytes, unless its first is longer. */
        public Builder maxBatch(int maxBatch) {
            this.maxBatch = Checks.positive("maxBatch", maxBatch);
            return this;
        }

        /** How long a pull may have itself held until the source is at the version that it wants. */
        public Builder maxWait(Duration maxWait) {
            this.maxWait = Checks.notNegative("maxWait", maxWait);
            return this;
        }

        /** How long a source may take; then the client is answered without it. */
        public Builder sourceTimeout(Duration sourceTimeout) {
            this.sourceTimeout = Checks.positive("sourceTimeout", sourceTimeout);
            return this;
        }

        /** How long a stream may be silent. */
        public Builder heartbeat(Duration heartbeat) {
            this.heartbeat = Checks.positive("heartbeat", heartbeat);
            return this;
        }

        /**
         * How long a client may take nothing while events wait for it; then it is disconnected. The container's own time-outs
         * may be shorter, and in Tomcat its {@code connectionTimeout} should be: a client that is ended here has a thread of
         * Tomcat's try to write the rest for so long, and one that Tomcat ends has none.
         */
        public Builder writeTimeout(Duration writeTimeout) {
            this.writeTimeout = Checks.positive("writeTimeout", writeTimeout);
            return this;
        }

        /** How long a stream keeps its topics without a connection. */
        public Builder streamLinger(Duration streamLinger) {
            this.streamLinger = Checks.positive("streamLinger", streamLinger);
            return this;
        }

        /** How long clients are told to wait before they connect again. */
        public Builder retry(Duration retry) {
            this.retry = Checks.notNegative("retry", retry);
            return this;
        }

        /** What tells many readers at once, and what runs late answers. It should not be a single thread. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** The clock and scheduler. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
            return this;
        }

        /**
         * The servlet.
         *
         * @throws IllegalArgumentException if there is neither a topic nor a registry
         */
        public StateServlet build() {
            if (topics.isEmpty() && registries.isEmpty()) {
                throw new IllegalArgumentException("there is nothing to serve: name a topic or a registry");
            }
            return new StateServlet(this);
        }

        private ServerOptions options() {
            return new ServerOptions(
                    authorizer,
                    challenge,
                    Set.copyOf(allowedOrigins),
                    maxBody,
                    maxTopicLength,
                    maxTopicsPerStream,
                    maxStreams,
                    maxInline,
                    maxBatch,
                    maxWait,
                    sourceTimeout,
                    heartbeat,
                    writeTimeout,
                    streamLinger,
                    retry,
                    executor,
                    timeSource);
        }
    }
}
