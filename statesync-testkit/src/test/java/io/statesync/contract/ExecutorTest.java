package io.statesync.contract;

import static io.statesync.contract.Harness.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.statesync.LifecycleState;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.SyncError;
import io.statesync.TimeSource;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where user code runs, what a refusing executor means, and how close() waits. */
@Timeout(60)
class ExecutorTest {

    /** Runs tasks when told to, or refuses them. */
    private static final class ManualExecutor implements Executor {
        final Deque<Runnable> tasks = new ArrayDeque<>();
        private boolean refusing;
        private boolean direct;

        @Override
        public void execute(Runnable task) {
            if (refusing) {
                throw new RejectedExecutionException("shut down");
            }
            if (direct) {
                task.run();
            } else {
                tasks.add(task);
            }
        }

        static ManualExecutor direct() {
            ManualExecutor executor = new ManualExecutor();
            executor.direct = true;
            return executor;
        }

        void runAll() {
            while (!tasks.isEmpty()) {
                tasks.poll().run();
            }
        }

        void refuse() {
            refusing = true;
        }
    }

    @Test
    @DisplayName("the calling thread runs no user code: it is queued on the executor")
    void userCodeRunsOnTheExecutor() {
        ManualExecutor executor = new ManualExecutor();
        Harness h = new Harness(b -> b.executor(executor));
        h.start();
        assertThat(h.handlers).isEmpty();
        executor.runAll();
        assertThat(h.handlers).hasSize(1);
        h.answer("1");
        assertThat(h.applied).isEmpty();
        assertThat(h.started).isNotDone();
        executor.runAll();
        assertThat(h.revisions()).containsExactly("1");
        assertThat(h.started).isCompleted();

        h.event("2");
        h.transport().malformed("?", null);
        assertThat(h.pulls).hasSize(1);
        assertThat(h.errors).isEmpty();
        executor.runAll();
        assertThat(h.pulls).hasSize(2);
        assertThat(h.errors).hasSize(1);
    }

    @Test
    @DisplayName("applies run on the executor of applyOn, the rest does not")
    void appliesRunWhereTheyAreToldTo() {
        ManualExecutor applies = new ManualExecutor();
        Harness h = new Harness(b -> b.applyOn(applies));
        h.start();
        h.answer("1");
        assertThat(applies.tasks).hasSize(1);
        assertThat(h.applied).isEmpty();
        assertThat(h.started).isNotDone();

        applies.runAll();
        assertThat(h.revisions()).containsExactly("1");
        assertThat(h.started).isCompleted();
    }

    @Test
    @DisplayName("L3: an apply that is still queued on its executor when stop() is called never runs")
    void queuedApplyDoesNotRunAfterStop() {
        ManualExecutor applies = new ManualExecutor();
        Harness h = new Harness(b -> b.applyOn(applies));
        h.start();
        h.answer("1");
        h.sync.close();
        assertThat(h.started).isCompletedExceptionally();
        assertThat(h.sync.status().applyingSince()).isNull();

        applies.runAll();
        assertThat(h.applied).isEmpty();
        assertThat(h.sync.localVersion()).isNull();
    }

    @Test
    @DisplayName("L3: an apply that is running when stop() is called moves neither local nor a future")
    void committedApplyMovesNothingAfterStop() {
        Harness h = new Harness().startedAt("1");
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.answer("2");
        h.sync.stop();
        Throwable error = Harness.failureOf(refreshed);
        applying.complete(null);

        assertThat(error).isInstanceOf(CancellationException.class);
        assertThat(h.sync.localRevision()).hasToString("1");
        assertThat(h.sync.status().applies()).isEqualTo(1);
    }

