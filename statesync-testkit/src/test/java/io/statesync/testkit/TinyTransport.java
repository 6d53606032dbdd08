package io.statesync.testkit;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** The smallest correct transport, in memory, with a connection that can be broken; others are made wrong from it. */
class TinyTransport implements InvalidationSubscriber {
    final List<InvalidationHandler> handlers = new CopyOnWriteArrayList<>();
    boolean broken;

    @Override
    public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
        if (broken) {
            throw new IOException("not connected");
        }
        handlers.add(handler);
        return CompletableFuture.completedFuture(() -> handlers.remove(handler));
    }

    void announce(StateVersion version) {
        if (!broken) {
            handlers.forEach(handler -> tell(handler, version));
        }
    }

    void tell(InvalidationHandler handler, StateVersion version) {
        handler.event(InvalidationEvent.of("t", version));
    }

    void disconnect() {
        broken = true;
        handlers.forEach(InvalidationHandler::disconnected);
    }

    void connect() {
        broken = false;
        handlers.forEach(InvalidationHandler::reconnected);
    }
}
