package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.StateReplica;
import io.statesync.writing.Link.Fate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What snapshots, and failures, do to writes that wait. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class RebaseTest extends Fixture {

    @Nested
    class Rebase {
        @Test
        void aPendingUpdateIsMadeAgainOnTopOfASnapshot() {
            StateReplica<Integer> replica = started();
            link.fate(Fate.NOT_SENT);
            CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
            StateVersion theirs = store.set(20);
            assertThat(replica.get()).isEqualTo(21);
            assertThat(replica.meta().version()).isEqualTo(store.version());
            link.fate(Fate.PASS);
            settle();
            assertAccepted(outcome, store.version());
            assertThat(link.proposals.get(1).base()).isEqualTo(theirs);
            assertThat(store.get()).isEqualTo(21);
        }

        @Test
        void aPendingSetStaysOnTopUntilItsOutcome() {
            StateReplica<Integer> replica = started();
            List<Integer> seen = new ArrayList<>();
            replica.observe(seen::add);
            link.fate(Fate.NOT_SENT);
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            store.set(20);
            assertThat(replica.get()).isEqualTo(11);
            assertThat(replica.meta().version()).isEqualTo(store.version());
            link.fate(Fate.PASS);
            settle();
            assertThat(outcome.join()).isInstanceOf(WriteResult.Conflict.class);
            assertThat(replica.get()).isEqualTo(20);
            assertThat(seen).containsExactly(10, 11, 20);
        }

        @Test
        void aSetUnderWayStaysOnTopOfASnapshotToo() {
            StateReplica<Integer> replica = started();
            link.hold();
            replica.set(11);
            store.set(20);
            assertThat(replica.get()).isEqualTo(11);
            link.release();
            assertThat(replica.get()).isEqualTo(20);
        }

        @Test
        void anOwnUpdateIsNotShownTwiceWhenItsSnapshotIsFasterThanItsAnswer() {
            StateReplica<Integer> replica = started();
            List<Integer> seen = new ArrayList<>();
            replica.observe(seen::add);
            link.fate(Fate.ANSWER_HELD);
            CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
            assertThat(store.get()).isEqualTo(11);
            assertThat(replica.get()).isEqualTo(11);
            replica.update(n -> n + 1);
            assertThat(replica.get()).isEqualTo(12);
            link.release();
            assertThat(outcome.join().isAccepted()).isTrue();
            assertThat(replica.get()).isEqualTo(12);
            assertThat(seen).containsExactly(10, 11, 12);
            assertThat(time.pending()).isZero();
        }

        @Test
        void aNewerSnapshotThatCameBeforeTheAnswerIsShownWithIt() {
            StateReplica<Integer> replica = started();
            List<Integer> seen = new ArrayList<>();
            replica.observe(seen::add);
            link.fate(Fate.ANSWER_HELD);
            replica.update(n -> n + 1);
            store.update(n -> n + 100);
            assertThat(replica.get()).isEqualTo(11);
            link.release();
            assertThat(replica.get()).isEqualTo(111);
            assertThat(replica.meta().version()).isEqualTo(store.version());
            assertThat(seen).containsExactly(10, 11, 111);
        }

        @Test
        void aSnapshotIsHeldBackNoLongerThanTheTimeOut() {
            StateReplica<Integer> replica = started();
            link.fate(Fate.LOST);
            link.hold();
            replica.update(n -> n + 1);
            store.set(20);
            assertThat(replica.get()).isEqualTo(11);
            time.advance(PROPOSAL_TIMEOUT);
            assertThat(replica.get()).isEqualTo(21);
        }

        @Test
        void aSnapshotHeldBackIsLetInWhenTheWriteIsRefused() {
            StateReplica<Integer> replica = started();
            link.hold();
            replica.update(n -> -n);
            assertThat(replica.get()).isEqualTo(-10);
            store.set(20);
            assertThat(replica.get()).isEqualTo(-10);
            link.release();
            settle();
            assertThat(replica.get()).isEqualTo(20);
            assertThat(replica.meta().dirty()).isFalse();
        }
    }

    @Nested
    class Failing {
        @Test
        void aFunctionThatThrowsAtOnceChangesNothing() {
            StateReplica<Integer> replica = started();
            CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> {
                throw new ArithmeticException("no");
            });
            assertThatThrownBy(outcome::join).hasCauseInstanceOf(ArithmeticException.class);
            assertThat(replica.get()).isEqualTo(10);
            assertThat(replica.meta().dirty()).isFalse();
            assertThat(link.proposals).isEmpty();
        }

        @Test
        void aFunctionThatThrowsWhenItIsMadeAgainFailsItsWriteOnly() {
            StateReplica<Integer> replica = started();
            link.fate(Fate.NOT_SENT);
            CompletableFuture<WriteResult<Integer>> good = replica.update(n -> n + 1);
            CompletableFuture<WriteResult<Integer>> bad = replica.update(n -> n == 21 ? broken() : n * 2);
            assertThat(replica.get()).isEqualTo(22);
            store.set(20);
            assertThatThrownBy(bad::join).hasCauseInstanceOf(ArithmeticException.class);
            assertThat(replica.get()).isEqualTo(21);
            assertThat(replica.meta().pendingWrites()).isEqualTo(1);
            link.fate(Fate.PASS);
            settle();
            assertThat(good.join().isAccepted()).isTrue();
            assertThat(store.get()).isEqualTo(21);
        }

        @Test
        void aFunctionThatThrowsAfterAConflictFailsItsWrite() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> bad = replica.update(n -> n == 20 ? broken() : n * 2);
            store.set(20);
            link.release();
            assertThatThrownBy(bad::join).hasCauseInstanceOf(ArithmeticException.class);
            settle();
            assertThat(replica.get()).isEqualTo(20);
            assertThat(replica.meta().dirty()).isFalse();
            assertThat(time.pending()).isZero();
        }

        @Test
        void aRejectedWriteDisappearsFromTheViewAndThoseBehindItGoOn() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> bad = replica.set(-1);
            CompletableFuture<WriteResult<Integer>> good = replica.update(n -> n + 3);
            assertThat(replica.get()).isEqualTo(2);
            link.release();
            assertThat(bad.join()).isEqualTo(new WriteResult.Rejected<>("negative"));
            assertThat(good.join().isAccepted()).isTrue();
            assertThat(replica.get()).isEqualTo(13);
            assertThat(heard.events).contains("Rejected of 1").noneMatch(event -> event.startsWith("error"));
        }

        @Test
        void cancellingTheFutureDoesNotTakeTheWriteBack() {
            StateReplica<Integer> replica = started();
            link.hold();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
            outcome.cancel(true);
            CompletableFuture<Void> flushed = replica.flush();
            assertThat(replica.get()).isEqualTo(11);
            assertThat(flushed).isNotDone();
            link.release();
            assertThat(flushed).isCompleted();
            assertThat(store.get()).isEqualTo(11);
        }
    }

    private static int broken() {
        throw new ArithmeticException("broken");
    }
}
