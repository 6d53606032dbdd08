package io.statesync.http;

import io.statesync.TimeSource.Timer;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Connects to an event stream again and again, until it is closed, or there is nothing to come back for.
 *
 * <p>One {@link Attempt} at a time; what an earlier one says is not heard any more.
 */
final class SseLoop {
    /** A request to connect with. */
    interface Source {
        /** The request of the next attempt; a failure is one of the attempt. */
        CompletionStage<Opening> next() throws Exception;
    }

    /**
     * A request to connect with.
     *
     * @param readTimeout how long the stream may be silent; null for ever
     */
    record Opening(HttpRequest request, @Nullable Duration readTimeout, boolean resumes) {
        /** With the last event id, if there is one. */
        Opening(HttpRequest request, @Nullable Duration readTimeout) {
            this(request, readTimeout, true);
        }
    }

    private enum State {
        CONNECTING,
        OPEN,
        WAITING,
        CLOSED
    }

    private final Requests requests;
    private final Source source;
    private final SseOptions options;
    private final SseClient.Listener listener;
    private final Lane lane;
    private final Runnable ended;

    private final Object lock = new Object();
    private State state = State.CONNECTING; // guarded by lock
    private Attempt attempt = new Attempt(); // guarded by lock
    private @Nullable Timer timer; // guarded by lock; of WAITING
    private long openedAt; // guarded by lock; of OPEN
    private int failures; // guarded by lock
    private String lastEventId; // guarded by lock
    private volatile @Nullable Long retryMillis;

    /**
     * A loop that has not begun.
     *
     * @param ended called once or more often when it is closed, or has ended by itself
     */
    SseLoop(
            Requests requests,
            Source source,
            SseOptions options,
            SseClient.Listener listener,
            String lastEventId,
            Runnable ended) {
        this.requests = requests;
        this.source = source;
        this.options = options;
        this.listener = listener;
        this.lastEventId = lastEventId;
        this.ended = ended;
        this.lane = new Lane(options.executor(), this::close);
    }

    void begin() {
        current().begin();
    }

    private Attempt current() {
        synchronized (lock) {
            return attempt;
        }
    }

    String lastEventId() {
        synchronized (lock) {
            return lastEventId;
        }
    }

    boolean isClosed() {
        synchronized (lock) {
            return state == State.CLOSED;
        }
    }

    /** One connection, from its request to its end. */
    private final class Attempt implements SseDecoder.Sink {
        private @Nullable Exchange<SseStream> exchange; // guarded by lock
        private @Nullable SseStream stream; // guarded by lock

        void begin() {
            try {
                source.next().whenComplete((opening, error) -> {
                    if (error == null) {
                        connect(opening);
                    } else {
                        failed(this, Failures.unwrapped(error), null);
                    }
                });
            } catch (Throwable t) { // a failed attempt like another
                failed(this, t, null);
            }
        }

        private void connect(Opening opening) {
            String id = lastEventId();
            HttpRequest.Builder request = HttpRequest.newBuilder(opening.request(), (name, value) -> true);
            request.setHeader("Accept", "text/event-stream").setHeader("Cache-Control", "no-store");
            if (opening.resumes() && isSendable(id)) {
                request.setHeader("Last-Event-ID", id);
            }
            Exchange<SseStream> sent = requests.send(
                    request.build(),
                    info -> info.statusCode() == 200 && isEventStream(info.headers())
                            ? stream(id, opening.readTimeout())
                            : null,
                    options.openTimeout());
            boolean late = !ifCurrent(this, () -> {
                exchange = sent;
                return true;
            });
            if (late) {
                sent.cancel(true);
            }
            var unused = sent.whenComplete((reply, error) -> {
                if (error != null) {
                    failed(this, Failures.unwrapped(error), null);
                } else if (reply.body() == null) {
                    refused(this, reply);
                }
            });
        }

        private SseStream stream(String id, @Nullable Duration readTimeout) {
            SseDecoder decoder = new SseDecoder(this, options.maxLineBytes(), options.maxEventBytes(), id);
            SseStream made = new SseStream(decoder, lane, options.time(), readTimeout, new SseStream.Owner() {
                @Override
                public void opened() {
                    SseLoop.this.opened(Attempt.this);
                }

                @Override
                public void ended(Throwable error) {
                    failed(Attempt.this, error, null);
                }
            });
            boolean late = !ifCurrent(this, () -> {
                stream = made;
                return true;
            });
            if (late) {
                made.cancel();
            }
            return made;
        }

        /** Ends the connection, wherever it is. */
        void cancel() {
            Exchange<SseStream> sent;
            SseStream open;
            synchronized (lock) {
                sent = exchange;
                open = stream;
            }
            if (sent != null) {
                sent.cancel(true);
            }
            if (open != null) {
                open.cancel();
            }
        }

