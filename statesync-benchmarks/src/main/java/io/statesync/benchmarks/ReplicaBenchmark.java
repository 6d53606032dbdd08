package io.statesync.benchmarks;

import io.statesync.StateSync;
import io.statesync.WriteResult;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost of reading a replica, and of an optimistic write to a store of the same JVM, all on direct executors: when a
 * write returns, the store has taken it, its event was heard, and its future is done.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ReplicaBenchmark {
    /** A replica that nobody writes. */
    @State(Scope.Benchmark)
    public static class Read {
        private final StateReplica<String> replica = replica();
    }

    /** A replica that is written, with a count of the writes. */
    @State(Scope.Benchmark)
    public static class Written {
        private final StateReplica<String> replica = replica();
        private final UnaryOperator<String> same = value -> value;
        private long writes;

        /** Fails unless the source took every write, one revision each, and the replica knows. */
        @TearDown(Level.Trial)
        public void stop() {
            var meta = replica.meta();
            replica.close();
            long revision = meta.version().revision().bits();
            if (meta.dirty() || revision != writes + 1) {
                throw new IllegalStateException("writes=" + writes + " " + meta);
            }
        }
    }

    private static StateReplica<String> replica() {
        RevisionedStore<String> store = RevisionedStore.<String>builder("fleet/settings")
                .deliverOn(StateSync.directExecutor())
                .open(() -> "state");
        StateReplica<String> replica = StateReplica.<String>builder("fleet/settings")
                .source(store)
                .engine(engine -> engine.executor(StateSync.directExecutor()))
                .build();
        replica.start().join();
        return replica;
    }

    /** Reads the value. */
    @Benchmark
    public String get(Read read) {
        return read.replica.get();
    }

    /** Sets the value, and it is accepted. */
    @Benchmark
    public CompletableFuture<WriteResult<String>> set(Written written) {
        written.writes++;
        return written.replica.set("next");
    }

    /** Updates the value by a function that does nothing, and it is accepted. */
    @Benchmark
    public CompletableFuture<WriteResult<String>> update(Written written) {
        written.writes++;
        return written.replica.update(written.same);
    }
}
