package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever the executor does, a task runs once. */
@Timeout(300)
class TasksTest {
    private final AtomicInteger runs = new AtomicInteger();

    @Test
    void aTaskThatThrowsInsideExecuteIsNotRunAgain() {
        new Tasks(Runnable::run).execute(() -> {
            runs.incrementAndGet();
            throw new IllegalStateException("expected by this test");
        });
        assertThat(runs).hasValue(1);
    }

    @Test
    void whatIsRefusedRunsOnTheSharedPool() throws Exception {
        CountDownLatch ran = new CountDownLatch(1);
        new Tasks(task -> {
                    throw new RejectedExecutionException("expected by this test");
                })
                .execute(ran::countDown);
        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatIsTakenAndRefusedRunsOnce() throws Exception {
        Queue<Runnable> taken = new ArrayDeque<>();
        CountDownLatch ran = new CountDownLatch(1);
        new Tasks(task -> {
                    taken.add(task);
                    throw new RejectedExecutionException("expected by this test");
                })
                .execute(() -> {
                    runs.incrementAndGet();
                    ran.countDown();
                });
        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
        taken.remove().run();
        assertThat(runs).hasValue(1);
    }
}
