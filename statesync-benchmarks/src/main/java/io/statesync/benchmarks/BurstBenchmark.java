package io.statesync.benchmarks;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost of an event that is newer than all before, while a pull is under way: it raises the target and queues one
 * more cycle. One operation is one event; the events are made beforehand.
 *
 * <p>A burst's events name no epoch, so they count in local's. Between two bursts the pull is answered with a snapshot of
 * a higher epoch, which makes the same revisions fresh again, and an event begins the next pull.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class BurstBenchmark {
    private static final String TOPIC = "fleet/settings";
    private static final int EVENTS = 1 << 16;

    private final InvalidationEvent first = InvalidationEvent.of(TOPIC, Revision.of(1));
    private final InvalidationEvent[] events = new InvalidationEvent[EVENTS];
    private long epoch;
    private long bursts;
    private @Nullable InvalidationHandler handler;
    private @Nullable RevisionSync<String> sync;
    private @Nullable CompletableFuture<PullResult<String>> pull;

    /** An engine that runs, and whose pulls wait to be answered. */
    @Setup(Level.Trial)
    public void start() {
        for (int i = 0; i < EVENTS; i++) {
            events[i] = InvalidationEvent.of(TOPIC, Revision.of(i + 2L));
        }
        sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .subscriber(opened -> {
                    handler = opened;
                    return CompletableFuture.completedFuture(() -> {});
                })
                .provider(request -> {
                    pull = new CompletableFuture<>();
                    return pull;
                })
                .applier(snapshot -> {})
                .executor(StateSync.directExecutor())
                .build());
        var unused = sync.start();
    }

    /** Ends the pull of the burst before, and begins that of the next. */
    @Setup(Level.Invocation)
    public void beginPull() {
        epoch++;
        pull.complete(SnapshotEnvelope.of(StateVersion.ofUnsigned(epoch, 0), "state"));
        handler.event(first);
    }

    /** Every event was fresh, and none but the first of each burst made a pull. */
    @TearDown(Level.Trial)
    public void stop() {
        var status = sync.status();
        sync.stop();
        if (status.eventsCoalesced() != bursts * EVENTS || status.eventsDropped() != 0 || status.pulls() != epoch + 1) {
            throw new IllegalStateException("bursts=" + bursts + " " + status);
        }
    }

    /** Fresh events during one pull. */
    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void burst() {
        bursts++;
        for (InvalidationEvent event : events) {
            handler.event(event);
        }
    }
}
