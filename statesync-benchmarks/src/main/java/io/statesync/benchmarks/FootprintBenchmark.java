package io.statesync.benchmarks;

import io.statesync.InvalidationSubscriber;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.Subscription;
import io.statesync.TimeSource;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openjdk.jol.info.GraphLayout;

/**
 * A program that measures what an idle engine costs: one that was started, is running and has nothing to do. Ends with
 * exit code 1 if a bound is broken.
 *
 * <p>All engines are built from one options object, and their subscriber answers one subscription, so that whatever the
 * caller passed, the scheduler, the executor and the library's constants are in the graph of the first engine already:
 * each further one adds to the graph just what it retains itself.
 */
public final class FootprintBenchmark {
    private static final int MAX_BYTES = 600;
    private static final int MEASURED = 1_000;
    private static final int FLEET = 100_000;

    // Static, and so not in the graph of any engine: JOL cannot walk through threads.
    private static final ScheduledThreadPoolExecutor TIMERS = new ScheduledThreadPoolExecutor(1);
    private static final ThreadPoolExecutor WORKER = (ThreadPoolExecutor) Executors.newFixedThreadPool(1);
    private static final TimeSource TIME = TimeSource.using(TIMERS);

    private FootprintBenchmark() {}

    private static RevisionSyncOptions<String> options() {
        Subscription subscription = () -> {};
        // Keeps no reference to the handler: what a transport keeps is the transport's.
        InvalidationSubscriber subscriber = handler -> CompletableFuture.completedFuture(subscription);
        SnapshotEnvelope<String> snapshot = SnapshotEnvelope.of(Revision.of(42), "state");
        SnapshotProvider<String> provider = request -> CompletableFuture.completedFuture(snapshot);
        return RevisionSyncOptions.<String>builder("fleet/settings")
                .subscriber(subscriber)
                .provider(provider)
                .applier(applied -> {})
                .executor(task -> WORKER.execute(task))
                .time(new SharedTime())
                .build();
    }

    private static final class SharedTime implements TimeSource {
        @Override
        public long nanoTime() {
            return TIME.nanoTime();
        }

        @Override
        public Instant now() {
            return TIME.now();
        }

        @Override
        public Timer schedule(Runnable task, Duration delay) {
            return TIME.schedule(task, delay);
        }
    }

    /** Measures and prints. No arguments. */
    public static void main(String[] args) throws Exception {
        System.setProperty("jol.magicFieldOffset", "true"); // JOL needs it to look into lambdas
        System.setProperty("jol.skipDynamicAttach", "true"); // nor does it need an agent
        TIMERS.setRemoveOnCancelPolicy(true);
        TIMERS.prestartAllCoreThreads();
        WORKER.prestartAllCoreThreads();
        boolean kept = false;
        try {
            kept = measure(System.out);
        } finally {
            TIMERS.shutdownNow();
            WORKER.shutdownNow();
        }
        System.exit(kept ? 0 : 1);
    }

    private static boolean measure(PrintStream out) throws Exception {
        RevisionSyncOptions<String> options = options();
        List<RevisionSync<String>> engines = new ArrayList<>(FLEET);
        start(options, engines, MEASURED);
        GraphLayout one = GraphLayout.parseInstance(engines.get(0));
        GraphLayout all = GraphLayout.parseInstance(engines.toArray());
        long bytes = (all.totalSize() - one.totalSize()) / (MEASURED - 1);

        int threadsBefore = Thread.activeCount();
        int timersBefore = TIMERS.getQueue().size();
        long heapBefore = usedHeap();
        start(options, engines, FLEET);
        long heapBytes = (usedHeap() - heapBefore) / FLEET;
        int threads = Thread.activeCount() - threadsBefore;
        int pendingTimers = TIMERS.getQueue().size() - timersBefore;

        printParts(out, one, all);
        out.printf("%n%-52s %10s %10s%n", "idle engine", "bytes", "at most");
        out.printf("%-52s %10d %10d%n", "retained, walked by JOL", bytes, MAX_BYTES);
        out.printf("%-52s %10d %10s%n", "used heap after a GC, divided by " + FLEET, heapBytes, "");
        out.printf("%n%-52s %10s %10s%n", FLEET + " engines more", "added", "at most");
        out.printf("%-52s %10d %10d%n", "threads", threads, 0);
        out.printf("%-52s %10d %10d%n", "pending timers", pendingTimers, 0);
        out.flush();
        engines.forEach(RevisionSync::stop);
        return bytes <= MAX_BYTES && threads <= 0 && pendingTimers == 0;
    }

    private static void start(RevisionSyncOptions<String> options, List<RevisionSync<String>> engines, int count)
            throws Exception {
        for (int i = 0; i < count; i++) {
            RevisionSync<String> engine = StateSync.createRevisionSync(options);
            engines.add(engine);
            engine.start().get(30, TimeUnit.SECONDS);
        }
        awaitIdle();
    }

    /** The last engine's future is completed by a task that has a little to do after it. */
    private static void awaitIdle() throws ExecutionException, InterruptedException, TimeoutException {
        WORKER.submit(() -> {}).get(30, TimeUnit.SECONDS);
    }

    private static void printParts(PrintStream out, GraphLayout one, GraphLayout all) {
        out.printf("%-52s %10s %10s%n", "part of an idle engine", "objects", "bytes");
        all.getClasses().stream().sorted(Comparator.comparing(Class::getName)).forEach(type -> {
            long objects =
                    all.getClassCounts().count(type) - one.getClassCounts().count(type);
            long size = all.getClassSizes().count(type) - one.getClassSizes().count(type);
            if (size > 0) {
                out.printf("%-52s %10d %10d%n", shortName(type), objects / (MEASURED - 1), size / (MEASURED - 1));
            }
        });
    }

    private static String shortName(Class<?> type) {
        return type.isHidden() ? type.getSimpleName().replaceAll("/.*", "") : type.getName();
    }

    private static long usedHeap() {
        System.gc();
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
