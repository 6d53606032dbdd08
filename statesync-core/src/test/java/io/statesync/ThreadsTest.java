package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.internal.DefaultExecutor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The library's own threads: daemons, there while there is work, gone soon after. */
@Timeout(120)
class ThreadsTest {

    private static void awaitEndOf(Thread thread) {
        await().atMost(Duration.ofSeconds(60)).until(() -> !thread.isAlive());
    }

    @Test
    void theSystemsTimerThreadIsADaemonThatEndsWhenNoTimerIsPending() throws Exception {
        CompletableFuture<Thread> timer = new CompletableFuture<>();
        TimeSource.system().schedule(() -> timer.complete(Thread.currentThread()), Duration.ofMillis(1));
        Thread thread = timer.get(30, TimeUnit.SECONDS);
        assertThat(thread.isDaemon()).isTrue();
        assertThat(thread.getName()).isEqualTo("statesync-timer");
        awaitEndOf(thread);
    }

    @Test
    void aCancelledTimerNeitherRunsNorKeepsItsThread() throws Exception {
        List<String> ran = new CopyOnWriteArrayList<>();
        TimeSource.Timer far = TimeSource.system().schedule(() -> ran.add("far"), Duration.ofSeconds(Long.MAX_VALUE));
        CompletableFuture<Thread> near = new CompletableFuture<>();
        TimeSource.system().schedule(() -> near.complete(Thread.currentThread()), Duration.ZERO);
        Thread thread = near.get(30, TimeUnit.SECONDS);
        far.cancel();
        far.cancel();
        awaitEndOf(thread);
        assertThat(ran).isEmpty();
    }

    @Test
    void theSystemsClocksGoOn() {
        TimeSource time = TimeSource.system();
        long nanos = time.nanoTime();
        Instant now = time.now();
        await().atMost(Duration.ofSeconds(30)).until(() -> time.nanoTime() > nanos);
        assertThat(now).isAfter(Instant.parse("2024-01-01T00:00:00Z"));
        assertThat(TimeSource.system()).isSameAs(time);
    }

    @Test
    void aSchedulerOfTheCallersIsUsedAndStaysTheCallers() throws Exception {
        ScheduledThreadPoolExecutor scheduler =
                new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "the caller's"));
        try {
            TimeSource time = TimeSource.using(scheduler);
            CompletableFuture<String> name = new CompletableFuture<>();
            time.schedule(() -> name.complete(Thread.currentThread().getName()), Duration.ofMillis(1));
            assertThat(name.get(30, TimeUnit.SECONDS)).isEqualTo("the caller's");
            scheduler.shutdownNow();
            assertThatThrownBy(() -> time.schedule(() -> {}, Duration.ZERO))
                    .isInstanceOf(RejectedExecutionException.class);
        } finally {
            scheduler.shutdownNow();
        }
        assertThatThrownBy(() -> TimeSource.using(null)).hasMessage("scheduler");
    }

    @Test
    void timersDueAtOnceRunInTheOrderInWhichTheyWereSet() throws Exception {
        var scheduler = Executors.newSingleThreadScheduledExecutor();
        try {
            TimeSource time = TimeSource.using(scheduler);
            List<Integer> order = new ArrayList<>();
            CountDownLatch hold = new CountDownLatch(1);
            time.schedule(() -> awaitQuietly(hold), Duration.ZERO);
            CompletableFuture<Void> last = new CompletableFuture<>();
            for (int i = 0; i < 100; i++) {
                int n = i;
                time.schedule(() -> order.add(n), Duration.ZERO);
            }
            time.schedule(() -> last.complete(null), Duration.ZERO);
            hold.countDown();
            last.get(30, TimeUnit.SECONDS);
            assertThat(order).hasSize(100).isSorted();
        } finally {
            scheduler.shutdownNow();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void theDefaultExecutorsThreadsAreDaemonsThatEndWhenIdle() throws Exception {
        List<Thread> threads = new CopyOnWriteArrayList<>();
        CountDownLatch all = new CountDownLatch(8);
        for (int i = 0; i < 8; i++) {
            DefaultExecutor.SHARED.execute(() -> {
                threads.add(Thread.currentThread());
                all.countDown();
            });
        }
        assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(threads).allSatisfy(thread -> {
            assertThat(thread.isDaemon()).isTrue();
            assertThat(thread.getName()).isEqualTo("statesync-worker");
        });
        threads.forEach(ThreadsTest::awaitEndOf);
    }

    @Test
    void theDirectExecutorRunsOnTheCallersThread() {
        CompletableFuture<Thread> runner = new CompletableFuture<>();
        StateSync.directExecutor().execute(() -> runner.complete(Thread.currentThread()));
        assertThat(runner).isCompletedWithValue(Thread.currentThread());
    }
}
