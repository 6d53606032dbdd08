package io.statesync.regression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.statesync.LifecycleState;
import io.statesync.PullResult;
import io.statesync.RetryPolicy;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.TimeSource;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingApplier;
import io.statesync.testkit.ScriptedProvider;
import io.statesync.testkit.ScriptedSubscriber;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Situations in which an engine once hung, or hung others. */
class HangRegressionTest {
    private final VirtualTime time = new VirtualTime();
    private final ScriptedSubscriber subscriber = new ScriptedSubscriber();
    private final ScriptedProvider<String> provider = new ScriptedProvider<>();

    private RevisionSyncOptions.Builder<String> options() {
        return RevisionSyncOptions.<String>builder("t")
                .subscriber(subscriber)
                .provider(provider)
                .applier(new RecordingApplier<>())
                .executor(StateSync.directExecutor())
                .time(time);
    }

    /** An executor whose tasks a test runs, and that drops them when it is shut down, as shutdownNow() does. */
    private static final class DroppingExecutor implements Executor {
        private final Deque<Runnable> waiting = new ArrayDeque<>();
        private boolean down;

        @Override
        public void execute(Runnable task) {
            if (down) {
                throw new RejectedExecutionException("shut down");
            }
            waiting.add(task);
        }

        void runOne() {
            waiting.remove().run();
        }

        void shutdownNow() {
            down = true;
            waiting.clear();
        }
    }

    @Test
    void aCompletionThatAShutDownExecutorDroppedIsDeliveredByStop() {
        DroppingExecutor executor = new DroppingExecutor();
        RevisionSync<String> sync =
                StateSync.createRevisionSync(options().executor(executor).build());
        CompletableFuture<Void> refreshed = sync.refresh();
        executor.runOne();
        provider.next().answer(SnapshotEnvelope.of(Revision.of(1), "data"));
        executor.runOne();
        assertThat(sync.localRevision()).isEqualTo(Revision.of(1));

        executor.shutdownNow();
        sync.stop();
        assertThat(refreshed).isCompleted();
    }

    /** An appender whose disk is full, say. */
    private static final class BrokenAppender extends AppenderBase<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            throw new OutOfSpace();
        }
    }

    private static final class OutOfSpace extends Error {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aLogThatThrowsCostsNeitherTheHookNorTheFuture() {
        Logger log = (Logger) LoggerFactory.getLogger("io.statesync");
        Level before = log.getLevel();
        Thread thread = Thread.currentThread();
        Thread.UncaughtExceptionHandler handler = thread.getUncaughtExceptionHandler();
        List<Throwable> uncaught = new ArrayList<>();
        List<Throwable> reported = new ArrayList<>();
        BrokenAppender appender = new BrokenAppender();
        appender.start();
        log.addAppender(appender);
        log.setLevel(Level.ERROR);
        thread.setUncaughtExceptionHandler((t, error) -> uncaught.add(error));
        try {
            RevisionSync<String> sync = StateSync.createRevisionSync(
                    options().onError(error -> reported.add(error.error())).build());
            CompletableFuture<Void> refreshed = sync.refresh();
            provider.next().fail(new IllegalStateException("away"));
            assertThat(reported).singleElement().isInstanceOf(IllegalStateException.class);
            assertThat(refreshed).isCompletedExceptionally();
            assertThat(uncaught).singleElement().isInstanceOf(OutOfSpace.class);
        } finally {
            log.setLevel(before);
            log.detachAppender(appender);
            thread.setUncaughtExceptionHandler(handler);
        }
    }

    @Test
    void furtherAttemptsOfWithRetryRunOnTheExecutorAndNotOnTheTimersThread() {
        DroppingExecutor executor = new DroppingExecutor();
        AtomicInteger calls = new AtomicInteger();
        SnapshotProvider<String> failing = request -> {
            calls.incrementAndGet();
            return CompletableFuture.failedFuture(new IllegalStateException("away"));
        };
        SnapshotProvider<String> retrying =
                StateSync.withRetry(failing, RetryPolicy.standard(), attempt -> {}, executor, time);
        CompletableFuture<? extends PullResult<String>> answer = begin(retrying);
        time.advance(Duration.ofSeconds(1));
        assertThat(calls).hasValue(1);
        executor.runOne();
        assertThat(calls).hasValue(2);
        assertThat(answer).isNotDone();
    }

    private static CompletableFuture<? extends PullResult<String>> begin(SnapshotProvider<String> provider) {
        try {
            return provider.getSnapshot(FakePullRequest.of("t")).toCompletableFuture();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aBrokenSourceOfRandomnessCostsTheJitterOnly() {
        RandomGenerator broken = () -> {
            throw new IllegalStateException("ran out");
        };
        RevisionSync<String> sync =
                StateSync.createRevisionSync(options().random(broken).build());
        CompletableFuture<Void> started = sync.start();
        provider.next().answer(SnapshotEnvelope.of(Revision.of(1), "one"));
        assertThat(started).isCompleted();
        subscriber.event("t", "2");
        provider.next().fail(new IllegalStateException("away"));
        time.advance(Duration.ofMillis(100));
        provider.next().answer(SnapshotEnvelope.of(Revision.of(2), "two"));
        assertThat(sync.localRevision()).isEqualTo(Revision.of(2));
    }

    /** A time source whose clock can break. */
    private final class BreakableTime implements TimeSource {
        private boolean broken;

        @Override
        public long nanoTime() {
            if (broken) {
                throw new IllegalStateException("no clock");
            }
            return time.nanoTime();
        }

        @Override
        public Instant now() {
            return time.now();
        }

        @Override
        public Timer schedule(Runnable task, Duration delay) {
            return time.schedule(task, delay);
        }
    }

    @Test
    void aClockThatThrowsStopsTheEngineInsteadOfLeavingItStuck() {
        BreakableTime breakable = new BreakableTime();
        RevisionSync<String> sync =
                StateSync.createRevisionSync(options().time(breakable).build());
        breakable.broken = true;
        CompletableFuture<Void> refreshed = sync.refresh();
        assertThatThrownBy(refreshed::join).hasRootCauseMessage("no clock");
        breakable.broken = false;
        assertThat(sync.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    void aBlockingFetchOnTheEnginesOwnFullExecutorIsInterrupted() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            VirtualTime time = new VirtualTime();
            CountDownLatch fetching = new CountDownLatch(1);
            CountDownLatch interrupted = new CountDownLatch(1);
            CountDownLatch never = new CountDownLatch(1);
            SnapshotProvider<String> hanging = SnapshotProvider.blocking(
                    request -> {
                        fetching.countDown();
                        try {
                            never.await();
                            throw new AssertionError("released by nobody");
                        } catch (InterruptedException e) {
                            interrupted.countDown();
                            throw e;
                        }
                    },
                    one);
            RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("t")
                    .subscriber(handler -> CompletableFuture.completedFuture(() -> {}))
                    .provider(hanging)
                    .applier(snapshot -> {})
                    .executor(one)
                    .time(time)
                    .build());
            CompletableFuture<Void> refreshed = sync.refresh();
            assertThat(fetching.await(30, TimeUnit.SECONDS)).isTrue();
            time.advance(Duration.ofSeconds(30));
            assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
            assertThatThrownBy(() -> refreshed.get(30, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(java.util.concurrent.TimeoutException.class);
            sync.close();
        } finally {
            one.shutdownNow();
        }
    }
}
