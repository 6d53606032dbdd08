package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Proposal;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaMiddleware;
import io.statesync.replica.ReplicaStatus;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.writing.Link.Fate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a replica: nothing hangs, and nothing happens afterwards. */
@Timeout(120)
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class ClosingTest extends Fixture {

    @Test
    void whatWasProposedEndsUnknownAndTheRestIsCancelled() {
        StateReplica<Integer> replica = started();
        link.hold();
        CompletableFuture<WriteResult<Integer>> proposed = replica.set(11);
        CompletableFuture<WriteResult<Integer>> waiting = replica.update(n -> n + 1);
        CompletableFuture<Void> flushed = replica.flush();
        replica.close();
        assertThat(proposed)
                .isCompletedWithValueMatching(result -> result instanceof WriteResult.Unknown<Integer> unknown
                        && unknown.cause() instanceof CancellationException);
        assertThat(waiting).isCancelled();
        assertThat(flushed).isCompleted();
        assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.IDLE);
        assertThat(replica.meta().dirty()).isFalse();
    }

    @Test
    void afterwardsWritesAreRefusedAndTheValueCanStillBeRead() {
        StateReplica<Integer> replica = started();
        replica.close();
        replica.close();
        assertThat(replica.set(11)).isCancelled();
        assertThat(replica.update(n -> n + 1)).isCancelled();
        assertThat(replica.flush()).isCompleted();
        assertThat(replica.refresh()).isCompleted();
        assertThat(replica.start()).isCompletedExceptionally();
        assertThat(replica.awaitVersion(store.version())).isCompleted();
        assertThat(replica.awaitVersion(store.set(20))).isCompletedExceptionally();
        assertThat(replica.get()).isEqualTo(10);
        assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.IDLE);
    }

    @Test
    void aReplicaThatWasNeverStartedCloses() {
        StateReplica<Integer> replica = builder().build();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        replica.close();
        assertThat(outcome).isCancelled();
        assertThatThrownBy(() -> replica.start().join()).hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void aLateAnswerChangesNothing() {
        StateReplica<Integer> replica = started();
        List<Integer> seen = new ArrayList<>();
        replica.observe(seen::add);
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        replica.close();
        link.release();
        store.set(20);
        settle();
        assertThat(outcome.join()).isInstanceOf(WriteResult.Unknown.class);
        assertThat(seen).containsExactly(10, 11, 10);
        assertThat(replica.get()).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource(Fate.class)
    void everyWriteEndsWhateverTheLinkDoes(Fate fate) {
        List<CompletableFuture<?>> futures = new ArrayList<>();
        for (int steps = 0; steps < 6; steps++) {
            link.fate(fate);
            StateReplica<Integer> replica =
                    builder().conflicts(ConflictPolicy.localWins()).build();
            futures.add(replica.set(1));
            futures.add(replica.start());
            futures.add(replica.update(n -> n + 1));
            futures.add(replica.flush());
            futures.add(replica.set(3));
            futures.add(replica.set(-1));
            futures.add(replica.refresh());
            for (int step = 0; step < steps; step++) {
                time.advance(PROPOSAL_TIMEOUT.dividedBy(2));
                store.update(n -> n + 1);
                futures.add(replica.update(n -> n + 1));
            }
            replica.close();
            link.release();
            assertThat(futures).allMatch(CompletableFuture::isDone);
            assertThat(time.pending()).isZero();
        }
    }

    @Test
    void anObserverCloses() {
        StateReplica<Integer> replica = started();
        List<Integer> seen = new ArrayList<>();
        replica.observe(value -> {
            seen.add(value);
            if (value == 11) {
                replica.close();
            }
        });
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        assertThat(outcome).isDone();
        assertThat(seen).startsWith(10, 11);
        assertThat(time.pending()).isZero();
    }

    @Test
    void theProposerCloses() {
        AtomicReference<StateReplica<Integer>> self = new AtomicReference<>();
        StateReplica<Integer> replica = started(builder().source(link, proposal -> {
            self.get().close();
            return link.proposer().propose(proposal);
        }));
        self.set(replica);
        assertThat(replica.set(11).join()).isInstanceOf(WriteResult.Unknown.class);
        assertThat(time.pending()).isZero();
    }

    @Test
    void aMiddlewareCloses() {
        AtomicReference<StateReplica<Integer>> self = new AtomicReference<>();
        StateReplica<Integer> replica = started(builder().middleware(new ReplicaMiddleware<>() {
            @Override
            public Proposal<Integer> outgoing(Proposal<Integer> proposal) {
                self.get().close();
                return proposal;
            }
        }));
        self.set(replica);
        assertThat(replica.set(11).join()).isInstanceOf(WriteResult.Unknown.class);
        assertThat(link.proposals).isEmpty();
    }

    @Test
    void theDependentOfAnOutcomeCloses() {
        StateReplica<Integer> replica = started();
        link.hold();
        CompletableFuture<Void> closed = replica.set(11).thenRun(replica::close);
        CompletableFuture<WriteResult<Integer>> second = replica.set(12);
        link.release();
        assertThat(closed).isCompleted();
        assertThat(second).isDone();
        assertThat(time.pending()).isZero();
    }

    @Test
    void anUpdateFunctionCloses() {
        StateReplica<Integer> replica = started();
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> {
            replica.close();
            return n + 1;
        });
        assertThat(outcome).isCancelled();
        assertThat(replica.get()).isEqualTo(10);
    }

    @Test
    void closingOnTheOnlyThreadDoesNotWaitForASnapshotThatIsHeldBack() throws Exception {
        ExecutorService only = Executors.newSingleThreadExecutor();
        try {
            CompletableFuture<WriteResult<Integer>> never = new CompletableFuture<>();
            RevisionedStore<Integer> source = RevisionedStore.of("counter", 10);
            StateReplica<Integer> replica = StateReplica.<Integer>builder("counter")
                    .source(source, proposal -> never)
                    .engine(engine -> engine.executor(only).closeTimeout(Duration.ofDays(1)))
                    .build();
            replica.start().get(30, TimeUnit.SECONDS);
            CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
            source.set(20);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> replica.engine().status().applyingSince() != null);
            CompletableFuture.runAsync(replica::close, only).get(30, TimeUnit.SECONDS);
            assertThat(outcome.get(30, TimeUnit.SECONDS)).isInstanceOf(WriteResult.Unknown.class);
        } finally {
            only.shutdownNow();
        }
    }

    @Test
    void anExecutorThatRefusesClosesTheReplicaAndNothingHangs() {
        boolean[] refuses = new boolean[1];
        StateReplica<Integer> replica = builder()
                .engine(engine -> engine.time(time).executor(task -> {
                    if (refuses[0]) {
                        throw new RejectedExecutionException("full");
                    }
                    task.run();
                }))
                .build();
        replica.start();
        link.hold();
        CompletableFuture<WriteResult<Integer>> first = replica.set(11);
        refuses[0] = true;
        CompletableFuture<WriteResult<Integer>> second = replica.set(12);
        link.release();
        assertThat(first).isDone();
        assertThat(second).isDone();
        assertThat(replica.set(13)).isCancelled();
        assertThat(time.pending()).isZero();
    }

    @Test
    void aClosedReplicaLeavesItsSource() {
        List<StateReplica<Integer>> replicas = new ArrayList<>();
        Consumer<StateReplica<Integer>> close = StateReplica::close;
        for (int i = 0; i < 3; i++) {
            replicas.add(started());
        }
        replicas.forEach(close);
        int pulls = heard.events.size();
        store.set(20);
        assertThat(heard.events).hasSize(pulls);
        assertThat(replicas).allMatch(replica -> replica.get() == 10);
    }
}
