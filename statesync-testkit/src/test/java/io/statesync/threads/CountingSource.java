package io.statesync.threads;

import static io.statesync.threads.Interleavings.check;

import io.statesync.InvalidationHandler;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A source whose state is a count, with all that an engine of it needs, and no thread and no timer: pulls answer at once,
 * callbacks run on the calling thread, and time stands still, so that nothing but the operations of a test can help.
 *
 * <p>It notes what must never happen, for {@link #verify} to throw.
 */
final class CountingSource {
    static final String TOPIC = "count";

    final AtomicLong revision = new AtomicLong(1);
    final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger applying = new AtomicInteger();
    private volatile long applied;
    private volatile InvalidationHandler handler;
    private volatile String violation;
    private RevisionSync<Long> engine;

    RevisionSyncOptions.Builder<Long> options() {
        return RevisionSyncOptions.<Long>builder(TOPIC)
                .subscriber(this::subscribe)
                .provider(this::pull)
                .applier(this::apply)
                .executor(StateSync.directExecutor())
                .time(new StandingTime());
    }

    /** An engine that runs, at revision 1. */
    RevisionSync<Long> started() {
        return started(options());
    }

    /** An engine that runs, at revision 1. */
    RevisionSync<Long> started(RevisionSyncOptions.Builder<Long> options) {
        CompletableFuture<Void> start = idle(options).start();
        check(start.isDone() && local(engine) == 1, "the engine did not start");
        return engine;
    }

    /** An engine that is not started. It is kept, so that the model checker sees that threads share it. */
    RevisionSync<Long> idle(RevisionSyncOptions.Builder<Long> options) {
        engine = StateSync.createRevisionSync(options.build());
        return engine;
    }

    CompletionStage<Subscription> subscribe(InvalidationHandler to) {
        return CompletableFuture.completedFuture(opened(to));
    }

    Subscription opened(InvalidationHandler to) {
        handler = to;
        if (open.incrementAndGet() != 1) {
            violation = "two subscriptions are open";
        }
        return open::decrementAndGet;
    }

    CompletionStage<? extends PullResult<Long>> pull(PullRequest request) {
        return CompletableFuture.completedFuture(snapshot(revision.get()));
    }

    void apply(SnapshotEnvelope<Long> snapshot) {
        if (applying.incrementAndGet() != 1) {
            violation = "two applies overlap";
        }
        long before = applied;
        long now = snapshot.data();
        if (now <= before) {
            violation = before + " was followed by " + now;
        }
        applied = now;
        applying.decrementAndGet();
    }

    /** Counts on, and says so. */
    void event() {
        event(revision.incrementAndGet());
    }

    void event(long revision) {
        handler.event(TOPIC, Long.toString(revision));
    }

    void push(long revision) {
        handler.snapshot(snapshot(revision));
    }

    void reconnected() {
        handler.reconnected();
    }

    long applied() {
        return applied;
    }

    void violated(String what) {
        violation = what;
    }

    void verify() {
        String noted = violation;
        check(noted == null, noted);
    }

    static long local(RevisionSync<Long> engine) {
        return engine.localRevision().bits();
    }

    static SnapshotEnvelope<Long> snapshot(long revision) {
        return SnapshotEnvelope.of(Revision.of(revision), revision);
    }

    static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    /** A time that stands still and forgets what is scheduled. */
    private static final class StandingTime implements TimeSource {
        @Override
        public long nanoTime() {
            return 1;
        }

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }

        @Override
        public Timer schedule(Runnable task, Duration delay) {
            return () -> {};
        }
    }
}
