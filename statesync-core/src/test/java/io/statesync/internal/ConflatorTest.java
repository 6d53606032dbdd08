package io.statesync.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConflatorTest {
    private final Queue<Runnable> queue = new ArrayDeque<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final AtomicInteger runs = new AtomicInteger();

    /** A conflator whose task counts its runs and then does what it is told. */
    private final class Counting extends Conflator {
        private final Runnable then;

        Counting(Executor executor, Runnable then) {
            super(executor);
            this.then = then;
        }

        @Override
        protected void run() {
            runs.incrementAndGet();
            then.run();
        }

        @Override
        protected void failed(Throwable error) {
            failures.add(error);
        }
    }

    private Counting counting(Executor executor) {
        return new Counting(executor, () -> {});
    }

    private void runAll() {
        for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
            task.run();
        }
    }

    @Test
    void signalsBeforeARunAreOneRun() {
        Counting task = counting(queue::add);
        task.signal();
        task.signal();
        task.signal();
        assertThat(queue).hasSize(1);
        runAll();
        assertThat(runs).hasValue(1);
        task.signal();
        runAll();
        assertThat(runs).hasValue(2);
    }

    @Test
    void signalsDuringARunAreOneMore() {
        Conflator[] task = new Conflator[1];
        task[0] = new Counting(queue::add, () -> {
            if (runs.get() == 1) {
                task[0].signal();
                task[0].signal();
            }
        });
        task[0].signal();
        runAll();
        assertThat(runs).hasValue(2);
    }

    @Test
    void betweenTwoRunsTheExecutorsOtherTasksHaveTheirTurn() {
        List<String> order = new ArrayList<>();
        Conflator[] task = new Conflator[1];
        task[0] = new Counting(queue::add, () -> {
            order.add("run");
            if (runs.get() < 3) {
                task[0].signal();
            }
        });
        task[0].signal();
        queue.add(() -> order.add("other"));
        runAll();
        assertThat(order).containsExactly("run", "other", "run", "run");
    }

    @Test
    void aTaskThatSignalsItselfOnADirectExecutorIsALoopAndNoRecursion() {
        Conflator[] task = new Conflator[1];
        task[0] = new Counting(Runnable::run, () -> {
            if (runs.get() < 200_000) {
                task[0].signal();
            }
        });
        task[0].signal();
        assertThat(runs).hasValue(200_000);
        assertThat(failures).isEmpty();
    }

    @Test
    void aTaskThatIsSignalledHereRunsOnTheCallersThreadAndAgainOnTheExecutor() {
        Conflator[] task = new Conflator[1];
        task[0] = new Counting(queue::add, () -> {
            if (runs.get() == 1) {
                task[0].signalHere();
                task[0].signalHere();
            }
        });
        task[0].signalHere();
        assertThat(runs).hasValue(1);
        assertThat(queue).hasSize(1);
        runAll();
        assertThat(runs).hasValue(2);
        task[0].signalHere();
        assertThat(runs).hasValue(3);
        assertThat(queue).isEmpty();
    }

    @Test
    void aTaskThatIsDueAlreadyDoesNotRunHere() {
        Counting task = counting(queue::add);
        task.signal();
        task.signalHere();
        assertThat(runs).hasValue(0);
        runAll();
        assertThat(runs).hasValue(1);
    }

    @Test
    void aTaskThatThrowsRunsAtTheNextSignal() {
        IllegalStateException failure = new IllegalStateException("expected by this test");
        Counting task = new Counting(queue::add, () -> {
            throw failure;
        });
        task.signal();
        runAll();
        task.signal();
        runAll();
        assertThat(runs).hasValue(2);
        assertThat(failures).containsExactly(failure, failure);
    }

    @Test
    void anExecutorThatRefusesIsAskedAgainAtTheNextSignal() {
        RejectedExecutionException refusal = new RejectedExecutionException("expected by this test");
        boolean[] refuses = {true};
        Counting task = counting(work -> {
            if (refuses[0]) {
                throw refusal;
            }
            work.run();
        });
        task.signal();
        assertThat(runs).hasValue(0);
        assertThat(failures).containsExactly(refusal);
        refuses[0] = false;
        task.signal();
        assertThat(runs).hasValue(1);
    }

    @Test
    void anExecutorThatRunsATaskTwiceRunsTheWorkOnce() {
        Counting task = counting(work -> {
            work.run();
            work.run();
        });
        task.signal();
        assertThat(runs).hasValue(1);
    }

    @Test
    void onRealThreadsNoSignalIsLostAndNoTwoRunsOverlap() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(3);
        AtomicLong written = new AtomicLong();
        AtomicLong seen = new AtomicLong();
        AtomicInteger running = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        Counting task = new Counting(pool, () -> {
            if (running.incrementAndGet() != 1) {
                overlaps.incrementAndGet();
            }
            seen.set(written.get());
            running.decrementAndGet();
        });
        try {
            for (int round = 0; round < 200; round++) {
                signalFromFourThreads(task, written);
                await().atMost(30, TimeUnit.SECONDS)
                        .pollInterval(1, TimeUnit.MILLISECONDS)
                        .until(() -> seen.get() == written.get());
            }
            assertThat(overlaps).hasValue(0);
            assertThat(failures).isEmpty();
        } finally {
            pool.shutdown();
        }
    }

    private static void signalFromFourThreads(Conflator task, AtomicLong written) throws Exception {
        ExecutorService writers = Executors.newFixedThreadPool(4);
        CountDownLatch together = new CountDownLatch(4);
        List<Future<?>> done = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            done.add(writers.submit(() -> {
                together.countDown();
                together.await();
                for (int n = 0; n < 100; n++) {
                    written.incrementAndGet();
                    task.signal();
                }
                return null;
            }));
        }
        for (Future<?> writer : done) {
            writer.get(30, TimeUnit.SECONDS);
        }
        writers.shutdown();
    }
}
