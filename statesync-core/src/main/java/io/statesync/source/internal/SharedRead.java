package io.statesync.source.internal;

import io.statesync.TimeSource;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A reading of the source that many wait for: at most one runs and one is due. Each caller gets one that began after the
 * call, so nobody is answered with what was read before they asked.
 *
 * <p>A reading that takes too long fails, and does not hold up the next.
 *
 * @param <V> what is read
 */
public final class SharedRead<V> {
    private final Supplier<CompletionStage<V>> reading;
    private final Duration timeout;
    private final TimeSource time;
    private final Executor executor;
    private boolean busy; // guarded by this
    private @Nullable CompletableFuture<V> due; // guarded by this

    /**
     * Nothing is read yet.
     *
     * @param executor what readings that were due run on
     */
    public SharedRead(Supplier<CompletionStage<V>> reading, Duration timeout, TimeSource time, Executor executor) {
        this.reading = reading;
        this.timeout = timeout;
        this.time = time;
        this.executor = executor;
    }

    /** A reading that begins after this call. */
    public CompletableFuture<V> read() {
        CompletableFuture<V> mine = new CompletableFuture<>();
        synchronized (this) {
            if (busy) {
                if (due == null) {
                    due = mine;
                }
                return due;
            }
            busy = true;
        }
        run(mine);
        return mine;
    }

    private void run(CompletableFuture<V> waiting) {
        CompletionStage<V> outcome = waiting;
        outcome.whenComplete((encoded, failure) -> next());
        try {
            TimeSource.Timer timer = time.schedule( // before it: it may block, and others wait for it too
                    () -> executor.execute(() -> waiting.completeExceptionally(
                            new TimeoutException("the source did not answer for " + timeout))),
                    timeout);
            outcome.whenComplete((encoded, failure) -> timer.cancel());
            CompletionStage<V> read = reading.get();
            read.whenComplete((encoded, failure) -> {
                if (failure != null) {
                    waiting.completeExceptionally(failure);
                } else {
                    waiting.complete(encoded);
                }
            });
        } catch (Throwable t) { // whatever it is, the next reading is not held up
            waiting.completeExceptionally(t);
        }
    }

    /** On another thread: a source that answers at once would else have this one serve all who come. */
    private void next() {
        CompletableFuture<V> next;
        synchronized (this) {
            next = due;
            due = null;
            busy = next != null;
        }
        if (next != null) {
            executor.execute(() -> run(next));
        }
    }
}
