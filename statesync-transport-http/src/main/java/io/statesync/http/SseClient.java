package io.statesync.http;

import io.statesync.Backoff;
import io.statesync.TimeSource;
import io.statesync.http.SseLoop.Opening;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Texts;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A client of one stream of server-sent events (WHATWG HTML, 9.2), which comes back when its connection is lost.
 *
 * <pre>{@code
 * SseClient client = SseClient.builder(uri).open(new SseClient.Listener() {
 *     public void onEvent(SseEvent event) { ... }
 * });
 * ...
 * client.close();
 * }</pre>
 *
 * <p><b>Coming back.</b> After a stream that ended or failed, and after any answer that is no event stream, it waits and
 * connects again, with {@code Last-Event-ID}. The wait grows with each failure and begins anew once a connection was open
 * for {@code healthyAfter}: events alone do not tell that a server is well. A {@code retry:} of the stream is the first wait
 * from then on, and the shortest; with jitter a random part of the backoff's delay is added. {@code Retry-After} makes one
 * wait longer. Both count for an hour at most. 204 ends the client.
 *
 * <p><b>Where it differs from a browser's EventSource.</b> A status or a Content-Type that is not the right one is tried
 * again, unless {@code giveUpOnRefusal} is set. The last event id outlives a connection whose events have none. An id with
 * other characters than visible ASCII and spaces is not sent, because the JDK's HTTP client cannot.
 *
 * <p><b>Threads.</b> Safe for use from any thread. The listener is called on the executor, one call at a time; while it is
 * busy, nothing more is read.
 */
public final class SseClient implements AutoCloseable {
    private final SseLoop loop;

    private SseClient(SseLoop loop) {
        this.loop = loop;
    }

    /**
     * A builder of a client.
     *
     * @throws IllegalArgumentException if {@code uri} is not an absolute http or https URL
     */
    public static Builder builder(URI uri) {
        return new Builder(uri);
    }

    /** The last event id that a stream has set, or the one that it began with; empty for none. */
    public String lastEventId() {
        return loop.lastEventId();
    }

    /** Whether it was closed, or has ended by itself. */
    public boolean isClosed() {
        return loop.isClosed();
    }

    /**
     * Ends the connection, or the wait for one. After this returns, no callback begins. May be called again, and from a
     * callback.
     */
    @Override
    public void close() {
        loop.close();
    }

    /** What a client tells. What it throws is logged. */
    public interface Listener {
        /** The server answered with an event stream. */
        default void onOpen() {}

        /** An event came. */
        default void onEvent(SseEvent event) {}

        /**
         * A comment came.
         *
         * @param text what stands after the colon, without one space at its beginning
         */
        default void onComment(String text) {}

        /**
         * An attempt to connect failed, or the stream ended.
         *
         * @param error what happened; an {@link HttpStateException} for an answer that is no event stream
         * @param nextAttemptIn when it connects again; null when it gave up, and {@link #onClosed} follows
         */
        default void onError(Throwable error, @Nullable Duration nextAttemptIn) {}

        /** It has ended by itself: the server said 204, or it gave up. The last call. */
        default void onClosed() {}
    }

