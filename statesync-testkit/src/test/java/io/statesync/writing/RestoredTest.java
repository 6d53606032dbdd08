package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.StateSync;
import io.statesync.WriteResult;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.testkit.VirtualTime;
import io.statesync.writing.Link.Fate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a queue kept when the process ended, in the next one. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class RestoredTest extends Fixture {
    private final Disk disk = new Disk();

    /** A replica on the disk, which adds actions to the value. */
    private ReplicaBuilder<Integer> queued() {
        return builder().queue(disk).reducer(Integer.class, Integer::sum);
    }

    /** A replica of a process that will end: its time stands still, so it never tries anything again. */
    private StateReplica<Integer> doomed() {
        return started(queued().engine(
                        engine -> engine.executor(StateSync.directExecutor()).time(new VirtualTime())));
    }

    /** The replica of the next process. */
    private StateReplica<Integer> restarted(List<QueuedWrite<Integer>> left) {
        disk.kept = left;
        return queued().build();
    }

    @Test
    void valuesAndActionsAreRestoredInTheirOrderAndShownAtOnce() {
        List<QueuedWrite<Integer>> left = left(replica -> {
            replica.dispatch(1);
            replica.dispatch(2);
            replica.set(5);
            replica.dispatch(3);
        });
        assertThat(left).hasSize(3);
        link.hold();
        StateReplica<Integer> replica = restarted(left);
        assertThat(replica.start()).isCompleted();
        assertThat(replica.get()).isEqualTo(8);
        assertThat(replica.meta().pendingWrites()).isEqualTo(3);
        link.release();
        assertThat(link.values()).containsExactly(13, 8);
        assertThat(store.get()).isEqualTo(8);
        assertThat(replica.meta().dirty()).isFalse();
        assertThat(disk.kept).isEmpty();
    }

    @Test
    void actionsAreMadeFromWhatTheSourceHasByThen() {
        List<QueuedWrite<Integer>> left = left(replica -> replica.dispatch(1));
        store.set(100);
        StateReplica<Integer> replica = restarted(left);
        replica.start();
        settle();
        assertThat(store.get()).isEqualTo(101);
    }

    @Test
    void aValueKeepsItsBaseAndMeetsAConflict() {
        List<QueuedWrite<Integer>> left = left(replica -> replica.set(11));
        store.set(100);
        StateReplica<Integer> replica = restarted(left);
        heard.events.clear();
        replica.start();
        settle();
        assertThat(store.get()).isEqualTo(100);
        assertThat(replica.get()).isEqualTo(100);
        assertThat(heard.events).contains("conflict 11 with 100", "Conflict of 1");
    }

    @Test
    void aProposalWhoseAnswerWasLostIsAskedAgainUnderItsIdAndNotWrittenTwice() {
        link.fate(Fate.SILENT);
        StateReplica<Integer> first = doomed();
        first.dispatch(1);
        List<QueuedWrite<Integer>> left = disk.kept;
        assertThat(left.get(0).proposal()).isNotNull();
        assertThat(store.get()).isEqualTo(11);
        store.update(n -> n + 100);
        link.fate(Fate.PASS);
        StateReplica<Integer> second = restarted(left);
        heard.events.clear();
        second.start();
        settle();
        assertThat(store.get()).isEqualTo(111);
        assertThat(second.get()).isEqualTo(111);
        assertThat(link.ids())
                .hasSizeGreaterThan(1)
                .containsOnly(left.get(0).proposal().proposalId());
        assertThat(heard.events).contains("proposal 2", "Accepted of 1");
        assertThat(disk.kept).isEmpty();
    }

    @Test
    void severalActionsOfOneProposalAreInDoubtTogether() {
        StateReplica<Integer> first = doomed();
        link.cut();
        first.dispatch(1);
        first.dispatch(2);
        link.fate(Fate.SILENT);
        link.mend();
        first.dispatch(4);
        List<QueuedWrite<Integer>> left = disk.kept;
        assertThat(left).hasSize(3);
        assertThat(left.get(2).proposal()).isNull();
        assertThat(store.get()).isEqualTo(13);
        link.fate(Fate.PASS);
        StateReplica<Integer> second = restarted(left);
        second.start();
        settle();
        assertThat(store.get()).isEqualTo(17);
        assertThat(second.get()).isEqualTo(17);
    }

    @Test
    void aProposalThatNeverArrivedIsWrittenOnce() {
        link.hold();
        StateReplica<Integer> first = doomed();
        first.set(11);
        List<QueuedWrite<Integer>> left = disk.kept;
        assertThat(store.get()).isEqualTo(10);
        link.fate(Fate.PASS);
        StateReplica<Integer> second = restarted(left);
        second.start();
        settle();
        assertThat(store.get()).isEqualTo(11);
        assertThat(second.meta().dirty()).isFalse();
    }

    @Test
    void aSetBeforeTheStartFollowsTheOneInDoubt() {
        link.fate(Fate.SILENT);
        StateReplica<Integer> first = doomed();
        first.set(11);
        List<QueuedWrite<Integer>> left = disk.kept;
        link.fate(Fate.PASS);
        StateReplica<Integer> second = restarted(left);
        CompletableFuture<WriteResult<Integer>> outcome = second.set(12);
        second.start();
        settle();
        assertAccepted(outcome, store.version());
        assertThat(store.get()).isEqualTo(12);
        assertThat(heard.events).noneMatch(event -> event.startsWith("conflict"));
    }

    @Test
    void aSetBeforeTheStartGoesIntoTheValueThatWasKept() {
        List<QueuedWrite<Integer>> left = left(replica -> replica.set(11));
        StateReplica<Integer> second = restarted(left);
        CompletableFuture<WriteResult<Integer>> outcome = second.set(12);
        second.start();
        settle();
        assertAccepted(outcome, store.version());
        assertThat(link.values()).containsExactly(12);
    }

    @Test
    void flushWaitsForWhatWasRestored() {
        List<QueuedWrite<Integer>> left = left(replica -> replica.dispatch(1));
        link.hold();
        StateReplica<Integer> replica = restarted(left);
        replica.start();
        CompletableFuture<Void> flushed = replica.flush();
        assertThat(flushed).isNotDone();
        settle();
        link.release();
        settle();
        assertThat(flushed).isCompleted();
    }

    @Test
    void anActionThatCannotBeMadeAgainIsReportedAndDropped() {
        List<QueuedWrite<Integer>> left = left(replica -> replica.dispatch(1));
        disk.kept = left;
        StateReplica<Integer> replica = builder()
                .queue(disk)
                .reducer(String.class, (n, text) -> n + text.length())
                .build();
        replica.start();
        settle();
        assertThat(heard.phases()).contains(ReplicaPhase.QUEUE);
        assertThat(heard.errors).anyMatch(error -> error.error() instanceof ClassCastException);
        assertThat(replica.meta().dirty()).isFalse();
        assertThat(store.get()).isEqualTo(10);
        assertThat(disk.kept).isEmpty();
    }

    @Test
    void anActionWithoutAReducerKeepsTheReplicaFromStarting() {
        List<QueuedWrite<Integer>> left = left(replica -> replica.dispatch(1));
        disk.kept = left;
        StateReplica<Integer> replica = builder().queue(disk).build();
        assertThatThrownBy(() -> replica.start().join())
                .hasStackTraceContaining("no reducer")
                .hasStackTraceContaining("cannot be read");
        assertThat(disk.kept).isEqualTo(left);
    }

    /** What a replica that is offline leaves behind. */
    private List<QueuedWrite<Integer>> left(Consumer<StateReplica<Integer>> writes) {
        StateReplica<Integer> replica = started(queued());
        link.cut();
        writes.accept(replica);
        List<QueuedWrite<Integer>> left = disk.kept;
        replica.close();
        link.mend();
        settle();
        return left;
    }
}
