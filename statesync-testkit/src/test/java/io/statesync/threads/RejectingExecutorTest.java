package io.statesync.threads;

import static io.statesync.threads.CountingSource.snapshot;
import static io.statesync.threads.CountingSource.version;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import io.statesync.LifecycleState;
import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.StateSync;
import io.statesync.TimeSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An executor or scheduler that was shut down while an engine still needs it. */
@DisplayName("Threads: a rejecting executor stops the engine; what is pending fails with the rejection")
class RejectingExecutorTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.statesync.lifecycle");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final CountingSource source = new CountingSource();
    private final CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
        logger.setAdditive(false);
        logger.setLevel(Level.ERROR);
    }

    @AfterEach
    void stopListening() {
        logger.setLevel(null);
        logger.detachAppender(lines);
        logger.setAdditive(true);
    }

    @Test
    void theEnginesExecutorRefusesTheNextPull() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        RevisionSync<Long> engine = started(pool, pool);
        CompletableFuture<Void> await = pending(engine);
        pool.shutdown();

        source.event(); // one more cycle than the one under way
        answer.complete(snapshot(1));

        failsWithTheRejection(await);
        hasStopped(engine);
        assertThat(pool.awaitTermination(30, SECONDS)).isTrue();
    }

    @Test
    void theApplyExecutorRefusesAnApply() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        ExecutorService ui = Executors.newSingleThreadExecutor();
        RevisionSync<Long> engine = started(pool, ui);
        CompletableFuture<Void> await = pending(engine);
        CompletableFuture<Void> refresh = engine.refresh();
        ui.shutdown();

        answer.complete(snapshot(2));

        failsWithTheRejection(await);
        failsWithTheRejection(refresh);
        hasStopped(engine);
        pool.shutdown();
        assertThat(pool.awaitTermination(30, SECONDS)).isTrue();
    }

    @Test
    void theSchedulerRefusesATimer() throws Exception {
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
        RevisionSync<Long> engine = StateSync.createRevisionSync(source.options()
                .provider(request -> source.revision.get() == 1 ? source.pull(request) : answer)
                .time(TimeSource.using(scheduler))
                .build());
        engine.start().get(30, SECONDS);
        scheduler.shutdown();
        source.revision.set(2);

        failsWithTheRejection(engine.refresh());

        hasStopped(engine);
    }

    private RevisionSync<Long> started(ExecutorService executor, ExecutorService ui) throws Exception {
        RevisionSync<Long> engine = StateSync.createRevisionSync(source.options()
                .provider(request -> source.revision.get() == 1 ? source.pull(request) : answer)
                .executor(executor)
                .applyOn(ui)
                .build());
        engine.start().get(30, SECONDS);
        return engine;
    }

    /** An await that waits for a pull which the test answers. */
    private CompletableFuture<Void> pending(RevisionSync<Long> engine) {
        source.revision.set(2);
        long pulls = engine.status().pulls();
        CompletableFuture<Void> await = engine.awaitVersion(version(7));
        await("the pull begins").atMost(30, SECONDS).until(() -> engine.status().pulls() > pulls);
        return await;
    }

    private static void failsWithTheRejection(CompletableFuture<Void> future) {
        assertThatThrownBy(() -> future.get(30, SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(RejectedExecutionException.class);
    }

    private void hasStopped(RevisionSync<Long> engine) {
        assertThat(engine.status().state()).isEqualTo(LifecycleState.STOPPED);
        await("the subscription is closed").atMost(30, SECONDS).until(() -> source.open.get() == 0);
        assertThat(engine.start()).isCompletedExceptionally();
        assertThat(lines.list).singleElement().satisfies(line -> {
            assertThat(line.getFormattedMessage()).contains("refuses work").contains("topic=count");
            assertThat(((ThrowableProxy) line.getThrowableProxy()).getThrowable())
                    .isInstanceOf(RejectedExecutionException.class);
        });
    }
}
