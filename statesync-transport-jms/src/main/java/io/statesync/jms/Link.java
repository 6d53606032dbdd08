package io.statesync.jms;

import io.statesync.InvalidationHandler;
import io.statesync.StateCodec;
import io.statesync.Subscription;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.Listening;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A subscription to a topic, or to all. */
final class Link implements Subscription {
    private final Consumer<Link> closing;
    private final InvalidationHandler handler;
    private final @Nullable Listening<?> listening; // null for all topics
    final @Nullable String topic; // null for all
    final long attempt; // the last to connect that began before it
    final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
    boolean established; // guarded by the owner's lock; that it was once
    private volatile boolean open = true;

    /**
     * A subscription that is not established yet.
     *
     * @param codec reads the states that come; null to take of them the news alone
     */
    <T extends @Nullable Object> Link(
            Consumer<Link> closing,
            InvalidationHandler handler,
            @Nullable String topic,
            @Nullable StateCodec<T> codec,
            DecodeOn decoder,
            long attempt) {
        this.closing = closing;
        this.handler = Objects.requireNonNull(handler, "handler");
        this.topic = topic;
        this.listening = topic == null ? null : new Listening<>(handler, topic, codec, decoder);
        this.attempt = attempt;
    }

    void complete() {
        subscribed.completeAsync(() -> this, DefaultExecutor.SHARED);
    }

    void fail(Throwable cause) {
        shut();
        DefaultExecutor.SHARED.execute(() -> subscribed.completeExceptionally(cause));
    }

    /** Hears no more. */
    void shut() {
        open = false;
        if (listening != null) {
            listening.shut();
        }
    }

    void tell(Consumer<InvalidationHandler> what) {
        if (open) {
            Quietly.run(() -> what.accept(handler));
        }
    }

    void hear(Envelope event) {
        if (listening != null) {
            listening.hear(event);
        } else {
            tell(to -> to.event(event.topic(), event.revision(), event.epoch(), event.sourceId(), null));
        }
    }

    @Override
    public void close() {
        shut();
        closing.accept(this);
    }
}
