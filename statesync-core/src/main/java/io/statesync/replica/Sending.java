package io.statesync.replica;

import io.statesync.TimeSource;
import org.jspecify.annotations.Nullable;

/** What a replica's sending side is doing. Immutable, but for the timer of a pause. */
sealed interface Sending<T extends @Nullable Object> {
    /** Nothing is under way: a pending change is sent at once. */
    record Idle<T extends @Nullable Object>() implements Sending<T> {}

    /** The next proposal waits: after a conflict, or because the last one was not sent. */
    record Waiting<T extends @Nullable Object>(Pause pause) implements Sending<T> {}

    /**
     * A proposal is under way. Its identity tells one attempt from another.
     *
     * @param attempt which, from 1
     * @param timeout until when its answer is waited for
     */
    record Asking<T extends @Nullable Object>(Flight<T> flight, int attempt, Pause timeout) implements Sending<T> {}

    /**
     * A proposal's outcome is not known; it waits to be asked for again.
     *
     * @param attempts how often it was asked for
     */
    record InDoubt<T extends @Nullable Object>(Flight<T> flight, int attempts, Pause pause) implements Sending<T> {}

    /** The proposal under way or in doubt; null for none. */
    default @Nullable Flight<T> flight() {
        if (this instanceof Asking<T> asking) {
            return asking.flight();
        }
        return this instanceof InDoubt<T> inDoubt ? inDoubt.flight() : null;
    }

    /** The wait after which something is sent; null for none. */
    default @Nullable Pause pause() {
        if (this instanceof Waiting<T> waiting) {
            return waiting.pause();
        }
        return this instanceof InDoubt<T> inDoubt ? inDoubt.pause() : null;
    }

    /** The wait that is under way, for whatever; null for none. It ends with this. */
    default @Nullable Pause anyWait() {
        return this instanceof Asking<T> asking ? asking.timeout() : pause();
    }

    /** A wait that ends by its timer, or earlier. Its identity tells it from others. */
    final class Pause {
        private TimeSource.@Nullable Timer timer; // guarded by this
        private boolean over; // guarded by this

        synchronized void timer(TimeSource.Timer started) {
            if (over) {
                started.cancel();
            } else {
                timer = started;
            }
        }

        synchronized void end() {
            over = true;
            if (timer != null) {
                timer.cancel();
                timer = null;
            }
        }
    }
}
