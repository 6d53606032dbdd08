package io.statesync.http;

import io.statesync.TimeSource;
import io.statesync.TimeSource.Timer;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The body of an event stream: decodes it, asks for more once what was read has been told, and watches that something comes
 * while it asks.
 */
final class SseStream implements BodySubscriber<SseStream> {
    /** Who wants to know of a stream. */
    interface Owner {
        /** The head of the answer is there; nothing that the stream says was told before this. */
        void opened();

        /** Nothing will come any more. Told once or more often. */
        void ended(Throwable error);
    }

    private final SseDecoder decoder;
    private final Lane lane;
    private final TimeSource time;
    private final @Nullable Duration readTimeout;
    private final Owner owner;

    private Flow.@Nullable Subscription subscription; // guarded by this
    private @Nullable Timer timer; // guarded by this
    private boolean over; // guarded by this
    private volatile boolean asking;
    private volatile long askedAt;

    /**
     * A stream that nothing has come from.
     *
     * @param readTimeout how long it may be silent; null for ever
     */
    SseStream(SseDecoder decoder, Lane lane, TimeSource time, @Nullable Duration readTimeout, Owner owner) {
        this.decoder = decoder;
        this.lane = lane;
        this.time = time;
        this.readTimeout = readTimeout;
        this.owner = owner;
    }

    String lastEventId() {
        return decoder.lastEventId();
    }

    @Override
    public CompletionStage<SseStream> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        synchronized (this) {
            this.subscription = subscription;
        }
        owner.opened();
        ask();
        if (readTimeout != null) {
            watch(readTimeout, readTimeout);
        }
    }

    private void ask() {
        Flow.Subscription asked;
        boolean cancelled;
        synchronized (this) {
            asked = subscription;
            cancelled = over;
        }
        if (asked == null) {
            return;
        }
        askedAt = time.nanoTime();
        asking = true;
        if (cancelled) {
            asked.cancel();
        } else {
            asked.request(1);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        asking = false;
        try {
            for (ByteBuffer buffer : buffers) {
                decoder.feed(buffer);
            }
        } catch (IOException e) {
            owner.ended(e);
            return;
        }
        lane.add(this::ask);
    }

    @Override
    public void onError(Throwable error) {
        owner.ended(error);
    }

    @Override
    public void onComplete() {
        owner.ended(new IOException("the server ended the event stream"));
    }

    private void watch(Duration timeout, Duration delay) {
        Timer armed = time.schedule(() -> look(timeout), delay);
        boolean late;
        synchronized (this) {
            late = over;
            timer = armed;
        }
        if (late) {
            armed.cancel();
        }
    }

    private void look(Duration timeout) {
        Duration silent = asking ? Duration.ofNanos(time.nanoTime() - askedAt) : Duration.ZERO;
        if (silent.compareTo(timeout) >= 0) {
            owner.ended(new HttpTimeoutException("nothing came on the event stream for " + timeout));
        } else {
            watch(timeout, timeout.minus(silent));
        }
    }

    /** Ends the stream, and the connection with it. */
    void cancel() {
        Flow.Subscription ending;
        Timer armed;
        synchronized (this) {
            over = true;
            ending = subscription;
            armed = timer;
        }
        if (armed != null) {
            armed.cancel();
        }
        if (ending != null) {
            ending.cancel();
        }
    }
}
