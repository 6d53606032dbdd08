package io.statesync.threads;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.statesync.LifecycleState;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.threads.CallbackPlay.Place;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method of an engine, called from inside every one of its callbacks: nothing deadlocks, and everything ends. */
@DisplayName("L3, H1: an engine may be called from any of its callbacks")
class CallbackReentrancyTest {

    /** What is done inside the callback. */
    @SuppressWarnings("ImmutableEnumChecker") // a stateless function
    enum Action {
        STOP(engine -> done(engine::stop)),
        CLOSE(engine -> done(engine::close)),
        START(RevisionSync::start),
        REFRESH(RevisionSync::refresh),
        AWAIT(engine -> engine.awaitVersion(StateVersion.of(Revision.of(2))));

        final Function<RevisionSync<Long>, CompletableFuture<Void>> call;

        Action(Function<RevisionSync<Long>, CompletableFuture<Void>> call) {
            this.call = call;
        }

        private static CompletableFuture<Void> done(Runnable call) {
            call.run();
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Where callbacks run. */
    @SuppressWarnings("ImmutableEnumChecker") // a stateless function
    enum Threads {
        DIRECT(() -> null),
        ONE(Executors::newSingleThreadExecutor),
        FOUR(() -> Executors.newFixedThreadPool(4));

        final Supplier<ExecutorService> pool;

        Threads(Supplier<ExecutorService> pool) {
            this.pool = pool;
        }
    }

    static Stream<Arguments> plays() {
        return Arrays.stream(Place.values())
                .flatMap(place -> Arrays.stream(Action.values())
                        .flatMap(action ->
                                Arrays.stream(Threads.values()).map(threads -> Arguments.of(action, place, threads))));
    }

    @ParameterizedTest(name = "{0} in {1} on {2}")
    @MethodSource("plays")
    void isSafe(Action action, Place place, Threads threads) throws Exception {
        ExecutorService pool = threads.pool.get();
        ExecutorService worker = Executors.newCachedThreadPool();
        Executor executor = pool == null ? StateSync.directExecutor() : pool;
        CallbackPlay play = new CallbackPlay(place, action.call, executor, worker);
        try {
            Throwable outcome = assertTimeoutPreemptively(Duration.ofSeconds(60), play::run);

            if (action == Action.STOP || action == Action.CLOSE) {
                assertThat(outcome).isNull();
            }
            assertThat(play.engine.status().state()).isEqualTo(LifecycleState.STOPPED);
            await("the subscription is closed")
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .atMost(30, SECONDS)
                    .until(() -> play.open.get() == 0);
        } finally {
            worker.shutdown();
            if (pool != null) {
                pool.shutdown();
            }
        }
        assertThat(worker.awaitTermination(30, SECONDS)).as("the worker ends").isTrue();
        assertThat(pool == null || pool.awaitTermination(30, SECONDS))
                .as("the pool ends")
                .isTrue();
    }
}
