package io.statesync.http;

import io.statesync.InvalidationHandler;
import io.statesync.Subscription;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A subscription to a key of a Zuno server. */
final class ZunoLink implements Subscription {
    private final ZunoFeed owner;
    private final InvalidationHandler handler;
    final String key;
    final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
    boolean established; // guarded by the owner's lock
    private volatile boolean open = true;

    ZunoLink(ZunoFeed owner, String key, InvalidationHandler handler) {
        this.owner = owner;
        this.key = key;
        this.handler = handler;
    }

    void complete() {
        subscribed.completeAsync(() -> this, DefaultExecutor.SHARED);
    }

    void fail(Throwable cause) {
        open = false;
        DefaultExecutor.SHARED.execute(() -> subscribed.completeExceptionally(cause));
    }

    void tell(Consumer<InvalidationHandler> what) {
        if (open) {
            Quietly.run(() -> what.accept(handler));
        }
    }

    /** Hears no more. */
    void shut() {
        open = false;
    }

    @Override
    public void close() {
        open = false;
        owner.remove(this);
    }
}
