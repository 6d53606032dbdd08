package io.statesync.jms;

import io.statesync.TimeSource;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A request that waits for its answer's text, or for a connection to be sent over. Cancelling it forgets it. */
final class Request extends CompletableFuture<String> {
    private final Requester owner;
    final String id;
    final String queue;
    final String topic;
    final String body;
    final long deadline; // by the nano time
    final Duration timeout;
    final long attempt; // the last to connect that began before it
    TimeSource.@Nullable Timer timer; // guarded by the owner's lock
    boolean sent; // guarded by the owner's lock; or about to be

    Request(Requester owner, String id, String queue, String topic, String body, Duration timeout, long attempt) {
        this.owner = owner;
        this.id = id;
        this.queue = queue;
        this.topic = topic;
        this.body = body;
        this.timeout = timeout;
        this.deadline = owner.time().nanoTime() + timeout.toNanos();
        this.attempt = attempt;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        owner.forget(id);
        return super.cancel(mayInterruptIfRunning);
    }
}