        @Override
        public void event(SseEvent event) {
            tell(this, () -> listener.onEvent(event));
        }

        @Override
        public void comment(String text) {
            tell(this, () -> listener.onComment(text));
        }

        @Override
        public void retry(long millis) {
            retryMillis = millis;
        }
    }

    /** Headers are ASCII to the HTTP client, which would send other characters as question marks. */
    private static boolean isSendable(String id) {
        return !id.isEmpty() && id.chars().allMatch(c -> c >= ' ' && c < 0x7F);
    }

    private static boolean isEventStream(HttpHeaders headers) {
        String contentType = headers.firstValue("Content-Type").orElse("");
        int end = contentType.indexOf(';');
        String type = end < 0 ? contentType : contentType.substring(0, end);
        return type.trim().toLowerCase(Locale.ROOT).equals("text/event-stream")
                && headers.firstValue("Content-Encoding").isEmpty();
    }

    private static String noEventStream(HttpHeaders headers) {
        return headers.firstValue("Content-Encoding")
                .map(encoding -> ", and Content-Encoding " + Texts.quote(encoding) + ", which was not asked for")
                .orElse(", and Content-Type "
                        + Texts.quote(headers.firstValue("Content-Type").orElse(null))
                        + " where text/event-stream was expected");
    }

    // --- what becomes of an attempt

    private boolean ifCurrent(Attempt which, BooleanSupplier then) {
        synchronized (lock) {
            return attempt == which && state != State.CLOSED && state != State.WAITING && then.getAsBoolean();
        }
    }

    private void tell(Attempt which, Runnable callback) {
        if (ifCurrent(which, () -> true)) {
            lane.add(callback);
        }
    }

    private void opened(Attempt which) {
        long now = options.time().nanoTime();
        boolean open = ifCurrent(which, () -> {
            state = State.OPEN;
            openedAt = now;
            return true;
        });
        if (open) {
            lane.add(listener::onOpen);
        }
    }

    private void refused(Attempt which, Reply<SseStream> reply) {
        int status = reply.status();
        if (status == 204) {
            end(which, null);
            return;
        }
        HttpStateException error = status == 200 ? reply.failure(noEventStream(reply.headers())) : reply.failure();
        boolean passing = status == 408 || status == 429 || status >= 500;
        if (options.giveUpOnRefusal() && !passing) {
            end(which, error);
        } else {
            failed(which, error, options.retryAfter(reply.headers()));
        }
    }

    /** The attempt failed, or its connection was lost: another follows. */
    private void failed(Attempt which, Throwable error, @Nullable Duration retryAfter) {
        long now = options.time().nanoTime();
        int failed;
        synchronized (lock) {
            if (attempt != which || (state != State.CONNECTING && state != State.OPEN)) {
                return;
            }
            boolean healthy = state == State.OPEN
                    && now - openedAt >= options.healthyAfter().toNanos();
            failures = healthy ? 1 : failures + 1;
            failed = failures;
            noteId(which);
            state = State.WAITING;
        }
        which.cancel();
        Duration delay = options.delay(failed, retryMillis, retryAfter);
        lane.add(() -> listener.onError(error, delay));
        Timer armed;
        try {
            armed = options.time().schedule(() -> again(which), delay);
        } catch (RuntimeException e) {
            end(which, e);
            return;
        }
        boolean late;
        synchronized (lock) {
            late = attempt != which || state != State.WAITING;
            if (!late) {
                timer = armed;
            }
        }
        if (late) {
            armed.cancel();
        }
    }

    private void noteId(Attempt which) {
        if (which.stream != null) {
            lastEventId = which.stream.lastEventId();
        }
    }

    private void again(Attempt after) {
        Attempt next = new Attempt();
        synchronized (lock) {
            if (attempt != after || state != State.WAITING) {
                return;
            }
            timer = null;
            attempt = next;
            state = State.CONNECTING;
        }
        next.begin();
    }

    /** Drops the connection that there is, as if it had been lost; without effect if there is none. */
    void restart(Throwable cause) {
        failed(current(), cause, null);
    }

    /** It ends by itself. */
    private void end(Attempt which, @Nullable Throwable error) {
        synchronized (lock) {
            if (attempt != which || state == State.CLOSED) {
                return;
            }
            noteId(which);
            state = State.CLOSED;
        }
        which.cancel();
        if (error != null) {
            lane.add(() -> listener.onError(error, null));
        }
        lane.add(listener::onClosed);
        ended.run();
    }

    void close() {
        Timer armed;
        Attempt ending;
        synchronized (lock) {
            if (state != State.CLOSED) {
                noteId(attempt);
            }
            state = State.CLOSED;
            armed = timer;
            timer = null;
            ending = attempt;
        }
        lane.close();
        if (armed != null) {
            armed.cancel();
        }
        ending.cancel();
        ended.run();
    }
}
