package io.statesync.http;

import io.statesync.Backoff;
import io.statesync.StateCodec;
import io.statesync.TimeSource;
import io.statesync.WritableBinding;
import io.statesync.internal.Checks;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.StateReplica;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client of a Zuno server, in the wire protocol's version 1: stores to read, observe and write, over one stream of events.
 *
 * <pre>{@code
 * ZunoClient zuno = ZunoClient.to(URI.create("https://app.example.com/zuno"));
 * StateReplica<Integer> counter = zuno.replica("counter", JacksonCodec.json(Integer.class), () -> 0).build();
 * counter.start();
 * counter.update(n -> n + 1);
 * }</pre>
 *
 * <p>A store is a {@link StateReplica}: optimistic unless it is told otherwise, with a conflict policy, and with writes that
 * wait while the server cannot be reached, sent as one with the base of the first and the value of the last. The stream is
 * opened by the first store that is started, and ended with the last. Each connection begins with a snapshot of all keys.
 *
 * <p>Zuno's versions are numbers without epochs. A server that was restarted and counts anew is told by its snapshot: its keys
 * go on in a further epoch, which is this client's own.
 *
 * <p>Safe for use from any thread.
 */
public final class ZunoClient implements AutoCloseable {
    private static final Duration HEALTHY = Duration.ofSeconds(30);

    final Requests requests;
    final Endpoint endpoint;
    final ZunoFeed feed;
    final Duration requestTimeout;
    final int maxBytes;
    private final String clientId;
    private final TimeSource time;

    private ZunoClient(Builder b) {
        endpoint = new Endpoint(b.base);
        requests = new Requests(b.httpClient, b.connectTimeout, Map.of(), b.headers, b.timeSource, endpoint::shown);
        SseOptions sse = new SseOptions(
                b.requestTimeout,
                b.backoff,
                HEALTHY,
                false,
                b.maxEventBytes,
                b.maxEventBytes,
                b.timeSource,
                Runnable::run);
        clientId = b.clientId;
        feed = new ZunoFeed(requests, endpoint, sse, b.readTimeout, clientId);
        requestTimeout = b.requestTimeout;
        maxBytes = b.maxEventBytes;
        time = b.timeSource;
    }

    /** A client with the defaults of the builder. Nothing is connected to yet. */
    public static ZunoClient to(URI base) {
        return builder(base).build();
    }

    /**
     * A builder of a client.
     *
     * @param base the URL that {@code /sse} and {@code /sync} are below, with the room if there is one
     * @throws IllegalArgumentException if it is not an absolute http or https URL
     */
    public static Builder builder(URI base) {
        return new Builder(base);
    }

    /** The origin of what this client writes. */
    public String clientId() {
        return clientId;
    }

    long now() {
        return time.now().toEpochMilli();
    }

    /**
     * A key, to be followed and written. Bindings are cheap; all share the client's stream.
     *
     * @param codec makes the state JSON and back
     * @param initial the state, at revision 0, as long as the server has none; called whenever that is asked for
     */
    public <T extends @Nullable Object> WritableBinding<T> topic(
            String key, StateCodec<T> codec, Supplier<? extends T> initial) {
        return new ZunoTopic<>(
                this,
                Checks.notBlank("key", key),
                Objects.requireNonNull(codec, "codec"),
                Objects.requireNonNull(initial, "initial"));
    }

    /**
     * The builder of a store: a replica of a key, to be given a conflict policy, say, then built and started.
     *
     * @param codec makes the state JSON and back
     * @param initial the state as long as the server has none
     */
    public <T extends @Nullable Object> ReplicaBuilder<T> replica(
            String key, StateCodec<T> codec, Supplier<? extends T> initial) {
        return StateReplica.<T>builder(key).source(topic(key, codec, initial)).sourceId(clientId);
    }

    /** Ends the stream, and all that is under way. Later calls fail. May be called again. Does not wait. */
    @Override
    public void close() {
        feed.close();
        requests.close();
    }

    /**
     * The options of a {@link ZunoClient}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>clientId</td><td>a random one</td></tr>
     * <tr><td>httpClient</td><td>one that is shared, HTTP/1.1</td></tr>
     * <tr><td>headers</td><td>none</td></tr>
     * <tr><td>connectTimeout</td><td>10 s</td></tr>
     * <tr><td>requestTimeout</td><td>30 s</td></tr>
     * <tr><td>readTimeout</td><td>45 s: three of the heartbeats that Zuno's servers send</td></tr>
     * <tr><td>backoff</td><td>{@link Backoff#standard()}</td></tr>
     * <tr><td>maxEventBytes</td><td>64 MiB</td></tr>
     * <tr><td>timeSource</td><td>the system's time</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final URI base;
        private String clientId = UUID.randomUUID().toString();
        private @Nullable HttpClient httpClient;
        private @Nullable HeaderSupplier headers;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration requestTimeout = Duration.ofSeconds(30);
        private Duration readTimeout = Duration.ofSeconds(45);
        private Backoff backoff = Backoff.standard();
        private int maxEventBytes = 64 << 20;
        private TimeSource timeSource = TimeSource.system();

        private Builder(URI base) {
            this.base = Urls.http("base", base);
            Endpoint unused = new Endpoint(base); // checks the rest
        }

        /** The origin of what this client writes, by which it knows its own events. */
        public Builder clientId(String clientId) {
            this.clientId = Checks.notBlank("clientId", clientId);
            return this;
        }

        /** The HTTP client to use. It is never shut down. */
        public Builder httpClient(HttpClient httpClient) {
            this.httpClient = Objects.requireNonNull(httpClient, "httpClient");
            return this;
        }

        /** Asked for the headers of each request. */
        public Builder headers(HeaderSupplier headers) {
            this.headers = Objects.requireNonNull(headers, "headers");
            return this;
        }

        /** How long connecting may take; without effect on a given HTTP client. */
        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = Checks.positive("connectTimeout", connectTimeout);
            return this;
        }

        /** How long a write may take, with its answer; for the stream, until the head of the answer is there. */
        public Builder requestTimeout(Duration requestTimeout) {
            this.requestTimeout = Checks.positive("requestTimeout", requestTimeout);
            return this;
        }

        /** How long the stream may be silent before it counts as lost. */
        public Builder readTimeout(Duration readTimeout) {
            this.readTimeout = Checks.positive("readTimeout", readTimeout);
            return this;
        }

        /** How long to wait before the stream is opened again, unless the server says otherwise. */
        public Builder backoff(Backoff backoff) {
            this.backoff = Objects.requireNonNull(backoff, "backoff");
            return this;
        }

        /** How long an event may be, in bytes: the first of each connection has the states of all keys. */
        public Builder maxEventBytes(int maxEventBytes) {
            this.maxEventBytes = Checks.positive("maxEventBytes", maxEventBytes);
            return this;
        }

        /** Clock and timers. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
            return this;
        }

        /** The client. Nothing is connected to yet. */
        public ZunoClient build() {
            return new ZunoClient(this);
        }
    }
}
