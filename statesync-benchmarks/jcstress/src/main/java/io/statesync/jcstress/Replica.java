package io.statesync.jcstress;

import io.statesync.InvalidationHandler;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An engine at revision 1 whose source counts, on the threads of the actors and no other. What the applier writes is
 * plain on purpose: what a thread sees of it is what the engine promises.
 */
final class Replica {
    private static final String TOPIC = "count";
    private static final TimeSource STANDING = new StandingTime();

    final RevisionSync<Long> engine;
    private final AtomicLong source = new AtomicLong(1);
    private volatile InvalidationHandler handler;

    /** What was applied last; plain. */
    long state;

    /** How many applies began after another had begun and not ended, or went back; plain. */
    int faults;

    private boolean applying; // plain

    Replica() {
        engine = StateSync.createRevisionSync(RevisionSyncOptions.<Long>builder(TOPIC)
                .subscriber(to -> {
                    handler = to;
                    return CompletableFuture.completedFuture(() -> {});
                })
                .provider(request -> CompletableFuture.<PullResult<Long>>completedFuture(snapshot(source.get())))
                .applier(this::apply)
                .executor(StateSync.directExecutor())
                .time(STANDING)
                .build());
        if (!engine.start().isDone()) {
            throw new IllegalStateException("a start on a direct executor is done when it returns");
        }
    }

    private void apply(SnapshotEnvelope<Long> snapshot) {
        long next = snapshot.data();
        if (applying || next <= state) {
            faults++;
        }
        applying = true;
        state = next;
        applying = false;
    }

    int local() {
        return (int) engine.localRevision().bits();
    }

    void push(long revision) {
        handler.snapshot(snapshot(revision));
    }

    void moveSource(long revision) {
        source.accumulateAndGet(revision, Math::max);
    }

    void event(String revision) {
        handler.event(TOPIC, revision);
    }

    private static SnapshotEnvelope<Long> snapshot(long revision) {
        return SnapshotEnvelope.of(Revision.of(revision), revision);
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
