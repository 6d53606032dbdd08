package io.statesync.http;

import io.statesync.Backoff;
import io.statesync.StateCodec;
import io.statesync.TimeSource;
import io.statesync.WritableBinding;
import io.statesync.internal.Checks;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.DefaultExecutor;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A client of a source's server: topics to follow, pull and write over HTTP, with one stream of events for all of them.
 *
 * <pre>{@code
 * HttpStateClient client = HttpStateClient.builder(URI.create("https://config.example.com/state")).build();
 * WritableBinding<Settings> settings = client.topic("settings", JacksonCodec.json(Settings.class));
 * }</pre>
 *
 * <p><b>The stream.</b> It is opened by the first subscription and ended with the last. Topics join and leave it while it is
 * open. When it is lost, subscriptions hear that they are disconnected, it is opened anew, and the server says where each
 * topic stands, so that only what moved is pulled. A snapshot of no more than {@code inline} bytes comes with the stream and
 * is not pulled at all.
 *
 * <p><b>Pulls.</b> There are {@code pullConcurrency} requests at most at once; when more pulls wait, up to {@code batch} of
 * them go in one. A pull says what is held, so that what has not moved is not sent, and what is wanted, so that a node that
 * lags waits up to {@code pullWait} until it has that.
 *
 * <p><b>Writes.</b> A proposal that the source refuses is {@code Rejected}; one whose connection was refused, or that a proxy
 * turned away, was not sent. All else that is no answer means that the outcome is not known.
 *
 * <p>Safe for use from any thread. Codecs run on the executor; those of small states on the HTTP client's
 * threads, unless an executor was named.
 */
public final class HttpStateClient implements AutoCloseable {
    private static final Duration HEALTHY = Duration.ofSeconds(30);
    private static final int EVENT_OVERHEAD = 64 * 1024;

    private final URI base;
    private final Requests requests;
    final Subscriptions subscriptions;
    final Pulls pulls;
    final Proposals proposals;

    private HttpStateClient(Builder b) {
        base = b.base;
        Endpoint endpoint = new Endpoint(base);
        requests = new Requests(b.httpClient, b.connectTimeout, Map.of(), b.headers, b.timeSource, endpoint::shown);
        int eventBytes = b.inline + EVENT_OVERHEAD;
        SseOptions sse = new SseOptions(
                b.requestTimeout, b.backoff, HEALTHY, false, eventBytes, eventBytes, b.timeSource, Runnable::run);
        StreamSession session = new StreamSession(requests, endpoint, b.requestTimeout, b.readTimeout, b.inline);
        subscriptions = new Subscriptions(requests, endpoint, session, sse, new DecodeOn(b.executor));
        Pulls.Options pulling =
                new Pulls.Options(b.requestTimeout, b.maxSnapshotBytes, b.pullConcurrency, b.batch, b.pullWait);
        pulls = new Pulls(requests, endpoint, pulling, new DecodeOn(b.executor), subscriptions::streamId);
        proposals = new Proposals(
                requests,
                endpoint,
                b.requestTimeout,
                b.maxSnapshotBytes,
                b.executor == null ? DefaultExecutor.SHARED : b.executor);
    }

    /** A client with the defaults of the builder. Nothing is connected to yet. */
    public static HttpStateClient to(URI base) {
        return builder(base).build();
    }

    /**
     * A builder of a client.
     *
     * @param base the URL that the protocol's paths are below
     * @throws IllegalArgumentException if it is not an absolute http or https URL
     */
    public static Builder builder(URI base) {
        return new Builder(base);
    }

    /**
     * A topic, to be followed and written. Bindings are cheap; all share the client's stream and limits.
     *
     * @param codec makes the state JSON and back
     */
    public <T extends @Nullable Object> WritableBinding<T> topic(String topic, StateCodec<T> codec) {
        return new HttpBinding<>(this, Checks.notBlank("topic", topic), Objects.requireNonNull(codec, "codec"));
    }

