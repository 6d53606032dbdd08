package io.statesync.benchmarks;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.source.RevisionedStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
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

/** The cost of a write to a store in memory, and of bringing it to the engines of the same JVM. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class StoreBenchmark {
    private static final int ENGINES = 10_000;

    /** A store that nobody follows. */
    @State(Scope.Benchmark)
    public static class Alone {
        private final RevisionedStore<String> store = RevisionedStore.of("fleet/settings", "state");
        private final UnaryOperator<String> same = value -> value;
    }

    /** A store that engines on direct executors follow. */
    @State(Scope.Benchmark)
    public static class Followed {
        private final RevisionedStore<String> store = RevisionedStore.<String>builder("fleet/settings")
                .deliverOn(StateSync.directExecutor())
                .open(() -> "state");
        private final List<RevisionSync<String>> engines = new ArrayList<>();
        private long applied;
        private long writes;

        /** Engines that run. */
        @Setup(Level.Trial)
        public void start() {
            RevisionSyncOptions<String> options = RevisionSyncOptions.<String>builder("fleet/settings")
                    .source(store)
                    .applier(snapshot -> applied++)
                    .executor(StateSync.directExecutor())
                    .build();
            for (int i = 0; i < ENGINES; i++) {
                RevisionSync<String> engine = StateSync.createRevisionSync(options);
                engines.add(engine);
                engine.start().join();
            }
        }

        /** Fails unless every engine applied every write. */
        @TearDown(Level.Trial)
        public void stop() {
            engines.forEach(RevisionSync::close);
            if (applied != (writes + 1) * ENGINES) {
                throw new IllegalStateException("writes=" + writes + " applied=" + applied);
            }
        }
    }

    /** One operation is one write, whose function does nothing. */
    @Benchmark
    public StateVersion update(Alone alone) {
        return alone.store.update(alone.same);
    }

    /** One operation is a read of value and version together. */
    @Benchmark
    public Object current(Alone alone) {
        return alone.store.current();
    }

    /** One operation is one engine's share of a write: hearing of it, pulling, applying. */
    @Benchmark
    @OperationsPerInvocation(ENGINES)
    public StateVersion fanOut(Followed followed) {
        followed.writes++;
        return followed.store.set("state");
    }
}
