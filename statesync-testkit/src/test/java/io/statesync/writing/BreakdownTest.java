package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.LifecycleState;
import io.statesync.StateSync;
import io.statesync.TimeSource;
import io.statesync.WriteResult;
import io.statesync.replica.Observation;
import io.statesync.replica.ReplicaStatus;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts that break: nothing stands still without saying so. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class BreakdownTest extends Fixture {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
    void aReplicaWhoseExecutorRefusesOnceIsClosedOrGoesOn(int refused) {
        AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        Executor executor = task -> {
            if (left.getAndDecrement() == 0) {
                throw new RejectedExecutionException("full for an instant");
            }
            task.run();
        };
        StateReplica<Integer> replica =
                started(builder().engine(engine -> engine.executor(executor).time(time)));
        left.set(refused);
        store.set(11);
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(20);
        settle();
        store.set(30);
        settle();
        assertThat(outcome).isDone();
        if (replica.engine().status().state() == LifecycleState.STOPPED) {
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.IDLE);
            assertThat(replica.set(40)).isCompletedExceptionally();
        } else {
            assertThat(replica.get()).isEqualTo(30);
        }
    }

    @Test
    void aReplicaWhoseEngineIsStoppedIsClosed() {
        StateReplica<Integer> replica = started();
        replica.engine().stop();
        assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.IDLE);
        assertThat(replica.set(11)).isCompletedExceptionally();
    }

    @Test
    void aChainOfWritesOnTheDirectExecutorIsALoop() {
        StateReplica<Integer> replica = started();
        link.hold();
        again(replica, 20_000);
        link.release();
        assertThat(store.get()).isEqualTo(20_010);
        assertThat(replica.meta().dirty()).isFalse();
    }

    private static void again(StateReplica<Integer> replica, int left) {
        if (left > 0) {
            replica.update(n -> n + 1).whenComplete((outcome, error) -> again(replica, left - 1));
        }
    }

    @Test
    void aValidatorThatThrowsAnErrorRejects() {
        RevisionedStore<Integer> strict = RevisionedStore.<Integer>builder("counter")
                .deliverOn(StateSync.directExecutor())
                .validator(value -> {
                    if (value == 13) {
                        throw new AssertionError("unlucky");
                    }
                })
                .open(() -> 10);
        StateReplica<Integer> replica = started(builder().source(strict));
        assertThat(replica.set(13)).isCompletedWithValue(new WriteResult.Rejected<>("unlucky"));
        assertAccepted(replica.set(14), strict.version());
    }

    @Test
    void anExceptionThatCannotEvenBePrintedStopsNoObserver() {
        StateReplica<Integer> replica = started();
        List<Integer> heard = new ArrayList<>();
        Observation observation = replica.observe(value -> {
            heard.add(value);
            throw new Unprintable();
        });
        store.set(11);
        store.set(12);
        assertThat(heard).containsExactly(10, 11, 12);
        observation.close();
    }

    @Test
    void aSetInsideTheFunctionOfAnUpdateFailsAndTheUpdateIsMade() {
        StateReplica<Integer> replica = started();
        List<CompletableFuture<WriteResult<Integer>>> inner = new ArrayList<>();
        CompletableFuture<WriteResult<Integer>> outer = replica.update(n -> {
            inner.add(replica.set(99));
            return n + 1;
        });
        settle();
        assertAccepted(outer, store.version());
        assertThat(store.get()).isEqualTo(11);
        assertThat(inner)
                .isNotEmpty()
                .allSatisfy(each -> assertThat(each)
                        .isCompletedExceptionally()
                        .failsWithin(Duration.ZERO)
                        .withThrowableThat()
                        .havingCause()
                        .withMessageContaining("inside a function of its own update"));
    }

    @Test
    void aProposerThatBlocksIsNotCalledBesideItself() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch blocked = new CountDownLatch(1);
        ExecutorService pool = Executors.newCachedThreadPool();
        StateReplica<Integer> replica = StateReplica.<Integer>builder("counter")
                .source(store, proposal -> {
                    calls.incrementAndGet();
                    called.countDown();
                    blocked.await();
                    return store.propose(proposal);
                })
                .sendBackoff(Backoff.fixed(SEND_DELAY))
                .proposalTimeout(PROPOSAL_TIMEOUT)
                .engine(engine -> engine.executor(pool).time(time))
                .build();
        replica.start().get(30, TimeUnit.SECONDS);
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        called.await();
        for (int i = 0; i < 20; i++) {
            time.advance(PROPOSAL_TIMEOUT);
        }
        assertThat(calls).hasValue(1);
        blocked.countDown();
        assertThat(outcome.get(30, TimeUnit.SECONDS)).isEqualTo(new WriteResult.Accepted<>(store.version()));
        replica.close();
        pool.shutdown();
    }

    @Test
    void aClosedReplicaCompletesWhatItsExecutorDropped() {
        List<Runnable> dropped = new ArrayList<>();
        AtomicBoolean dropping = new AtomicBoolean();
        StateReplica<Integer> replica = started(builder()
                .engine(engine -> engine.executor(task -> {
                            if (dropping.get()) {
                                dropped.add(task);
                            } else {
                                task.run();
                            }
                        })
                        .time(time)));
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        dropping.set(true);
        link.release();
        assertThat(outcome).isNotDone();
        replica.close();
        assertThat(outcome).isDone();
        assertThat(dropped).isNotEmpty();
    }

    @Test
    void anAnswerWithoutAVersionIsAskedForAgain() {
        AtomicInteger asked = new AtomicInteger();
        StateReplica<Integer> replica = started(builder().source(store, proposal -> {
            if (asked.getAndIncrement() == 0) {
                return CompletableFuture.completedFuture(new WriteResult.Accepted<>(null));
            }
            return store.propose(proposal);
        }));
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        settle();
        assertAccepted(outcome, store.version());
    }

    @Test
    void aPublishersSubscriberOutlivesARefusalOfItsExecutor() {
        AtomicBoolean refusing = new AtomicBoolean();
        StateReplica<Integer> replica = started(builder().observeOn(task -> {
            if (refusing.get()) {
                throw new RejectedExecutionException("full for an instant");
            }
            task.run();
        }));
        List<Integer> heard = new ArrayList<>();
        replica.publisher().subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(Integer value) {
                heard.add(value);
            }

            @Override
            public void onError(Throwable error) {
                throw new AssertionError(error);
            }

            @Override
            public void onComplete() {
                heard.add(-1);
            }
        });
        refusing.set(true);
        store.set(11);
        refusing.set(false);
        store.set(12);
        assertThat(heard).containsExactly(10, 12);
    }

    @Test
    void aTimeSourceThatRefusesClosesTheReplicaAndTheWriteSaysSo() {
        VirtualTime real = new VirtualTime();
        AtomicBoolean broken = new AtomicBoolean();
        TimeSource source = new TimeSource() {
            @Override
            public long nanoTime() {
                return real.nanoTime();
            }

            @Override
            public Instant now() {
                return real.now();
            }

            @Override
            public Timer schedule(Runnable task, Duration delay) {
                if (broken.get()) {
                    throw new RejectedExecutionException("shut down");
                }
                return real.schedule(task, delay);
            }
        };
        StateReplica<Integer> replica = started(builder()
                .engine(engine -> engine.executor(StateSync.directExecutor()).time(source)));
        link.cut();
        broken.set(true);
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        assertThat(outcome).isDone();
        assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.IDLE);
        assertThat(replica.set(12)).isCompletedExceptionally();
    }

    private static final class Unprintable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("not even a message");
        }

        @Override
        public String toString() {
            throw new IllegalStateException("not even a name");
        }
    }
}
