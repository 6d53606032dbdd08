package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaMeta;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.ReplicaStatus;
import io.statesync.replica.StateReplica;
import io.statesync.replica.WriteQueueFullException;
import io.statesync.writing.Link.Fate;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Writes while the transport is away. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class OfflineTest extends Fixture {

    @Nested
    @DisplayName("The event life cycle (Zuno's truth table)")
    class LifeCycle {
        @Test
        @DisplayName("connected: a write is accepted, and every replica hears of it")
        void connected() {
            StateReplica<Integer> replica = started();
            StateReplica<Integer> other = started(builder().listener(new Heard()));
            heard.events.clear();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            assertAccepted(outcome, store.version());
            assertThat(other.get()).isEqualTo(11);
            assertThat(heard.events).containsExactly("proposal 1", "Accepted of 1");
        }

        @Test
        @DisplayName("offline: a write shows locally and is queued")
        void offline() {
            StateReplica<Integer> replica = started();
            List<ReplicaMeta> metas = new ArrayList<>();
            replica.observeMeta(metas::add);
            link.cut();
            heard.events.clear();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            assertThat(outcome).isNotDone();
            assertThat(replica.get()).isEqualTo(11);
            assertThat(store.get()).isEqualTo(10);
            assertThat(metas.get(metas.size() - 1).dirty()).isTrue();
            assertThat(metas.get(metas.size() - 1).pendingWrites()).isEqualTo(1);
            assertThat(heard.events).isEmpty();
        }

        @Test
        @DisplayName("reconnecting: the queue is sent at once")
        void reconnecting() {
            StateReplica<Integer> replica = started();
            link.cut();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            heard.events.clear();
            link.mend();
            assertAccepted(outcome, store.version());
            assertThat(replica.meta().dirty()).isFalse();
            assertThat(heard.events).containsExactly("connected", "proposal 1", "Accepted of 1");
        }

        @Test
        @DisplayName("conflict: the resolver decides, and its value is proposed")
        void conflict() {
            StateReplica<Integer> replica = started(builder().conflicts(ConflictPolicy.merge(Integer::sum)));
            link.cut();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            store.set(20);
            heard.events.clear();
            link.mend();
            assertThat(heard.events).startsWith("connected", "proposal 1", "conflict 11 with 20");
            time.advance(CONFLICT_DELAY);
            assertThat(heard.events).endsWith("proposal 1", "Accepted of 1");
            assertAccepted(outcome, store.version());
            assertThat(replica.get()).isEqualTo(31);
            assertThat(store.get()).isEqualTo(31);
        }

        @Test
        @DisplayName("meta follows: idle, loading, ready, error while away, ready again")
        void metaFollows() {
            link.cut();
            StateReplica<Integer> replica = builder()
                    .engine(engine -> engine.executor(Runnable::run).time(time).catchUp(Backoff.fixed(SEND_DELAY)))
                    .build();
            List<ReplicaStatus> statuses = new ArrayList<>();
            replica.observeMeta(meta -> {
                if (statuses.isEmpty() || statuses.get(statuses.size() - 1) != meta.status()) {
                    statuses.add(meta.status());
                }
            });
            replica.start();
            assertThat(replica.meta().error()).isInstanceOf(IOException.class);
            link.mend();
            settle();
            assertThat(replica.meta().error()).isNull();
            assertThat(replica.meta().lastUpdated()).isNotNull();
            assertThat(replica.meta().version()).isEqualTo(store.version());
            link.cut();
            replica.refresh();
            link.mend();
            settle();
            replica.close();
            assertThat(statuses)
                    .containsExactly(
                            ReplicaStatus.IDLE,
                            ReplicaStatus.LOADING,
                            ReplicaStatus.ERROR,
                            ReplicaStatus.READY,
                            ReplicaStatus.ERROR,
                            ReplicaStatus.READY,
                            ReplicaStatus.IDLE);
        }
    }

    @Nested
    @DisplayName("Not sent")
    class NotSent {
        @Test
        void setsAreCoalescedFromTheFirstBaseAndShareTheirOutcome() {
            StateReplica<Integer> replica = started();
            StateVersion base = store.version();
            link.cut();
            List<CompletableFuture<WriteResult<Integer>>> outcomes = new ArrayList<>();
            for (int n = 11; n <= 15; n++) {
                outcomes.add(replica.set(n));
            }
            assertThat(replica.meta().pendingWrites()).isEqualTo(5);
            link.mend();
            assertThat(link.values()).containsExactly(15);
            assertThat(link.proposals.get(0).base()).isEqualTo(base);
            assertThat(outcomes).allSatisfy(outcome -> assertAccepted(outcome, store.version()));
            assertThat(heard.events).endsWith("Accepted of 5");
        }

        @Test
        void updatesGoTogetherInTheirOrder() {
            StateReplica<Integer> replica = started();
            link.cut();
            CompletableFuture<WriteResult<Integer>> first = replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> second = replica.update(n -> n * 2);
            link.mend();
            assertThat(link.values()).containsExactly(22);
            assertAccepted(first, store.version());
            assertAccepted(second, store.version());
        }

        @Test
        void updatesAfterASetGoIntoIt() {
            StateReplica<Integer> replica = started();
            link.cut();
            replica.set(5);
            replica.update(n -> n + 1);
            replica.update(n -> n * 2);
            assertThat(replica.get()).isEqualTo(12);
            link.mend();
            assertThat(link.values()).containsExactly(12);
        }

        @Test
        void updatesThenASetAreSentInTheirOrder() {
            StateReplica<Integer> replica = started();
            link.cut();
            CompletableFuture<WriteResult<Integer>> update = replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> set = replica.set(5);
            link.mend();
            assertThat(link.values()).containsExactly(11, 5);
            assertThat(update.join().isAccepted()).isTrue();
            assertAccepted(set, store.version());
        }

        @Test
        void whatWasQueuedBehindAProposalThatWasNotSentIsCoalescedWithIt() {
            StateReplica<Integer> replica = started();
            StateVersion base = store.version();
            CompletableFuture<WriteResult<Integer>> answer = new CompletableFuture<>();
            List<Proposal<Integer>> asked = new ArrayList<>();
            StateReplica<Integer> away = started(builder().source(link, proposal -> {
                asked.add(proposal);
                return asked.size() == 1 ? answer : link.proposer().propose(proposal);
            }));
            CompletableFuture<WriteResult<Integer>> first = away.set(11);
            CompletableFuture<WriteResult<Integer>> second = away.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> third = away.set(13);
            answer.completeExceptionally(new NotSentException("refused", null));
            time.advance(SEND_DELAY);
            assertThat(link.values()).containsExactly(13);
            assertThat(link.proposals.get(0).base()).isEqualTo(base);
            assertThat(asked.get(1).proposalId()).isNotEqualTo(asked.get(0).proposalId());
            assertThat(List.of(first, second, third)).allSatisfy(outcome -> assertAccepted(outcome, store.version()));
            assertThat(replica.get()).isEqualTo(13);
        }

        @Test
        void itIsSentAgainOnTheBackoffWithoutWaitingForAConnection() {
            StateReplica<Integer> replica = started();
            link.fate(Fate.NOT_SENT);
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            assertThat(heard.phases()).containsExactly(ReplicaPhase.PROPOSE);
            assertThat(heard.errors.get(0).nextDelay()).isEqualTo(SEND_DELAY);
            assertThat(heard.errors.get(0).error()).isInstanceOf(NotSentException.class);
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.ERROR);
            time.advance(SEND_DELAY.minusNanos(1));
            assertThat(link.proposals).hasSize(1);
            link.fate(Fate.PASS);
            time.advance(Duration.ofNanos(1));
            assertAccepted(outcome, store.version());
            assertThat(replica.meta().error()).isNull();
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.READY);
        }

        @Test
        void whileDisconnectedItIsTriedOnTheBackoffAllTheSame() {
            StateReplica<Integer> replica = started();
            link.cut();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            assertThat(link.proposals).isEmpty();
            time.advance(SEND_DELAY);
            time.advance(SEND_DELAY);
            assertThat(link.proposals).hasSize(2);
            link.mend();
            assertAccepted(outcome, store.version());
            assertThat(time.pending()).isZero();
        }

        @Test
        void aFullQueueRefusesBeforeTheViewChanges() {
            StateReplica<Integer> replica = started(builder().maxPending(2));
            link.cut();
            replica.set(11);
            replica.update(n -> n + 1);
            assertThat(replica.set(99))
                    .failsWithin(Duration.ZERO)
                    .withThrowableThat()
                    .withCauseInstanceOf(WriteQueueFullException.class)
                    .withMessageContaining("2 writes");
            assertThat(replica.update(n -> 99)).isCompletedExceptionally();
            assertThat(replica.get()).isEqualTo(12);
            assertThat(replica.meta().pendingWrites()).isEqualTo(2);
            link.mend();
            assertThat(replica.set(13).join().isAccepted()).isTrue();
        }
    }

    @Nested
    @DisplayName("Nothing is left")
    class NothingIsLeft {
        @Test
        void noTimerAfterEverythingSettled() {
            StateReplica<Integer> replica = started();
            replica.set(11);
            replica.update(n -> n + 1);
            assertThat(time.pending()).isZero();
        }

        @Test
        void noTimerAfterClosingWhileAnAnswerIsAwaited() {
            StateReplica<Integer> replica = started();
            link.hold();
            replica.set(11);
            assertThat(time.pending()).isPositive();
            replica.close();
            assertThat(time.pending()).isZero();
        }

        @Test
        void noTimerAfterClosingDuringAPause() {
            StateReplica<Integer> replica = started();
            link.cut();
            replica.set(11);
            replica.close();
            assertThat(time.pending()).isZero();
            link.mend();
            settle();
            assertThat(store.get()).isEqualTo(10);
        }

        @Test
        void noTimerAfterClosingInDoubt() {
            StateReplica<Integer> replica = started();
            link.fate(Fate.LOST);
            replica.set(11);
            replica.close();
            assertThat(time.pending()).isZero();
        }
    }
}
