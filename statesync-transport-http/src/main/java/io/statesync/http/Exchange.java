package io.statesync.http;

import io.statesync.TimeSource.Timer;
import io.statesync.http.Requests.NoHeadersException;
import io.statesync.http.Requests.Taker;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request with what it takes: headers, redirects, and the repetition after a 401. The future of its reply, done on the
 * HTTP client's threads; cancelling it ends the exchange.
 */
final class Exchange<T> extends CompletableFuture<Reply<T>> {
    private static final int MAX_REDIRECTS = 5;
    private static final int REST = 64 * 1024;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final Requests requests;
    private final URI origin;
    private final Taker<T> taker;
    private final Duration timeout;

    // One step after the other, each handed over by a future.
    private HttpRequest request;
    private int redirects;
    private boolean refreshed;

    private @Nullable CompletableFuture<?> step; // guarded by this: what is under way
    private int steps; // guarded by this; how many have begun
    private @Nullable Timer timer; // guarded by this
    private boolean over; // guarded by this

    Exchange(Requests requests, HttpRequest request, Taker<T> taker, Duration timeout) {
        this.requests = requests;
        this.request = request;
        this.origin = request.uri();
        this.taker = taker;
        this.timeout = timeout;
    }

    void begin() {
        Timer armed = requests.time.schedule(this::timeOut, timeout);
        synchronized (this) {
            timer = over ? null : armed;
        }
        if (isDone()) {
            armed.cancel();
        }
        send(false);
    }

    private void timeOut() {
        fail(new HttpTimeoutException(name() + ": no answer within " + timeout));
    }

    private String name() {
        return request.method() + " " + requests.shown.apply(request.uri());
    }

    // --- sending

