package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaStatus;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.writing.Link.Fate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Sets, updates and actions, and what is seen of them. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class WritingTest extends Fixture {

    @Nested
    class Optimistic {
        @Test
        void aSetShowsAtOnceAndIsDirtyUntilItIsAccepted() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            assertThat(replica.get()).isEqualTo(11);
            assertThat(replica.meta().dirty()).isTrue();
            assertThat(replica.meta().pendingWrites()).isEqualTo(1);
            assertThat(store.get()).isEqualTo(10);
            assertThat(outcome).isNotDone();
            link.release();
            assertAccepted(outcome, store.version());
            assertThat(replica.get()).isEqualTo(11);
            assertThat(replica.meta().dirty()).isFalse();
            assertThat(replica.meta().pendingWrites()).isZero();
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.READY);
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void anUpdateShowsAtOnce() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
            assertThat(replica.get()).isEqualTo(11);
            assertThat(replica.meta().dirty()).isTrue();
            link.release();
            assertAccepted(outcome, store.version());
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void theVersionOfAnAcceptedWriteNeedsNoWait() {
            StateReplica<Integer> replica = started();
            link.deafen();
            StateVersion version = accepted(replica.set(11));
            assertThat(replica.awaitVersion(version)).isCompleted();
            assertThat(replica.meta().version()).isEqualTo(version);
            assertThat(replica.engine().localVersion()).isEqualTo(version);
            assertThat(replica.engine().status().pulls()).isEqualTo(1);
        }

        @Test
        void writesMadeDuringAProposalFollowItInTheirOrder() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> first = replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> second = replica.update(n -> n * 2);
            CompletableFuture<WriteResult<Integer>> third = replica.set(5);
            assertThat(replica.get()).isEqualTo(5);
            assertThat(replica.meta().pendingWrites()).isEqualTo(3);
            link.release();
            assertThat(link.values()).containsExactly(11, 22, 5);
            assertThat(accepted(first)).isLessThan(accepted(second));
            assertThat(accepted(second)).isLessThan(accepted(third));
            assertThat(replica.get()).isEqualTo(5);
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
            settle();
            assertThat(store.get()).isEqualTo(110);
            assertThat(outcomes).allMatch(outcome -> outcome.join().isAccepted());
            assertThat(replicas).allMatch(replica -> replica.get() == 110);
        }

        @Test
        void nullIsAValueLikeAnyOther() {
            RevisionedStore<String> names = RevisionedStore.<String>builder("name")
                    .deliverOn(StateSync.directExecutor())
                    .open(() -> null);
            StateReplica<String> replica = StateReplica.<String>builder("name")
                    .source(names)
                    .engine(engine ->
                            engine.executor(StateSync.directExecutor()).time(time))
                    .build();
            replica.start();
            assertThat(replica.hasValue()).isTrue();
            assertThat(replica.get()).isNull();
            replica.set("a");
            assertThat(names.get()).isEqualTo("a");
            replica.update(name -> null);
            assertThat(names.get()).isNull();
            assertThat(replica.get()).isNull();
        }
    }

    @Nested
    class ConfirmedMode {
        @Test
        void theValueChangesOnlyWhenTheSourceHasAccepted() {
            StateReplica<Integer> replica = started(builder().confirmed());
            link.hold();
            CompletableFuture<WriteResult<Integer>> set = replica.set(11);
            CompletableFuture<WriteResult<Integer>> update = replica.update(n -> n + 1);
            assertThat(replica.get()).isEqualTo(10);
            assertThat(replica.meta().dirty()).isTrue();
            assertThat(replica.meta().pendingWrites()).isEqualTo(2);
            link.release();
            assertThat(accepted(set)).isLessThan(accepted(update));
            assertThat(replica.get()).isEqualTo(12);
            assertThat(replica.awaitVersion(accepted(update))).isCompleted();
        }

        @Test
        void aRefusedWriteIsNeverSeen() {
            StateReplica<Integer> replica = started(builder().confirmed());
            List<Integer> seen = new ArrayList<>();
            replica.observe(seen::add);
            assertThat(replica.set(-1).join()).isInstanceOf(WriteResult.Rejected.class);
            assertThat(seen).containsExactly(10);
        }

        @Test
        void aSnapshotIsNotHeldBackByAProposal() {
            StateReplica<Integer> replica = started(builder().confirmed());
            link.hold();
            replica.update(n -> n + 1);
            store.set(20);
            assertThat(replica.get()).isEqualTo(20);
            link.release();
            settle();
            assertThat(replica.get()).isEqualTo(21);
        }

        @Test
        void aFunctionThatThrowsFailsItsWriteOnly() {
            StateReplica<Integer> replica = started(builder().confirmed());
            link.hold();
            replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> bad = replica.update(n -> {
                throw new ArithmeticException("no");
            });
            CompletableFuture<WriteResult<Integer>> good = replica.update(n -> n * 2);
            link.release();
            assertThat(bad).isCompletedExceptionally();
            assertThatThrownBy(bad::join).hasRootCauseInstanceOf(ArithmeticException.class);
            assertThat(good.join().isAccepted()).isTrue();
            assertThat(replica.get()).isEqualTo(22);
            assertThat(replica.meta().dirty()).isFalse();
        }

        @Test
        void aConflictIsResolvedOutOfSight() {
            StateReplica<Integer> replica =
                    started(builder().confirmed().conflicts(ConflictPolicy.merge(Integer::sum)));
            List<Integer> seen = new ArrayList<>();
            replica.observe(seen::add);
            link.hold();
            replica.set(11);
            store.set(20);
            link.release();
            settle();
            assertThat(seen).containsExactly(10, 20, 31);
        }
    }

    @Nested
    class BeforeTheFirstSnapshot {
        @Test
        void anUpdateWaitsForTheSourceAndIsMadeFromItsState() {
            StateReplica<Integer> replica = builder().build();
            CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
            assertThat(replica.hasValue()).isFalse();
            assertThat(replica.meta().pendingWrites()).isEqualTo(1);
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.IDLE);
            assertThat(link.proposals).isEmpty();
            replica.start();
            settle();
            assertAccepted(outcome, store.version());
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void anUpdateOnAnInitialValueShowsAndIsRebased() {
            StateReplica<Integer> replica = builder().initialValue(0).build();
            replica.update(n -> n + 1);
            assertThat(replica.get()).isEqualTo(1);
            replica.start();
            settle();
            assertThat(replica.get()).isEqualTo(11);
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void aSetShowsAtOnceAndMeetsAConflictSinceItsBaseIsUnknown() {
            StateReplica<Integer> replica = builder().build();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            assertThat(replica.get()).isEqualTo(11);
            replica.start();
            settle();
            assertThat(link.proposals.get(0).base()).isEqualTo(StateVersion.ofUnsigned(0, 0));
            assertThat(outcome.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(replica.get()).isEqualTo(10);
        }

        @Test
        void aSetThatInsistsIsAccepted() {
            StateReplica<Integer> replica =
                    builder().conflicts(ConflictPolicy.localWins()).build();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            replica.start();
            settle();
            assertAccepted(outcome, store.version());
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void anUpdateAfterASetIsPartOfIt() {
            StateReplica<Integer> replica =
                    builder().conflicts(ConflictPolicy.localWins()).build();
            replica.set(1);
            replica.update(n -> n + 1);
            assertThat(replica.get()).isEqualTo(2);
            replica.start();
            settle();
            assertThat(store.get()).isEqualTo(2);
        }
    }

    @Nested
    class Flushing {
        @Test
        void itIsDoneWhenAllWritesBeforeItHaveTheirOutcome() {
            StateReplica<Integer> replica = started();
            assertThat(replica.flush()).isCompleted();
            link.hold();
            replica.set(11);
            replica.update(n -> -1);
            CompletableFuture<Void> flushed = replica.flush();
            assertThat(flushed).isNotDone();
            link.release();
            assertThat(flushed).isCompleted();
        }

        @Test
        void itDoesNotWaitForLaterWrites() {
            StateReplica<Integer> replica = started();
            link.hold();
            replica.set(11);
            CompletableFuture<Void> flushed = replica.flush();
            link.release();
            link.hold();
            replica.set(12);
            assertThat(flushed).isCompleted();
            assertThat(replica.flush()).isNotDone();
        }
    }

    @Nested
    class FromInsideCallbacks {
        @Test
        void anObserverWrites() {
            StateReplica<Integer> replica = started();
            List<Integer> seen = new ArrayList<>();
            replica.observe(value -> {
                seen.add(value);
                if (value < 13) {
                    replica.update(n -> n + 1);
                }
            });
            assertThat(seen).containsExactly(10, 11, 12, 13);
            assertThat(store.get()).isEqualTo(13);
            assertThat(replica.meta().dirty()).isFalse();
        }

        @Test
        void theDependentOfAnOutcomeWrites() {
            StateReplica<Integer> replica = started();
            CompletableFuture<WriteResult<Integer>> second =
                    replica.set(11).thenCompose(first -> replica.update(n -> n + 1));
            assertAccepted(second, store.version());
            assertThat(store.get()).isEqualTo(12);
        }

        @Test
        void aResolverAndAnUpdateWrite() {
            List<StateReplica<Integer>> self = new ArrayList<>();
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge((local, server) -> {
                self.get(0).update(n -> n + 1000);
                return local + server;
            })));
            self.add(replica);
            link.hold();
            replica.set(11);
            store.set(20);
            link.release();
            settle();
            assertThat(store.get()).isEqualTo(1031);
            assertThat(replica.get()).isEqualTo(1031);
        }
    }

    @Nested
    class Actions {
        @Test
        void anActionIsReducedAndRebased() {
            StateReplica<Integer> replica = started(builder().reducer(String.class, (n, text) -> n + text.length()));
            link.fate(Fate.NOT_SENT);
            CompletableFuture<WriteResult<Integer>> outcome = replica.dispatch("abc");
            assertThat(replica.get()).isEqualTo(13);
            store.set(20);
            assertThat(replica.get()).isEqualTo(23);
            link.fate(Fate.PASS);
            time.advance(Duration.ofSeconds(1));
            assertAccepted(outcome, store.version());
            assertThat(store.get()).isEqualTo(23);
        }

        @Test
        void anActionOfAnotherTypeIsRefusedByName() {
            StateReplica<Integer> replica = started(builder().reducer(String.class, (n, text) -> n + text.length()));
            assertThatThrownBy(() -> replica.dispatch(5))
                    .isInstanceOf(ClassCastException.class)
                    .hasMessageContaining("java.lang.String")
                    .hasMessageContaining("java.lang.Integer");
            assertThat(replica.meta().dirty()).isFalse();
        }

        @Test
        void withoutAReducerThereAreNoActions() {
            StateReplica<Integer> replica = started();
            assertThatThrownBy(() -> replica.dispatch("abc"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("reducer");
        }

        @Test
        @DisplayName("A reducer that throws fails its write")
        void aReducerThatThrows() {
            StateReplica<Integer> replica = started(builder().reducer(String.class, (n, text) -> broken()));
            assertThatThrownBy(() -> replica.dispatch("abc").join()).hasCauseInstanceOf(ArithmeticException.class);
            assertThat(replica.get()).isEqualTo(10);
        }
    }

    private static int broken() {
        throw new ArithmeticException("broken");
    }

    private static StateVersion accepted(CompletableFuture<WriteResult<Integer>> outcome) {
        assertThat(outcome).isCompleted();
        assertThat(outcome.join()).isInstanceOf(WriteResult.Accepted.class);
        return ((WriteResult.Accepted<Integer>) outcome.join()).version();
    }
}
