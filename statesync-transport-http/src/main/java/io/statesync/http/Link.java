package io.statesync.http;

import io.statesync.InvalidationHandler;
import io.statesync.StateCodec;
import io.statesync.Subscription;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.DefaultExecutor;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.Listening;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A subscription to a topic. */
final class Link<T extends @Nullable Object> implements Subscription {
    private final Subscriptions owner;
    private final Listening<T> listening;
    final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
    boolean established; // guarded by the owner's lock

    Link(Subscriptions owner, InvalidationHandler handler, String topic, StateCodec<T> codec, DecodeOn decoder) {
        this.owner = owner;
        this.listening = new Listening<>(handler, topic, codec, decoder);
    }

    String topic() {
        return listening.topic();
    }

    void complete() {
        subscribed.completeAsync(() -> this, DefaultExecutor.SHARED);
    }

    void fail(Throwable cause) {
        listening.shut();
        DefaultExecutor.SHARED.execute(() -> subscribed.completeExceptionally(cause));
    }

    /** Hears no more. */
    void shut() {
        listening.shut();
    }

    @Override
    public void close() {
        listening.shut();
        owner.remove(this);
    }

    void tell(Consumer<InvalidationHandler> what) {
        listening.tell(what);
    }

    /** An event of the topic: a snapshot, if it has data. */
    void hear(Envelope event) {
        listening.hear(event);
    }
}
