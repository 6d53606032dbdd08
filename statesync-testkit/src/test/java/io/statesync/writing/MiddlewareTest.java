package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaMiddleware;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.replica.VetoException;
import io.statesync.writing.Link.Fate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The chain around outgoing proposals and incoming snapshots. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class MiddlewareTest extends Fixture {
    private final List<String> calls = new ArrayList<>();

    private ReplicaMiddleware<Integer> logging(String name) {
        return transforming(name, UnaryOperator.identity(), UnaryOperator.identity());
    }

    private ReplicaMiddleware<Integer> transforming(
            String name, UnaryOperator<Integer> out, UnaryOperator<Integer> in) {
        return new ReplicaMiddleware<>() {
            @Override
            public Proposal<Integer> outgoing(Proposal<Integer> proposal) {
                calls.add(name + " out " + proposal.value());
                return proposal.withValue(out.apply(proposal.value()));
            }

            @Override
            public SnapshotEnvelope<Integer> incoming(SnapshotEnvelope<Integer> snapshot) {
                calls.add(name + " in " + snapshot.data());
                return new SnapshotEnvelope<>(snapshot.revision(), snapshot.epoch(), in.apply(snapshot.data()));
            }
        };
    }

    /** Throws when it meets a value. */
    private ReplicaMiddleware<Integer> throwing(int value, Exception error) {
        return new ReplicaMiddleware<>() {
            @Override
            public Proposal<Integer> outgoing(Proposal<Integer> proposal) throws Exception {
                if (proposal.value() == value) {
                    throw error;
                }
                return proposal;
            }

            @Override
            public SnapshotEnvelope<Integer> incoming(SnapshotEnvelope<Integer> snapshot) throws Exception {
                if (snapshot.data() == value) {
                    throw error;
                }
                return snapshot;
            }
        };
    }

    @Test
    @DisplayName("Zuno: proposals pass from the first to the last, snapshots from the last to the first")
    void order() {
        StateReplica<Integer> replica =
                started(builder().middleware(logging("a")).middleware(logging("b")));
        assertThat(calls).containsExactly("b in 10", "a in 10");
        calls.clear();
        replica.set(11);
        assertThat(calls).startsWith("a out 11", "b out 11", "b in 11", "a in 11");
        calls.clear();
        store.set(20);
        assertThat(calls).containsExactly("b in 20", "a in 20");
    }

    @Test
    void pairsOfTransformationsNest() {
        StateReplica<Integer> replica = started(builder()
                .conflicts(ConflictPolicy.merge(Integer::sum))
                .middleware(transforming("times", n -> n * 1000, n -> n / 1000))
                .middleware(transforming("plus", n -> n + 7, n -> n - 7)));
        store.set(5007);
        assertThat(replica.get()).isEqualTo(5);
        replica.set(6);
        assertThat(store.get()).isEqualTo(6007);
        assertThat(replica.get()).isEqualTo(6);
        replica.update(n -> n + 1);
        assertThat(store.get()).isEqualTo(7007);
        assertThat(replica.get()).isEqualTo(7);
        link.hold();
        replica.set(8);
        store.set(20_007);
        link.release();
        settle();
        assertThat(heard.events).contains("conflict 8 with 20");
        assertThat(store.get()).isEqualTo(28_007);
        assertThat(replica.get()).isEqualTo(28);
    }

    @Test
    void aConflictThatIsReportedShowsWhatTheReplicaShows() {
        StateReplica<Integer> replica = started(builder().middleware(transforming("plus", n -> n + 7, n -> n - 7)));
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(8);
        store.set(27);
        link.release();
        assertThat(((WriteResult.Conflict<Integer>) outcome.join()).current().data())
                .isEqualTo(20);
    }

    @Test
    void aVetoedProposalIsRejectedAndLeavesTheView() {
        StateReplica<Integer> replica = started(builder().middleware(throwing(11, new VetoException("not eleven"))));
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        assertThat(outcome).isCompletedWithValue(new WriteResult.Rejected<>("not eleven"));
        assertThat(link.proposals).isEmpty();
        assertThat(replica.get()).isEqualTo(10);
        assertThat(replica.meta().dirty()).isFalse();
        assertThat(heard.errors).isEmpty();
        assertThat(replica.set(12).join().isAccepted()).isTrue();
    }

    @Test
    void aVetoWithoutAReasonIsARejectionToo() {
        StateReplica<Integer> replica = started(builder().middleware(throwing(11, new VetoException(null))));
        assertThat(replica.set(11).join()).isInstanceOf(WriteResult.Rejected.class);
    }

    @Test
    void aVetoedSnapshotIsNotTakenOverAndTheNextOneIs() {
        StateReplica<Integer> replica = started(builder().middleware(throwing(20, new VetoException("not twenty"))));
        store.set(20);
        assertThat(replica.get()).isEqualTo(10);
        assertThat(heard.errors).isEmpty();
        StateVersion third = store.set(30);
        assertThat(replica.get()).isEqualTo(30);
        assertThat(replica.meta().version()).isEqualTo(third);
        assertThat(time.pending()).isZero();
    }

    @Test
    void oneThatThrowsIsReportedOnceAndItsNeighboursRun() {
        StateReplica<Integer> replica = started(builder()
                .middleware(logging("a"))
                .middleware(throwing(11, new IllegalStateException("middleware")))
                .middleware(logging("b")));
        calls.clear();
        link.fate(Fate.ANSWER_HELD);
        replica.set(11);
        assertThat(calls).startsWith("a out 11", "b out 11");
        assertThat(heard.errors).extracting(error -> error.phase()).contains(ReplicaPhase.MIDDLEWARE);
        assertThat(heard.errors).hasSize(2); // the proposal, and the snapshot of it
        assertThat(heard.errors)
                .allMatch(error -> "middleware".equals(error.error().getMessage()));
        assertThat(calls).endsWith("b in 11", "a in 11");
        link.release();
        assertThat(store.get()).isEqualTo(11);
        assertThat(replica.get()).isEqualTo(11);
    }

    @Test
    void oneThatAnswersNothingIsReportedAndSkipped() {
        StateReplica<Integer> replica = started(builder().middleware(new ReplicaMiddleware<>() {
            @Override
            @SuppressWarnings("NullAway") // what a careless one does
            public Proposal<Integer> outgoing(Proposal<Integer> proposal) {
                return null;
            }
        }));
        assertThat(replica.set(11).join().isAccepted()).isTrue();
        assertThat(heard.phases()).containsExactly(ReplicaPhase.MIDDLEWARE);
    }

    @Test
    void idsAndBaseAndVersionsCannotBeChanged() {
        StateReplica<Integer> replica = started(builder().sourceId("me").middleware(new ReplicaMiddleware<>() {
            @Override
            public Proposal<Integer> outgoing(Proposal<Integer> proposal) {
                return new Proposal<>(null, proposal.value() + 1, "somebody", "an id");
            }

            @Override
            public SnapshotEnvelope<Integer> incoming(SnapshotEnvelope<Integer> snapshot) {
                return SnapshotEnvelope.of(StateVersion.ofUnsigned(0, 77), snapshot.data());
            }
        }));
        StateVersion base = store.version();
        replica.set(11);
        Proposal<Integer> sent = link.proposals.get(0);
        assertThat(sent.base()).isEqualTo(base);
        assertThat(sent.sourceId()).isEqualTo("me");
        assertThat(sent.proposalId()).isNotEqualTo("an id");
        assertThat(sent.value()).isEqualTo(12);
        assertThat(replica.meta().version()).isEqualTo(store.version());
    }

    @Test
    void aProposalThatIsAskedAgainIsNotPassedThroughAgain() {
        StateReplica<Integer> replica = started(builder().middleware(logging("a")));
        link.fate(Fate.LOST);
        calls.clear();
        replica.set(11);
        link.fate(Fate.PASS);
        settle();
        assertThat(link.proposals).hasSize(2);
        assertThat(calls).filteredOn("a out 11"::equals).hasSize(1);
    }
}
