package io.statesync.testkit;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A transport in memory that says what a test has it say, to every subscription that is open.
 *
 * <p>Subscribing succeeds at once, unless {@link #failNext} or {@link #hangNext} was called. Safe for use from any
 * thread; handlers are called on the thread of the test, without a lock.
 */
public final class ScriptedSubscriber implements InvalidationSubscriber {
    private final List<InvalidationHandler> open = new ArrayList<>(); // guarded by this, like all below
    private @Nullable Throwable failure;
    private boolean hang;
    private @Nullable InvalidationHandler hangingHandler;
    private @Nullable CompletableFuture<Subscription> hanging;
    private int subscribes;
    private int closes;

    /** A transport without subscriptions. */
    public ScriptedSubscriber() {}

    @Override
    public synchronized CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
        Objects.requireNonNull(handler, "handler");
        subscribes++;
        if (failure != null) {
            Throwable error = failure;
            failure = null;
            return CompletableFuture.failedFuture(error);
        }
        if (hang) {
            hang = false;
            hangingHandler = handler;
            hanging = new CompletableFuture<>();
            return hanging;
        }
        return CompletableFuture.completedFuture(open(handler));
    }

    private synchronized Subscription open(InvalidationHandler handler) {
        open.add(handler);
        return () -> close(handler);
    }

    private synchronized void close(InvalidationHandler handler) {
        closes++;
        open.remove(handler);
    }

    /** Lets the next subscribe fail. */
    public synchronized void failNext(Throwable error) {
        failure = Objects.requireNonNull(error, "error");
    }

    /** Leaves the next subscribe without an outcome, until {@link #completeHanging} or {@link #failHanging}. */
    public synchronized void hangNext() {
        hang = true;
    }

    /**
     * Completes the subscribe that hangs.
     *
     * @throws AssertionError if none does
     */
    public void completeHanging() {
        InvalidationHandler handler;
        synchronized (this) {
            handler = hangingHandler;
        }
        CompletableFuture<Subscription> future = takeHanging();
        future.complete(open(Objects.requireNonNull(handler)));
    }

    /**
     * Lets the subscribe that hangs fail.
     *
     * @throws AssertionError if none does
     */
    public void failHanging(Throwable error) {
        takeHanging().completeExceptionally(Objects.requireNonNull(error, "error"));
    }

    private synchronized CompletableFuture<Subscription> takeHanging() {
        CompletableFuture<Subscription> future = hanging;
        if (future == null) {
            throw new AssertionError("no subscribe hangs; there were " + subscribes);
        }
        hanging = null;
        hangingHandler = null;
        return future;
    }

    /** How often somebody subscribed. */
    public synchronized int subscribes() {
        return subscribes;
    }

    /** How often a subscription was closed. */
    public synchronized int closes() {
        return closes;
    }

    /** How many subscriptions are open. A test of an engine ends with none, or something leaked. */
    public synchronized int openSubscriptions() {
        return open.size();
    }

    /** Has each open subscription's handler hear something. */
    public void tell(Consumer<? super InvalidationHandler> message) {
        List<InvalidationHandler> now;
        synchronized (this) {
            now = List.copyOf(open);
        }
        now.forEach(message);
    }

    /** Announces a version, typed. */
    public void event(String topic, StateVersion version) {
        tell(handler -> handler.event(InvalidationEvent.of(topic, version)));
    }

    /** Announces a revision as text, as it would come from the wire; may be malformed. */
    public void event(@Nullable String topic, @Nullable String revision) {
        tell(handler -> handler.event(topic, revision));
    }

    /** Says that the connection is there again and events may have been missed (contract N1). */
    public void reconnected() {
        tell(InvalidationHandler::reconnected);
    }

    /** Says that the connection was lost (contract D1). */
    public void disconnected() {
        tell(InvalidationHandler::disconnected);
    }
}