    private void send(boolean refresh) {
        HeaderSupplier supplier = requests.headers;
        if (supplier == null || !isAtOrigin()) {
            send(Map.of());
            return;
        }
        try {
            requests.suppliers.execute(() -> ask(supplier, refresh));
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private boolean isAtOrigin() {
        return Urls.sameOrigin(origin, request.uri());
    }

    private void ask(HeaderSupplier supplier, boolean refresh) {
        try {
            // Never cancelled: it may be a future that the supplier gives to all.
            supplier.headers(refresh).whenComplete((headers, error) -> {
                if (error == null && headers != null) {
                    send(headers);
                } else {
                    fail(new NoHeadersException(name() + ": the header supplier gave no headers", cause(error)));
                }
            });
        } catch (Throwable t) { // user code
            fail(new NoHeadersException(name() + ": the header supplier failed", t));
        }
    }

    private void send(Map<String, String> headers) {
        if (isDone()) {
            return;
        }
        try {
            HttpRequest.Builder builder = HttpRequest.newBuilder(request, (name, value) -> true);
            if (isAtOrigin()) {
                requests.fixed.forEach((name, value) -> add(builder, name, value));
            }
            headers.forEach((name, value) -> add(builder, name, value));
            HttpClient client = requests.client();
            boolean follows = client.followRedirects() != HttpClient.Redirect.NEVER;
            int number = nextStep();
            CompletableFuture<?> sent = client.sendAsync(builder.build(), info -> receive(info, follows));
            enter(sent, number);
            var unused = sent.whenComplete((reply, error) -> {
                if (error != null) {
                    fail(described(error));
                }
            });
        } catch (CompletionException e) {
            fail(cause(e));
        } catch (Throwable t) {
            fail(t);
        }
    }

    /** Never says the value. */
    private void add(HttpRequest.Builder builder, @Nullable String name, @Nullable String value) {
        try {
            if (name == null || value == null) {
                throw new IllegalArgumentException("null");
            }
            builder.setHeader(name, value);
        } catch (IllegalArgumentException e) {
            throw new CompletionException(new NoHeadersException(
                    name() + ": the header supplier's header " + Texts.quote(name)
                            + " cannot be sent: it is one that the HTTP client sets, or has characters that no header may"
                            + " have, or is null",
                    null));
        }
    }

    private synchronized int nextStep() {
        return ++steps;
    }

    /** Notes what is under way, or cancels it if the exchange has failed; the answer may be there already. */
    private void enter(CompletableFuture<?> next, int number) {
        synchronized (this) {
            if (!over) {
                if (number == steps) { // else its answer has come, and the next step is under way
                    step = next;
                }
                return;
            }
        }
        if (isCompletedExceptionally()) {
            next.cancel(true);
        }
    }

    // --- receiving

    private BodySubscriber<Object> receive(ResponseInfo info, boolean clientFollows) {
        int status = info.statusCode();
        Optional<String> location = info.headers().firstValue("Location");
        if (REDIRECTS.contains(status) && location.isPresent() && !clientFollows) {
            return after(LimitedBody.cut(REST), rest -> redirect(status, location.get()));
        }
        if (status == 401 && requests.headers != null && !refreshed && isAtOrigin()) {
            refreshed = true;
            return after(LimitedBody.cut(REST), rest -> send(true));
        }
        BodySubscriber<T> wanted = taker.take(info);
        if (wanted != null) {
            return after(wanted, body -> succeed(reply(info, body, "")));
        }
        return after(
                LimitedBody.cut(REST), rest -> succeed(reply(info, null, Encodings.start(rest, info.headers(), REST))));
    }

    private Reply<T> reply(ResponseInfo info, @Nullable T body, String rest) {
        String url = requests.shown.apply(request.uri());
        return new Reply<>(request.method(), url, info.statusCode(), info.headers(), body, rest);
    }

    /** Goes on as soon as the body is there, without the detour that the HTTP client's own future takes. */
    private <B> BodySubscriber<Object> after(BodySubscriber<B> subscriber, Consumer<B> then) {
        subscriber.getBody().whenComplete((body, error) -> {
            if (error != null) {
                fail(described(error));
                return;
            }
            try {
                then.accept(body);
            } catch (Throwable t) {
                fail(t);
            }
        });
        return BodySubscribers.mapping(subscriber, body -> body);
    }

    private void redirect(int status, String location) {
        redirects++;
        URI target;
        try {
            target = request.uri().resolve(location);
        } catch (IllegalArgumentException e) {
            fail(new IOException(name() + ": redirected to what is no URL"));
            return;
        }
        String refusal = refusal(target);
        if (refusal != null) {
            fail(new IOException(name() + ": " + refusal));
            return;
        }
        HttpRequest.Builder next =
                HttpRequest.newBuilder(request, (name, value) -> true).uri(target);
        boolean becomesGet = status == 303
                || ((status == 301 || status == 302) && request.method().equals("POST"));
        if (becomesGet && !request.method().equals("GET") && !request.method().equals("HEAD")) {
            next = HttpRequest.newBuilder(request, (name, value) -> !name.equalsIgnoreCase("Content-Type"))
                    .uri(target)
                    .method("GET", BodyPublishers.noBody());
        }
        request = next.build();
        send(false);
    }

    private @Nullable String refusal(URI target) {
        if (redirects > MAX_REDIRECTS) {
            return "redirected more than " + MAX_REDIRECTS + " times";
        }
        if (!Urls.isHttp(target)) {
            return "redirected to what is no http or https URL";
        }
        if (Urls.isHttps(request.uri()) && !Urls.isHttps(target)) {
            return "redirected from https to " + requests.shown.apply(target) + ", which is refused";
        }
        return null;
    }

    // --- the end

    private Throwable described(Throwable error) {
        Throwable cause = cause(error);
        if (!(cause instanceof IOException io)) {
            return cause;
        }
        return new IOException(name() + ": " + (Requests.wasNotSent(io) ? "cannot connect: " : "") + reason(io), io);
    }

    private static String reason(IOException error) {
        if (error.getMessage() != null) {
            return error.getMessage();
        }
        // The JDK says neither of these in words.
        if (error instanceof ConnectException) {
            return isUnknownHost(error) ? "unknown host" : "nothing takes connections there";
        }
        return error.getClass().getSimpleName();
    }

    private static boolean isUnknownHost(IOException error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (t instanceof UnresolvedAddressException) {
                return true;
            }
        }
        return false;
    }

    private static Throwable cause(@Nullable Throwable error) {
        return error == null ? new NullPointerException("null") : Failures.unwrapped(error);
    }

    private void succeed(Reply<T> reply) {
        var unused = end();
        complete(reply);
    }

    void fail(Throwable error) {
        completeExceptionally(error);
        CompletableFuture<?> ending = end();
        if (ending != null) {
            ending.cancel(true);
        }
    }

    private @Nullable CompletableFuture<?> end() {
        Timer armed;
        CompletableFuture<?> ending;
        synchronized (this) {
            over = true;
            armed = timer;
            ending = step;
            timer = null;
            step = null;
        }
        if (armed != null) {
            armed.cancel();
        }
        return ending;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        CompletableFuture<?> ending = end();
        if (ending != null) {
            ending.cancel(true);
        }
        return cancelled;
    }
}
