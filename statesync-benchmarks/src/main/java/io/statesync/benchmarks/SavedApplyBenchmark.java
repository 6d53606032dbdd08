package io.statesync.benchmarks;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.Throttling;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.MemoryStorage;
import io.statesync.persistence.PersistentCache;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.persistence.SnapshotStorage;
import java.io.IOException;
import java.time.Duration;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What an engine's cycle costs more with a cache that saves once a second. One operation is one cycle as in
 * {@link CycleBenchmark#completed}: event, pull, apply, and telling the cache, all on the calling thread.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SavedApplyBenchmark {
    private static final String TOPIC = "fleet/settings";

    /** An engine on a direct executor, with or without a cache. */
    private static final class Cycle {
        private final RevisionSync<String> sync;
        private @Nullable InvalidationHandler handler;
        private Revision revision = Revision.ZERO;
        private long applied;

        Cycle(@Nullable PersistentCache<String> cache) {
            RevisionSyncOptions.Builder<String> options = RevisionSyncOptions.<String>builder(TOPIC)
                    .subscriber(opened -> {
                        handler = opened;
                        return CompletableFuture.completedFuture(() -> {});
                    })
                    .provider(request -> CompletableFuture.completedFuture(SnapshotEnvelope.of(revision, "state")))
                    .applier(snapshot -> applied = snapshot.revision().bits())
                    .executor(StateSync.directExecutor());
            if (cache != null) {
                options.cache(cache);
            }
            sync = StateSync.createRevisionSync(options.build());
            sync.start().join();
        }

        long run() {
            revision = revision.next();
            handler.event(InvalidationEvent.of(TOPIC, revision));
            return applied;
        }

        /** Fails unless each cycle was an apply. */
        void close() {
            sync.close();
            if (applied != revision.bits() || sync.status().applies() != revision.bits() + 1) {
                throw new IllegalStateException("cycles=" + revision + " " + sync.status());
            }
        }
    }

    /** An engine without a cache. */
    @State(Scope.Benchmark)
    public static class Plain {
        private Cycle cycle;

        /** Starts the engine. */
        @Setup
        public void start() {
            cycle = new Cycle(null);
        }

        /** Checks what was done. */
        @TearDown
        public void stop() {
            cycle.close();
        }
    }

    /** An engine with a cache. */
    @State(Scope.Benchmark)
    public static class Cached {
        private final SnapshotStorage storage = new MemoryStorage();
        private final PersistentCache<String> cache = PersistentCache.builder(
                        SnapshotFormat.of(JacksonCodec.json(String.class)))
                .storage(storage)
                .throttling(Throttling.builder().throttle(Duration.ofSeconds(1)).build())
                .build();
        private Cycle cycle;

        /** Starts the engine. */
        @Setup
        public void start() {
            cycle = new Cycle(cache);
        }

        /** Fails unless the last snapshot is saved, and almost all others were not. */
        @TearDown
        public void stop() throws IOException {
            cycle.close();
            Revision saved =
                    storage.load(TOPIC).get(0).read().metadata().version().revision();
            long saves = cache.statistics().saves();
            System.out.println("cycles=" + cycle.revision + " saves=" + saves);
            if (!saved.equals(cycle.revision) || saves > 60) {
                throw new IllegalStateException("cycles=" + cycle.revision + " saved=" + saved + " saves=" + saves);
            }
        }
    }

    /** Without a cache. */
    @Benchmark
    public long plain(Plain state) {
        return state.cycle.run();
    }

    /** With a cache. */
    @Benchmark
    public long saved(Cached state) {
        return state.cycle.run();
    }
}
