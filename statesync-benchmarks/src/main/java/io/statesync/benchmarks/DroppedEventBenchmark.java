package io.statesync.benchmarks;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
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
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost of an event that is not newer than local: the gate reads local, compares, and counts. One engine, shared by
 * all threads. Each event's topic is a string of its own, as from a decoder, not the engine's instance.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class DroppedEventBenchmark {
    private static final String TOPIC = "fleet/settings";
    private static final Revision LOCAL = Revision.of(1_730_000_000_042L);
    private static final Revision OLD = Revision.of(1_730_000_000_041L);

    private final String topic = copy(TOPIC);
    private final String revision = OLD.toString();
    private final InvalidationEvent event = InvalidationEvent.of(topic, OLD);
    private final StateVersion version = StateVersion.of(OLD);
    private volatile StateVersion local = StateVersion.of(LOCAL);
    private @Nullable InvalidationHandler handler;
    private @Nullable RevisionSync<String> sync;

    /** A string that is equal and not the same. */
    @SuppressWarnings("StringOperationCanBeSimplified")
    private static String copy(String text) {
        return new String(text);
    }

    /** An engine that runs and has applied {@link #LOCAL}. */
    @Setup
    public void start() {
        SnapshotEnvelope<String> snapshot = SnapshotEnvelope.of(LOCAL, "state");
        sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .subscriber(opened -> {
                    handler = opened;
                    return CompletableFuture.completedFuture(() -> {});
                })
                .provider(request -> CompletableFuture.completedFuture(snapshot))
                .applier(state -> {})
                .executor(StateSync.directExecutor())
                .build());
        sync.start().join();
    }

    /** Every event was dropped, and none made a pull. */
    @TearDown
    public void stop() {
        long pulls = sync.status().pulls();
        long taken = sync.status().eventsSeen() - sync.status().eventsDropped();
        sync.stop();
        if (pulls != 1 || taken != 0) {
            throw new IllegalStateException("pulls=" + pulls + " events taken=" + taken);
        }
    }

    /** A typed event. */
    @Benchmark
    public void typed() {
        handler.event(event);
    }

    /** {@link #typed}, from two threads at once. */
    @Benchmark
    @Threads(2)
    public void typedByTwo() {
        handler.event(event);
    }

    /** Topic and revision as text; the revision has 13 digits. */
    @Benchmark
    public void raw() {
        handler.event(topic, revision);
    }

    /** {@link #raw}, from two threads at once. */
    @Benchmark
    @Threads(2)
    public void rawByTwo() {
        handler.event(topic, revision);
    }

    /** What the work cannot go below: one volatile read and the compares. */
    @Benchmark
    public boolean floor() {
        return TOPIC.equals(topic) && version.isNewerThan(local);
    }
}
