package io.statesync.threads;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.testkit.ScriptedProvider;
import io.statesync.testkit.ScriptedSubscriber;
import io.statesync.threads.CallbackPlay.Place;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** Joining a future of an engine inside one of its callbacks can deadlock: the log names it. */
@DisplayName("Threads: a future joined inside a callback of its engine is named in the log")
class JoinInCallbackTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.statesync.callback");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final ExecutorService pool = Executors.newFixedThreadPool(4);
    private final ExecutorService worker = Executors.newCachedThreadPool();

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
        logger.setAdditive(false);
        logger.setLevel(Level.WARN);
    }

    @AfterEach
    void stopListening() throws InterruptedException {
        logger.setLevel(null);
        logger.detachAppender(lines);
        logger.setAdditive(true);
        pool.shutdown();
        worker.shutdown();
        assertThat(pool.awaitTermination(30, SECONDS)).isTrue();
        assertThat(worker.awaitTermination(30, SECONDS)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Place.class,
            names = {
                "CACHE_LOAD",
                "SUBSCRIBE",
                "GET_SNAPSHOT",
                "APPLY",
                "ON_PULL",
                "ON_APPLIED",
                "ON_SKIPPED",
                "ON_ERROR_HOOK",
                "ON_ERROR",
                "ON_STATE_CHANGE",
                "ON_CONNECTION"
            })
    void isNamedInTheLog(Place place) throws Exception {
        CallbackPlay play = new CallbackPlay(place, JoinInCallbackTest::waitsInVain, pool, worker);

        Throwable outcome = assertTimeoutPreemptively(Duration.ofSeconds(60), play::run);

        assertThat(outcome).as("the wait timed out").isInstanceOf(TimeoutException.class);
        assertThat(lines.list)
                .anySatisfy(line -> assertThat(line.getFormattedMessage())
                        .contains("inside its own callback")
                        .contains("topic=play"));
    }

    @Test
    void inADependentIsNamedToo() {
        ScriptedProvider<Long> provider = new ScriptedProvider<>();
        RevisionSync<Long> engine = StateSync.createRevisionSync(RevisionSyncOptions.<Long>builder("play")
                .subscriber(new ScriptedSubscriber())
                .provider(provider)
                .applier(snapshot -> {})
                .executor(StateSync.directExecutor())
                .build());
        CompletableFuture<Void> waited = engine.refresh().thenCompose(nothing -> waitsInVain(engine));
        provider.next().answer(SnapshotEnvelope.of(Revision.of(1), 1L));

        assertThat(waited).isCompletedExceptionally();
        assertThat(lines.list)
                .anySatisfy(line -> assertThat(line.getFormattedMessage()).contains("inside its own callback"));
        engine.close();
    }

    @Test
    void joiningElsewhereIsNot() throws Exception {
        CallbackPlay play = new CallbackPlay(Place.SHOULD_REFRESH, RevisionSync::refresh, pool, worker);

        assertTimeoutPreemptively(Duration.ofSeconds(60), play::run);

        assertThat(lines.list).isEmpty();
    }

    private static CompletableFuture<Void> waitsInVain(RevisionSync<Long> engine) {
        try {
            return CompletableFuture.completedFuture(
                    engine.awaitVersion(StateVersion.of(Revision.of(99))).get(1, MILLISECONDS));
        } catch (TimeoutException | ExecutionException e) {
            return CompletableFuture.failedFuture(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CompletableFuture.failedFuture(e);
        }
    }
}