    @Test
    @DisplayName("a refusing executor stops the engine, and what is pending fails with the rejection")
    void refusingExecutorStopsTheEngine() {
        ManualExecutor executor = ManualExecutor.direct();
        Harness h = new Harness(b -> b.executor(executor)).startedAt("1");
        CompletableFuture<Void> awaited = h.sync.awaitVersion(Harness.version("5"));
        executor.refuse();
        h.answer("4");

        assertRejected(awaited);
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(h.unsubscribed).isEqualTo(1);
        assertThat(h.time.pending()).isZero();
        assertThat(h.revisions()).containsExactly("1");
    }

    @Test
    @DisplayName("an executor that refuses from the beginning fails the start with the rejection")
    void executorThatRefusesFromTheBeginning() {
        ManualExecutor executor = new ManualExecutor();
        executor.refuse();
        Harness h = new Harness(b -> b.executor(executor));
        assertThatCode(h::start).doesNotThrowAnyException();
        assertRejected(h.started);
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    @DisplayName("a refusing executor throws nothing into the transport's thread")
    void refusalStaysInside() {
        ManualExecutor executor = ManualExecutor.direct();
        Harness h = new Harness(b -> b.executor(executor)).startedAt("1");
        executor.refuse();
        assertThatCode(() -> h.event("2")).doesNotThrowAnyException();
        assertThatCode(() -> h.event("3")).doesNotThrowAnyException();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    @DisplayName("a refusing apply executor stops the engine, and what is pending fails with the rejection")
    void refusingApplyExecutorStopsTheEngine() {
        ManualExecutor applies = new ManualExecutor();
        applies.refuse();
        Harness h = new Harness(b -> b.applyOn(applies));
        h.start();
        h.answer("1");
        assertRejected(h.started);
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(h.unsubscribed).isEqualTo(1);
        assertThat(h.sync.status().applyingSince()).isNull();
    }

    @Test
    @DisplayName("R4: onCancel is run also when a refusing executor is why the pull was cancelled")
    void cancellationIsToldAlsoWhenTheExecutorRefuses() {
        ManualExecutor executor = ManualExecutor.direct();
        AtomicInteger cancelled = new AtomicInteger();
        Harness h = new Harness(b -> b.executor(executor));
        h.start();
        h.open().request().onCancel(cancelled::incrementAndGet);
        executor.refuse();
        h.sync.stop();
        assertThat(cancelled).hasValue(1);
    }

    @Test
    @DisplayName("a refusing scheduler stops the engine, whatever it throws, and what is pending fails with that")
    void refusingSchedulerStopsTheEngine() {
        for (Throwable refusal :
                List.of(new RejectedExecutionException("shut down"), new OutOfMemoryError("no thread to be had"))) {
            AtomicBoolean refusing = new AtomicBoolean();
            TimeSource time = refusing(new VirtualTime(), refusing, refusal);
            Harness h = new Harness(b -> b.time(time)).startedAt("1");
            refusing.set(true);
            CompletableFuture<Void> refreshed = h.sync.refresh();

            assertThat(Harness.failureOf(refreshed)).isSameAs(refusal);
            assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
            assertThat(h.unsubscribed).isEqualTo(1);
            assertThat(h.pulls.get(1).answer()).isCancelled();
        }
    }

    private static TimeSource refusing(VirtualTime time, AtomicBoolean refusing, Throwable refusal) {
        return new TimeSource() {
            @Override
            public long nanoTime() {
                return time.nanoTime();
            }

            @Override
            public Instant now() {
                return time.now();
            }

            @Override
            public Timer schedule(Runnable task, Duration delay) {
                if (refusing.get()) {
                    ExecutorTest.<RuntimeException>sneak(refusal);
                }
                return time.schedule(task, delay);
            }
        };
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable error) throws E {
        throw (E) error;
    }

    @Test
    @DisplayName("L3: close() waits for an apply under way")
    void closeWaitsForTheApply() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        CountDownLatch applying = new CountDownLatch(1);
        CountDownLatch finish = new CountDownLatch(1);
        List<String> order = new ArrayList<>();
        try {
            RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(Harness.TOPIC)
                    .subscriber(handler -> CompletableFuture.completedFuture(() -> {}))
                    .provider(request -> CompletableFuture.completedFuture(snapshot("1")))
                    .applier(snapshot -> {
                        applying.countDown();
                        finish.await();
                        order.add("applied");
                    })
                    .executor(threads)
                    .build());
            CompletableFuture<Void> started = sync.start();
            assertThat(applying.await(30, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Void> closed = CompletableFuture.runAsync(
                    () -> {
                        sync.close();
                        order.add("closed");
                    },
                    threads);
            started.handle((nothing, error) -> error).get(30, TimeUnit.SECONDS); // stop() has happened
            finish.countDown();
            closed.get(30, TimeUnit.SECONDS);
            assertThat(order).containsExactly("applied", "closed");
            assertThat(sync.localVersion()).isNull();
        } finally {
            finish.countDown();
            threads.shutdownNow();
        }
    }

    @Test
    @DisplayName("L3: close() waits for an apply at most closeTimeout, and keeps an interrupt")
    void closeWaitsAtMostItsTimeout() {
        Harness h = new Harness(b -> b.closeTimeout(Duration.ofMillis(5)));
        h.onApply = snapshot -> new CompletableFuture<>();
        h.start();
        h.answer("1");
        h.sync.close();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);

        Harness interrupted = new Harness(b -> b.closeTimeout(Duration.ofSeconds(Long.MAX_VALUE)));
        interrupted.onApply = snapshot -> new CompletableFuture<>();
        interrupted.start();
        interrupted.answer("1");
        Thread.currentThread().interrupt();
        interrupted.sync.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(interrupted.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    @DisplayName("L3: close() from inside the apply does not wait for itself")
    void closeInsideTheApplyReturns() {
        Harness h = new Harness(b -> b.closeTimeout(Duration.ofDays(1)));
        h.onApply = snapshot -> {
            h.sync.close();
            return CompletableFuture.completedFuture(null);
        };
        h.start();
        h.answer("1");
        assertThat(h.started).isCompletedExceptionally();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(h.sync.localVersion()).isNull();
    }

    @Test
    @DisplayName("L3: stop and close are idempotent; then start() fails and refresh() is done without effect")
    void afterStop() {
        Harness h = new Harness().startedAt("1");
        h.sync.stop();
        h.sync.stop();
        h.sync.close();
        h.start();
        assertThat(Harness.failureOf(h.started))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Harness.TOPIC);
        assertThat(h.sync.refresh()).isCompleted();
        assertThat(h.sync.refreshIfOlderThan(Duration.ZERO)).isCompleted();
        assertThat(h.sync.awaitVersion(Harness.version("1"))).isCompleted();
        assertThat(h.sync.awaitVersion(Harness.version("2"))).isCompletedExceptionally();
        assertThat(h.pulls).hasSize(1);
        assertThat(h.unsubscribed).isEqualTo(1);
        assertThat(h.errors).extracting(SyncError::phase).isEmpty();
    }

    @Test
    @DisplayName("a direct executor makes a loop of pulls that answer at once, and no recursion")
    void manyPullsThatAnswerAtOnceDoNotOverflowTheStack() {
        Harness h = new Harness();
        AtomicInteger revision = new AtomicInteger();
        h.onPull = request -> {
            int next = revision.incrementAndGet();
            if (next < 20_000) {
                h.event(Integer.toString(next + 1));
            }
            return CompletableFuture.completedFuture(snapshot(Integer.toString(next)));
        };
        h.onApply = snapshot -> CompletableFuture.completedFuture(null);
        h.start();
        assertThat(h.sync.localRevision()).hasToString("20000");
        assertThat(h.started).isCompleted();
    }

    private static void assertRejected(CompletableFuture<Void> future) {
        assertThat(future).isCompletedExceptionally();
        assertThat(Harness.failureOf(future))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessage("shut down");
    }
}