    /**
     * Ends the stream, and all that is under way: pulls and proposals fail, subscriptions hear that they are disconnected and
     * nothing after that. Later calls fail. May be called again. Does not wait.
     *
     * <p>With the shared HTTP client, connections that are idle stay open after the last client on JDK 17 to 20, until the
     * garbage collector finds them; later JDKs close them at once.
     */
    @Override
    public void close() {
        subscriptions.close();
        pulls.close();
        requests.close();
    }

    /** Names the base URL. */
    @Override
    public String toString() {
        return "HttpStateClient[" + requests.shown.apply(base) + "]";
    }

    /**
     * The options of an {@link HttpStateClient}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>httpClient</td><td>one that is shared, HTTP/1.1</td></tr>
     * <tr><td>headers</td><td>none</td></tr>
     * <tr><td>connectTimeout</td><td>10 s</td></tr>
     * <tr><td>requestTimeout</td><td>30 s</td></tr>
     * <tr><td>readTimeout</td><td>three of the server's heartbeats, 45 s if it names none</td></tr>
     * <tr><td>backoff</td><td>{@link Backoff#standard()}</td></tr>
     * <tr><td>inline</td><td>16 KiB</td></tr>
     * <tr><td>maxSnapshotBytes</td><td>64 MiB</td></tr>
     * <tr><td>pullConcurrency</td><td>8</td></tr>
     * <tr><td>batch</td><td>64</td></tr>
     * <tr><td>pullWait</td><td>5 s</td></tr>
     * <tr><td>executor</td><td>the library's shared one; up to 4 KiB are decoded where they arrive</td></tr>
     * <tr><td>timeSource</td><td>the system's time</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private static final int MAX_INLINE = 1 << 30;

        private final URI base;
        private @Nullable HttpClient httpClient;
        private @Nullable HeaderSupplier headers;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration requestTimeout = Duration.ofSeconds(30);
        private @Nullable Duration readTimeout;
        private Backoff backoff = Backoff.standard();
        private int inline = 16 * 1024;
        private long maxSnapshotBytes = 64L << 20;
        private int pullConcurrency = 8;
        private int batch = 64;
        private Duration pullWait = Duration.ofSeconds(5);
        private @Nullable Executor executor;
        private TimeSource timeSource = TimeSource.system();

        private Builder(URI base) {
            this.base = Urls.http("base", base);
            Endpoint unused = new Endpoint(base); // checks the rest
        }

        /** The HTTP client to use. It is never shut down; if it follows redirects, that is its own business. */
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

        /** How long a request may take, with its answer; for the stream, until the head of the answer is there. */
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

        /** How long a snapshot may be, in bytes, to come with the stream; 0 for none. The server may have a lower limit. */
        public Builder inline(int inline) {
            if (Checks.notNegative("inline", inline) > MAX_INLINE) {
                throw new IllegalArgumentException("inline must be at most " + MAX_INLINE + ": " + inline);
            }
            this.inline = inline;
            return this;
        }

        /** How long a snapshot may be, in bytes, after it was inflated; at most 2 GiB less some. */
        public Builder maxSnapshotBytes(long maxSnapshotBytes) {
            if (maxSnapshotBytes < 1 || maxSnapshotBytes > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException(
                        "maxSnapshotBytes must be between 1 and " + (Integer.MAX_VALUE - 8) + ": " + maxSnapshotBytes);
            }
            this.maxSnapshotBytes = maxSnapshotBytes;
            return this;
        }

        /** How many requests may pull at once. */
        public Builder pullConcurrency(int pullConcurrency) {
            this.pullConcurrency = Checks.positive("pullConcurrency", pullConcurrency);
            return this;
        }

        /** How many pulls that wait go in one request; 1 for each its own. */
        public Builder batch(int batch) {
            this.batch = Checks.positive("batch", batch);
            return this;
        }

        /** How long a server may hold an answer until it has the version that is wanted, within the pull's time-out. */
        public Builder pullWait(Duration pullWait) {
            this.pullWait = Checks.notNegative("pullWait", pullWait);
            return this;
        }

        /** Where codecs decode, whatever the size: for a codec that blocks, or takes its time. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Clock and timers. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
            return this;
        }

        /** The client. Nothing is connected to yet. */
        public HttpStateClient build() {
            return new HttpStateClient(this);
        }
    }
}
