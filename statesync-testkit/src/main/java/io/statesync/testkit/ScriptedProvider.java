package io.statesync.testkit;

import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SnapshotProvider} whose pulls a test answers by hand, in whatever order and as late as it likes.
 *
 * <p>With a direct executor and {@link VirtualTime} everything happens on the test's own thread: announce, {@link #next},
 * answer, assert. With real threads, {@link #awaitPull} waits for a pull to come. Safe for use from any thread.
 *
 * @param <T> the type of the state
 */
public final class ScriptedProvider<T extends @Nullable Object> implements SnapshotProvider<T> {
    private final Deque<Pull<T>> pending = new ArrayDeque<>(); // guarded by this
    private final List<PullRequest> requests = new ArrayList<>(); // guarded by this
    private @Nullable Exception thrownNext; // guarded by this

    /** A provider that nobody has asked. */
    public ScriptedProvider() {}

    /**
     * A pull that waits for its answer. Only the first answer counts.
     *
     * @param <T> the type of the state
     */
    public static final class Pull<T extends @Nullable Object> {
        private final PullRequest request;
        private final CompletableFuture<PullResult<T>> answer = new CompletableFuture<>();

        private Pull(PullRequest request) {
            this.request = request;
        }

        /** What was asked for. */
        public PullRequest request() {
            return request;
        }

        /** Answers with a snapshot; null for the malformed answer that is none (contract G4). */
        @SuppressWarnings("NullAway") // null on purpose
        public void answer(@Nullable SnapshotEnvelope<T> snapshot) {
            answer.complete(snapshot);
        }

        /** Answers that the source is at the version held (contract V1). */
        public void notModified() {
            answer.complete(NotModified.instance());
        }

        /** Lets the pull fail. */
        public void fail(Throwable error) {
            answer.completeExceptionally(Objects.requireNonNull(error, "error"));
        }
    }

    @Override
    public CompletionStage<PullResult<T>> getSnapshot(PullRequest request) throws Exception {
        Pull<T> pull = new Pull<>(request);
        synchronized (this) {
            requests.add(request);
            Exception thrown = thrownNext;
            thrownNext = null;
            notifyAll();
            if (thrown != null) {
                throw thrown;
            }
            pending.add(pull);
        }
        return pull.answer;
    }

    /** Makes the next call of {@link #getSnapshot} throw, instead of waiting for an answer. */
    public synchronized void throwNext(Exception error) {
        thrownNext = Objects.requireNonNull(error, "error");
    }

    /** Every request so far, in order, also those that were answered. */
    public synchronized List<PullRequest> requests() {
        return List.copyOf(requests);
    }

    /** How many pulls wait for an answer, or were abandoned without one. */
    public synchronized int pending() {
        return pending.size();
    }

    /**
     * Takes the oldest pull that nobody took yet.
     *
     * @throws AssertionError if there is none
     */
    public synchronized Pull<T> next() {
        Pull<T> pull = pending.poll();
        if (pull == null) {
            throw new AssertionError("no pull is pending; there were " + requests.size());
        }
        return pull;
    }

    /**
     * Waits for a pull that nobody took yet, and takes it.
     *
     * @throws AssertionError if none comes within {@code patience}
     */
    public synchronized Pull<T> awaitPull(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (pending.isEmpty()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("no pull came within " + patience + "; there were " + requests.size());
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return next();
    }
}