    /**
     * The options of an {@link SseClient}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>method</td><td>GET, no body</td></tr>
     * <tr><td>header, headers</td><td>none</td></tr>
     * <tr><td>httpClient</td><td>one that is shared, HTTP/1.1</td></tr>
     * <tr><td>connectTimeout</td><td>10 s</td></tr>
     * <tr><td>openTimeout</td><td>30 s</td></tr>
     * <tr><td>readTimeout</td><td>none</td></tr>
     * <tr><td>backoff</td><td>1 s, doubling, at most 30 s, full jitter</td></tr>
     * <tr><td>healthyAfter</td><td>30 s</td></tr>
     * <tr><td>giveUpOnRefusal</td><td>false</td></tr>
     * <tr><td>lastEventId</td><td>none</td></tr>
     * <tr><td>maxLineBytes</td><td>16 MiB</td></tr>
     * <tr><td>maxEventBytes</td><td>16 MiB</td></tr>
     * <tr><td>executor</td><td>the library's shared one</td></tr>
     * <tr><td>timeSource</td><td>the system's time</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private static final int DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

        private final URI uri;
        private String method = "GET";
        private byte @Nullable [] body;
        private final Map<String, String> fixed = new LinkedHashMap<>();
        private @Nullable HeaderSupplier headers;
        private @Nullable HttpClient httpClient;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration openTimeout = Duration.ofSeconds(30);
        private @Nullable Duration readTimeout;
        private Backoff backoff = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(30));
        private Duration healthyAfter = Duration.ofSeconds(30);
        private boolean giveUpOnRefusal;
        private String lastEventId = "";
        private int maxLineBytes = DEFAULT_MAX_BYTES;
        private int maxEventBytes = DEFAULT_MAX_BYTES;
        private TimeSource timeSource = TimeSource.system();
        private Executor executor = DefaultExecutor.SHARED;

        private Builder(URI uri) {
            this.uri = Urls.http("uri", uri);
        }

        /**
         * The method, and the body that is sent with each attempt.
         *
         * @param body null for none
         */
        public Builder method(String method, byte @Nullable [] body) {
            HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()); // throws for what is no method
            this.method = method;
            this.body = body == null ? null : body.clone();
            return this;
        }

        /** A header of each attempt. It goes to the URI's origin only, like those of {@link #headers}. */
        public Builder header(String name, String value) {
            try {
                HttpRequest.newBuilder(uri).setHeader(name, value);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("header " + Texts.quote(name) + " cannot be sent with this value");
            }
            fixed.put(name, value);
            return this;
        }

        /** Asked for the headers of each attempt. */
        public Builder headers(HeaderSupplier headers) {
            this.headers = Objects.requireNonNull(headers, "headers");
            return this;
        }

        /** The HTTP client to use. It is never shut down; if it follows redirects, that is its own business. */
        public Builder httpClient(HttpClient httpClient) {
            this.httpClient = Objects.requireNonNull(httpClient, "httpClient");
            return this;
        }

        /** How long connecting may take; without effect on a given HTTP client. */
        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = Checks.positive("connectTimeout", connectTimeout);
            return this;
        }

        /** How long it may take from the beginning of an attempt until the head of the answer is there. */
        public Builder openTimeout(Duration openTimeout) {
            this.openTimeout = Checks.positive("openTimeout", openTimeout);
            return this;
        }

        /** How long the stream may be silent before it counts as lost. Any byte is a sign of life, a comment's too. */
        public Builder readTimeout(Duration readTimeout) {
            this.readTimeout = Checks.positive("readTimeout", readTimeout);
            return this;
        }

        /** How long to wait before connecting again, unless the server says otherwise. */
        public Builder backoff(Backoff backoff) {
            this.backoff = Objects.requireNonNull(backoff, "backoff");
            return this;
        }

        /** How long a connection must have been open so that, when it is lost, the backoff begins anew. */
        public Builder healthyAfter(Duration healthyAfter) {
            this.healthyAfter = Checks.notNegative("healthyAfter", healthyAfter);
            return this;
        }

        /**
         * Whether an answer that is no event stream ends the client, as the specification says of EventSource. 408, 429 and
         * 5xx pass, and never do.
         */
        public Builder giveUpOnRefusal(boolean giveUpOnRefusal) {
            this.giveUpOnRefusal = giveUpOnRefusal;
            return this;
        }

        /** The id to send with the first attempt, from a client before this one. */
        public Builder lastEventId(String lastEventId) {
            this.lastEventId = Objects.requireNonNull(lastEventId, "lastEventId");
            return this;
        }

        /** The longest line; a longer one fails the stream. */
        public Builder maxLineBytes(int maxLineBytes) {
            this.maxLineBytes = Checks.positive("maxLineBytes", maxLineBytes);
            return this;
        }

        /** The longest data of an event; longer ones fail the stream. */
        public Builder maxEventBytes(int maxEventBytes) {
            this.maxEventBytes = Checks.positive("maxEventBytes", maxEventBytes);
            return this;
        }

        /** Where the listener is called. It may block there. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Clock and timers. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
            return this;
        }

        /** A client that begins to connect at once. */
        public SseClient open(Listener listener) {
            Objects.requireNonNull(listener, "listener");
            HttpRequest request = HttpRequest.newBuilder(uri)
                    .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body))
                    .build();
            SseOptions options = new SseOptions(
                    openTimeout,
                    backoff,
                    healthyAfter,
                    giveUpOnRefusal,
                    maxLineBytes,
                    maxEventBytes,
                    timeSource,
                    executor);
            Requests requests =
                    new Requests(httpClient, connectTimeout, Map.copyOf(fixed), headers, timeSource, Urls::shown);
            Opening opening = new Opening(request, readTimeout);
            SseLoop loop = new SseLoop(
                    requests,
                    () -> CompletableFuture.completedFuture(opening),
                    options,
                    listener,
                    lastEventId,
                    requests::close);
            loop.begin();
            return new SseClient(loop);
        }
    }
}
