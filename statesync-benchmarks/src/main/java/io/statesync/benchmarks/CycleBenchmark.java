package io.statesync.benchmarks;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.TimeSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
 * The cost of a whole cycle: a fresh event, its pull, the apply of the answer. One operation is one cycle, from the
 * event to the moment when local has moved and the engine is idle again. The source's share is part of it: the next
 * revision, a typed event, a snapshot, and the future that carries it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class CycleBenchmark {
    private static final String TOPIC = "fleet/settings";
    private static final int MILLION = 1_000_000;
    private static final int SPINS = 1_000;
    private static final long SLEEP_NANOS = 10_000;

    /** An engine on a direct executor, and the source that it follows. */
    private static class Cycle {
        private final ScheduledThreadPoolExecutor timers = timers();
        private final RevisionSync<String> sync;
        private @Nullable InvalidationHandler handler;
        Revision revision = Revision.ZERO;

        Cycle(SnapshotProvider<String> provider, SnapshotApplier<String> applier) {
            sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                    .subscriber(opened -> {
                        handler = opened;
                        return CompletableFuture.completedFuture(() -> {});
                    })
                    .provider(provider)
                    .applier(applier)
                    .executor(StateSync.directExecutor())
                    .time(TimeSource.using(timers))
                    .build());
        }

        private static ScheduledThreadPoolExecutor timers() {
            ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1, task -> {
                Thread thread = new Thread(task, "timers");
                thread.setDaemon(true);
                return thread;
            });
            timers.setRemoveOnCancelPolicy(true);
            return timers;
        }

        void announceNext() {
            revision = revision.next();
            handler.event(InvalidationEvent.of(TOPIC, revision));
        }

        SnapshotEnvelope<String> snapshot() {
            return SnapshotEnvelope.of(revision, "state");
        }

        int pendingTimers() {
            return timers.getQueue().size();
        }

        /** Each cycle was one pull and one apply, nothing failed, and no timer is left. */
        void stop() {
            var status = sync.status();
            int pending = pendingTimers();
            sync.stop();
            timers.shutdownNow();
            long cycles = revision.bits() + 1;
            if (status.pulls() != cycles || status.applies() != cycles || status.failures() != 0 || pending != 0) {
                throw new IllegalStateException("cycles=" + cycles + " pending timers=" + pending + " " + status);
            }
        }
    }

    /** A provider that answers at once. */
    @State(Scope.Benchmark)
    public static class Completed {
        private Cycle cycle;
        private long applied;

        /** Starts the engine. */
        @Setup
        public void start() {
            cycle = new Cycle(
                    request -> CompletableFuture.completedFuture(cycle.snapshot()),
                    snapshot -> applied = snapshot.revision().bits());
            cycle.sync.start().join();
        }

        /** Checks what was done. */
        @TearDown
        public void stop() {
            cycle.stop();
        }
    }

    /**
     * A provider whose answer comes from another thread, after the time-out was armed. That thread and the one that waits
     * for the apply spin: it is the engine that is measured, not how fast a system wakes threads.
     */
    @State(Scope.Benchmark)
    public static class Async {
        private final Thread answerer = new Thread(this::answer, "answerer");
        private Cycle cycle;
        private @Nullable CompletableFuture<PullResult<String>> pull;
        private volatile @Nullable CompletableFuture<PullResult<String>> toAnswer;
        private volatile long applied = -1;
        private volatile boolean ended;

        /** Starts the engine. */
        @Setup
        public void start() {
            cycle = new Cycle(
                    request -> {
                        pull = new CompletableFuture<>();
                        return pull;
                    },
                    snapshot -> applied = snapshot.revision().bits());
            answerer.setDaemon(true);
            answerer.start();
            var started = cycle.sync.start();
            if (cycle.pendingTimers() != 1) {
                throw new IllegalStateException("the pull's time-out is not armed");
            }
            toAnswer = pull;
            started.join();
            while (toAnswer != null) { // the answerer is still inside the completion that ended the start
                Thread.onSpinWait();
            }
        }

        void cycle() {
            cycle.announceNext();
            toAnswer = pull;
            for (int spins = 0; applied != cycle.revision.bits() || toAnswer != null; spins++) {
                pause(spins);
            }
        }

        private void answer() {
            for (int spins = 0; !ended; spins++) {
                CompletableFuture<PullResult<String>> asked = toAnswer;
                if (asked == null) {
                    pause(spins);
                } else {
                    asked.complete(cycle.snapshot());
                    toAnswer = null;
                    spins = 0;
                }
            }
        }

        /** Spins, and after a while sleeps, since the thread waited for may have no processor. */
        private static void pause(int spins) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(SLEEP_NANOS);
            }
        }

        /** Goes on to a million cycles, but for a minute at most; then checks what was done and what is left. */
        @TearDown
        public void stop() throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
            while (cycle.revision.bits() < MILLION && System.nanoTime() < deadline) {
                cycle();
            }
            ended = true;
            answerer.join();
            cycle.stop();
            System.out.println("cycles=" + cycle.revision + " pending timers=0");
        }
    }

    /** Event, pull, apply, all on the calling thread. */
    @Benchmark
    public long completed(Completed state) {
        state.cycle.announceNext();
        return state.applied;
    }

    /** Event on the calling thread, time-out armed, then answer and apply on another thread. */
    @Benchmark
    public long async(Async state) {
        state.cycle();
        return state.applied;
    }
}
