package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Proposal;
import io.statesync.StateSync;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaStatus;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.VirtualTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ReplicaTest {
    private final VirtualTime time = new VirtualTime();
    private final RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("counter")
            .deliverOn(StateSync.directExecutor())
            .open(() -> 10);
    private final Link<Integer> link = new Link<>(store);

    private ReplicaBuilder<Integer> builder() {
        return StateReplica.<Integer>builder("counter")
                .source(link)
                .engine(engine -> engine.executor(StateSync.directExecutor()).time(time));
    }

    private StateReplica<Integer> started() {
        StateReplica<Integer> replica = builder().build();
        replica.start().join();
        return replica;
    }

    @Test
    void setShowsAtOnceAndIsAccepted() {
        StateReplica<Integer> replica = started();
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        assertThat(replica.get()).isEqualTo(11);
        assertThat(replica.meta().dirty()).isTrue();
        assertThat(store.get()).isEqualTo(10);
        link.release();
        assertThat(outcome).isCompletedWithValue(new WriteResult.Accepted<>(store.version()));
        assertThat(replica.meta().dirty()).isFalse();
        assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.READY);
        assertThat(store.get()).isEqualTo(11);
        assertThat(replica.awaitVersion(store.version())).isDone();
        assertThat(replica.engine().localVersion()).isEqualTo(store.version());
    }

    @Test
    void updatesOfManyReplicasAddUp() {
        List<StateReplica<Integer>> replicas = new ArrayList<>();
        List<CompletableFuture<WriteResult<Integer>>> outcomes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            replicas.add(started());
        }
        for (int round = 0; round < 20; round++) {
            link.hold();
            replicas.forEach(replica -> outcomes.add(replica.update(n -> n + 1)));
            link.release();
        }
        time.advance(java.time.Duration.ofMinutes(1));
        assertThat(store.get()).isEqualTo(110);
        assertThat(outcomes).allMatch(outcome -> outcome.join().isAccepted());
        assertThat(replicas).allMatch(replica -> replica.get() == 110);
    }

    @Test
    void serverWinsLocalWinsAndMerge() {
        assertThat(conflict(ConflictPolicy.serverWins())).isEqualTo(20);
        assertThat(conflict(ConflictPolicy.localWins())).isEqualTo(11);
        assertThat(conflict(ConflictPolicy.merge(Integer::sum))).isEqualTo(31);
    }

    private int conflict(ConflictPolicy<Integer> policy) {
        store.set(10);
        StateReplica<Integer> replica = builder().conflicts(policy).build();
        replica.start().join();
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        store.set(20);
        assertThat(replica.get()).isEqualTo(11);
        link.release();
        time.advance(java.time.Duration.ofMinutes(1));
        assertThat(outcome).isDone();
        assertThat(replica.get()).isEqualTo(store.get());
        replica.close();
        return store.get();
    }

    /** Proposals can be held back. */
    private static final class Link<T> implements WritableBinding<T> {
        private final RevisionedStore<T> store;
        private final List<Runnable> held = new ArrayList<>();
        private boolean holding;

        Link(RevisionedStore<T> store) {
            this.store = store;
        }

        void hold() {
            holding = true;
        }

        void release() {
            holding = false;
            List<Runnable> now = List.copyOf(held);
            held.clear();
            now.forEach(Runnable::run);
        }

        @Override
        public io.statesync.InvalidationSubscriber subscriber() {
            return store.subscriber();
        }

        @Override
        public io.statesync.SnapshotProvider<T> provider() {
            return store.provider();
        }

        @Override
        public io.statesync.StateProposer<T> proposer() {
            return this::propose;
        }

        private CompletableFuture<WriteResult<T>> propose(Proposal<T> proposal) {
            CompletableFuture<WriteResult<T>> answer = new CompletableFuture<>();
            Runnable ask = () -> store.propose(proposal).thenAccept(answer::complete);
            if (holding) {
                held.add(ask);
            } else {
                ask.run();
            }
            return answer;
        }
    }
}
