package io.statesync.http;

import io.statesync.TimeSource;
import io.statesync.internal.DefaultExecutor;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests, with the headers of a supplier and an HTTP client that is given or shared. The shared one is leased with
 * the first request and given back by {@link #close}.
 */
final class Requests implements AutoCloseable {
    /** Decides about an answer's body. */
    interface Taker<T> {
        /** Where the body goes; null if it is not wanted, so that its beginning is read for a message. */
        @Nullable
        BodySubscriber<T> take(ResponseInfo info);
    }

    /** A header supplier was at fault: nothing was sent. */
    static final class NoHeadersException extends IOException {
        private static final long serialVersionUID = 1L;

        NoHeadersException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private final @Nullable HttpClient given;
    private final Duration connectTimeout;
    final Map<String, String> fixed;
    final @Nullable HeaderSupplier headers;
    final TimeSource time;
    final Executor suppliers = DefaultExecutor.SHARED;
    final Function<URI, String> shown;
    private final Set<Exchange<?>> open = ConcurrentHashMap.newKeySet();
    private SharedHttpClients.@Nullable Lease lease; // guarded by this
    private volatile boolean closed;

    /**
     * Nothing is sent yet.
     *
     * @param given the HTTP client to use; null for a shared one
     * @param connectTimeout of the shared one
     * @param fixed headers of each request; they go where the supplier's go
     * @param headers null for none
     * @param shown what messages may show of a URL
     */
    Requests(
            @Nullable HttpClient given,
            Duration connectTimeout,
            Map<String, String> fixed,
            @Nullable HeaderSupplier headers,
            TimeSource time,
            Function<URI, String> shown) {
        this.given = given;
        this.connectTimeout = connectTimeout;
        this.fixed = fixed;
        this.headers = headers;
        this.time = time;
        this.shown = shown;
    }

    /** Sends. Cancelling the result ends the exchange; so does the time-out, if it has no answer with its body by then. */
    <T> Exchange<T> send(HttpRequest request, Taker<T> taker, Duration timeout) {
        Exchange<T> exchange = new Exchange<>(this, request, taker, timeout);
        open.add(exchange);
        var unused = exchange.whenComplete((reply, error) -> open.remove(exchange));
        if (closed) {
            exchange.fail(closedException());
        } else {
            exchange.begin();
        }
        return exchange;
    }

    /** Sends, for a body in memory. */
    Exchange<byte[]> send(HttpRequest request, IntPredicate wanted, long maxBytes, String option, Duration timeout) {
        String tooLong = tooLong(maxBytes, option);
        return send(
                request,
                info -> wanted.test(info.statusCode()) ? LimitedBody.failing(maxBytes, tooLong) : null,
                timeout);
    }

    static String tooLong(long maxBytes, String option) {
        return "the answer is longer than " + option + "=" + maxBytes;
    }

    /** The HTTP client. */
    synchronized HttpClient client() throws IOException {
        if (given != null) {
            return given;
        }
        if (closed) {
            throw closedException();
        }
        if (lease == null) {
            lease = SharedHttpClients.lease(connectTimeout);
        }
        HttpClient client = lease.client();
        if (client == null) {
            throw closedException();
        }
        return client;
    }

    private static IOException closedException() {
        return new IOException("the client was closed");
    }

    /** Whether a failure says that nothing of the request has reached the server. */
    static boolean wasNotSent(@Nullable Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof ConnectException
                    || t instanceof HttpConnectTimeoutException
                    || t instanceof UnresolvedAddressException
                    || t instanceof NoHeadersException) {
                return true;
            }
        }
        return false;
    }

    /** Ends all that is under way; later requests fail. */
    @Override
    public void close() {
        SharedHttpClients.Lease ending;
        synchronized (this) {
            closed = true;
            ending = lease;
            lease = null;
        }
        open.forEach(exchange -> exchange.fail(closedException()));
        if (ending != null) {
            ending.close();
        }
    }
}
