package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Writes from a base that the source has moved on from. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class ConflictTest extends Fixture {

    /** Both are at one version; the replica goes offline and writes, somebody else writes 20; then it is back. */
    private CompletableFuture<WriteResult<Integer>> whileOffline(StateReplica<Integer> replica, Runnable other) {
        link.cut();
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        other.run();
        assertThat(replica.get()).isEqualTo(11);
        link.mend();
        settle();
        return outcome;
    }

    @Nested
    @DisplayName("Zuno's conflict matrix, for set")
    class Matrix {
        @Test
        @DisplayName("prefer server (default): the local write is dropped, both have the server's")
        void preferServer() {
            StateReplica<Integer> replica = started();
            CompletableFuture<WriteResult<Integer>> outcome = whileOffline(replica, () -> store.set(20));
            assertThat(outcome).isCompletedWithValue(new WriteResult.Conflict<>(store.current()));
            assertThat(replica.get()).isEqualTo(20);
            assertThat(store.get()).isEqualTo(20);
            assertThat(heard.events).contains("conflict 11 with 20", "Conflict of 1");
            assertThat(replica.meta().dirty()).isFalse();
        }

        @Test
        @DisplayName("prefer local: it is proposed again from the server's version, both have the local value")
        void preferLocal() {
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.localWins()));
            StateVersion[] theirs = new StateVersion[1];
            CompletableFuture<WriteResult<Integer>> outcome = whileOffline(replica, () -> theirs[0] = store.set(20));
            assertAccepted(outcome, store.version());
            assertThat(replica.get()).isEqualTo(11);
            assertThat(store.get()).isEqualTo(11);
            assertThat(link.proposals.get(1).base()).isEqualTo(theirs[0]);
            assertThat(link.ids()).doesNotHaveDuplicates();
        }

        @Test
        @DisplayName("manual resolver: it gets (local, server), both have what it makes")
        void manualResolver() {
            List<Integer> asked = new ArrayList<>();
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge((local, server) -> {
                asked.add(local);
                asked.add(server);
                return local * 100 + server;
            })));
            CompletableFuture<WriteResult<Integer>> outcome = whileOffline(replica, () -> store.set(20));
            assertAccepted(outcome, store.version());
            assertThat(asked).containsExactly(11, 20);
            assertThat(replica.get()).isEqualTo(1120);
            assertThat(store.get()).isEqualTo(1120);
        }

        @Test
        @DisplayName("no conflict: a write while nobody else wrote is accepted under every policy")
        void noConflict() {
            for (ConflictPolicy<Integer> policy : policies()) {
                StateReplica<Integer> replica = started(builder().conflicts(policy));
                CompletableFuture<WriteResult<Integer>> outcome = whileOffline(replica, () -> {});
                assertAccepted(outcome, store.version());
                replica.close();
            }
        }
    }

    @Nested
    @DisplayName("For update, whatever the policy")
    class ForUpdate {
        @Test
        void theFunctionIsMadeAgainFromWhatTheSourceHas() {
            for (ConflictPolicy<Integer> policy : policies()) {
                store.set(10);
                StateReplica<Integer> replica = started(builder().conflicts(policy));
                link.hold();
                CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
                store.set(20);
                link.release();
                assertThat(replica.get()).isEqualTo(21);
                settle();
                assertAccepted(outcome, store.version());
                assertThat(store.get()).isEqualTo(21);
                replica.close();
            }
            assertThat(heard.events).contains("conflict 11 with 20");
        }

        @Test
        void theBoundEndsItWithTheConflict() {
            StateReplica<Integer> replica = started(builder().maxConflicts(2));
            CompletableFuture<WriteResult<Integer>> outcome = contested(() -> replica.update(n -> n + 1));
            assertThat(outcome.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(link.proposals).hasSize(3);
            assertThat(replica.get()).isEqualTo(store.get());
        }
    }

    @Nested
    class Bounds {
        @Test
        void aSetThatInsistsGivesUpAfterTheBound() {
            StateReplica<Integer> replica = started(builder().maxConflicts(3).conflicts(ConflictPolicy.localWins()));
            CompletableFuture<WriteResult<Integer>> outcome = contested(() -> replica.set(5));
            assertThat(outcome.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(link.proposals).hasSize(4);
            assertThat(replica.get()).isEqualTo(store.get());
            assertThat(time.pending()).isZero();
        }

        @Test
        void theBoundCountsForEachWriteAnew() {
            StateReplica<Integer> replica = started(builder().maxConflicts(1).conflicts(ConflictPolicy.localWins()));
            for (int n = 0; n < 5; n++) {
                link.hold();
                CompletableFuture<WriteResult<Integer>> outcome = replica.set(n);
                store.set(100 + n);
                link.release();
                settle();
                assertAccepted(outcome, store.version());
            }
        }

        @Test
        void zeroMeansThatNothingIsProposedAgain() {
            StateReplica<Integer> replica = started(builder().maxConflicts(0).conflicts(ConflictPolicy.localWins()));
            link.hold();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(5);
            store.set(20);
            link.release();
            assertThat(outcome.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(link.proposals).hasSize(1);
        }
    }

    /** A write before whose every proposal somebody else writes. */
    private CompletableFuture<WriteResult<Integer>> contested(Supplier<CompletableFuture<WriteResult<Integer>>> write) {
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = write.get();
        for (int n = 0; n < 30 && !outcome.isDone(); n++) {
            store.set(1000 + n);
            link.release();
            link.hold();
            time.advance(CONFLICT_DELAY);
        }
        link.release();
        return outcome;
    }

    @Nested
    class Resolvers {
        @Test
        void oneThatThrowsIsReportedAndTheSourceWins() {
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge((local, server) -> {
                throw new IllegalStateException("resolver");
            })));
            CompletableFuture<WriteResult<Integer>> outcome = whileOffline(replica, () -> store.set(20));
            assertThat(outcome.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(replica.get()).isEqualTo(20);
            assertThat(heard.phases()).containsExactly(ReplicaPhase.RESOLVE);
            assertThat(heard.errors.get(0).error()).hasMessage("resolver");
            assertThat(replica.set(30).join().isAccepted()).isTrue();
        }

        @Test
        void theMergedValueIsShownWhileItWaits() {
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge(Integer::sum)));
            link.hold();
            replica.set(11);
            store.set(20);
            link.release();
            assertThat(replica.get()).isEqualTo(31);
            assertThat(replica.meta().dirty()).isTrue();
            assertThat(store.get()).isEqualTo(20);
        }

        @Test
        void aLateConflictIsResolvedWithTheNewestThatIsKnown() {
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge(Integer::sum)));
            link.deafen();
            store.set(20);
            link.fate(Link.Fate.ANSWER_HELD);
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            store.set(30);
            replica.refresh();
            link.release();
            settle();
            assertThat(heard.events).contains("conflict 11 with 30");
            assertThat(link.proposals).hasSize(2);
            assertAccepted(outcome, store.version());
            assertThat(store.get()).isEqualTo(41);
        }

        @Test
        void aSetWhileTheMergedValueWaitsReplacesItWithoutAFurtherConflict() {
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge(Integer::sum)));
            link.hold();
            CompletableFuture<WriteResult<Integer>> first = replica.set(11);
            store.set(20);
            link.release();
            CompletableFuture<WriteResult<Integer>> second = replica.set(5);
            settle();
            assertAccepted(first, store.version());
            assertAccepted(second, store.version());
            assertThat(store.get()).isEqualTo(5);
        }
    }

    @Nested
    class Queued {
        @Test
        void setsBehindASetFollowItsVersion() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> first = replica.set(11);
            CompletableFuture<WriteResult<Integer>> second = replica.set(12);
            link.release();
            assertThat(first.join().isAccepted()).isTrue();
            assertAccepted(second, store.version());
            assertThat(heard.events).noneMatch(event -> event.startsWith("conflict"));
        }

        @Test
        void aSetBehindAnUpdateFollowsItsVersion() {
            StateReplica<Integer> replica = started();
            link.hold();
            replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> second = replica.set(12);
            link.release();
            assertAccepted(second, store.version());
            assertThat(heard.events).noneMatch(event -> event.startsWith("conflict"));
        }

        @Test
        void aSetThatKnewOfTheOwnSnapshotBeforeTheAnswerMeetsNoConflict() {
            StateReplica<Integer> replica = started();
            link.fate(Link.Fate.ANSWER_HELD);
            replica.set(11);
            assertThat(replica.meta().version()).isEqualTo(store.version());
            CompletableFuture<WriteResult<Integer>> second = replica.set(12);
            link.release();
            assertAccepted(second, store.version());
            assertThat(heard.events).noneMatch(event -> event.startsWith("conflict"));
        }

        @Test
        void aSetThatDidNotKnowOfAnotherWriteMeetsAConflictAllTheSame() {
            StateReplica<Integer> replica = started();
            link.fate(Link.Fate.ANSWER_HELD);
            replica.set(11);
            CompletableFuture<WriteResult<Integer>> second = replica.set(12);
            store.set(20);
            link.release();
            settle();
            assertThat(second.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(replica.get()).isEqualTo(20);
        }

        @Test
        void aConflictEndsOnlyWhatWasProposed() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> set = replica.set(11);
            CompletableFuture<WriteResult<Integer>> update = replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> later = replica.update(n -> n * 2);
            store.set(20);
            link.release();
            settle();
            assertThat(set.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(update.join().isAccepted()).isTrue();
            assertThat(later.join().isAccepted()).isTrue();
            assertThat(store.get()).isEqualTo(42);
        }
    }

    @Nested
    class Insisting {
        @Test
        void twoReplicasThatBothInsistEnd() {
            Random random = new Random(7);
            ReplicaBuilder<Integer> insists = builder()
                    .conflicts(ConflictPolicy.localWins())
                    .conflictBackoff(Backoff.exponential(CONFLICT_DELAY, 2, SEND_DELAY));
            StateReplica<Integer> one = started(insists);
            StateReplica<Integer> two = started(builder()
                    .conflicts(ConflictPolicy.localWins())
                    .conflictBackoff(Backoff.exponential(CONFLICT_DELAY, 2, SEND_DELAY)));
            List<CompletableFuture<WriteResult<Integer>>> outcomes = new ArrayList<>();
            for (int round = 0; round < 50; round++) {
                link.hold();
                outcomes.add(one.set(random.nextInt(1000)));
                outcomes.add(two.set(random.nextInt(1000)));
                link.release();
            }
            settle();
            assertThat(outcomes)
                    .allMatch(outcome -> outcome.isDone() && outcome.join().isAccepted());
            assertThat(one.get()).isEqualTo(store.get());
            assertThat(two.get()).isEqualTo(store.get());
            assertThat(time.pending()).isZero();
        }
    }

    @Test
    void aSourceOfANewEpochIsAConflictAndAnUpdateIsMadeFromIt() {
        RevisionedStore<Integer> restarted =
                RevisionedStore.<Integer>builder("counter").open(() -> 50);
        boolean[] moved = new boolean[1];
        StateReplica<Integer> replica =
                started(builder().source(link, proposal -> (moved[0] ? restarted : store).propose(proposal)));
        moved[0] = true;
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        settle();
        assertAccepted(outcome, restarted.version());
        assertThat(replica.get()).isEqualTo(51);
    }

    private static List<ConflictPolicy<Integer>> policies() {
        return List.of(
                ConflictPolicy.serverWins(), ConflictPolicy.localWins(), ConflictPolicy.merge((local, server) -> 999));
    }
}
