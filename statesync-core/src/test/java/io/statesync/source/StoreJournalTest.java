package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Unknown;
import io.statesync.source.FaultyJournal.Fault;
import io.statesync.source.internal.Versions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A store and a journal that fails: no version is given out twice, no accepted write is lost, and none is written twice
 * under one id.
 */
@Timeout(120)
class StoreJournalTest {
    private final AtomicLong clock = new AtomicLong(1_000);
    private final FaultyJournal journal = new FaultyJournal();
    private final RecordingHandler handler = new RecordingHandler();
    private final Map<StateVersion, Integer> givenOut = new HashMap<>();

    private RevisionedStore<Integer> open() {
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .clock(() -> Instant.ofEpochMilli(clock.get()))
                .deliverOn(Runnable::run)
                .journal(journal, Runnable::run)
                .open(() -> 1);
        see(store);
        return store;
    }

    /** What anybody may have pulled: a version that shows another value is a version given out twice. */
    private void see(RevisionedStore<Integer> store) {
        SnapshotEnvelope<Integer> now = store.current();
        Integer before = givenOut.putIfAbsent(Versions.of(now), now.data());
        assertThat(before == null || before.equals(now.data()))
                .as("version %s is %s, and was %s", now, now.data(), before)
                .isTrue();
    }

    @AfterEach
    void everyVersionIsStoredOnce() {
        assertThat(journal.versions()).doesNotHaveDuplicates().isSorted();
    }

    private WriteResult<Integer> propose(RevisionedStore<Integer> store, StateVersion base, int value, String id)
            throws Exception {
        WriteResult<Integer> answer = store.propose(new Proposal<>(base, value, "me", id))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        see(store);
        return answer;
    }

    private static StateVersion version(long epoch, long revision) {
        return StateVersion.of(Revision.of(epoch), Revision.of(revision));
    }

    @Test
    void theCountBeginsInEpoch0AndGoesOnAfterARestart() throws Exception {
        RevisionedStore<Integer> store = open();
        assertThat(store.version()).isEqualTo(version(0, 1));
        store.set(5);
        propose(store, null, 6, "p");
        RevisionedStore<Integer> restarted = open();
        assertThat(restarted.get()).isEqualTo(6);
        assertThat(restarted.version()).isEqualTo(version(0, 3));
        assertThat(restarted.set(7)).isEqualTo(version(0, 4));
    }

    @Test
    void everyWriteIsCommittedWithTheVersionItExpectsAndItsProposalId() throws Exception {
        RevisionedStore<Integer> store = open();
        store.update(value -> value + 1);
        propose(store, null, 9, "p");
        assertThat(journal.stored)
                .containsExactly(
                        new FaultyJournal.Commit(null, SnapshotEnvelope.of(version(0, 1), 1), null),
                        new FaultyJournal.Commit(version(0, 1), SnapshotEnvelope.of(version(0, 2), 2), null),
                        new FaultyJournal.Commit(version(0, 2), SnapshotEnvelope.of(version(0, 3), 9), "p"));
    }

    @Test
    void anIdThatWasAcceptedGetsItsAnswerAfterARestart() throws Exception {
        WriteResult<Integer> answer = propose(open(), null, 6, "p");
        RevisionedStore<Integer> restarted = open();
        restarted.set(8);
        assertThat(propose(restarted, null, 6, "p")).isEqualTo(answer);
        assertThat(restarted.get()).isEqualTo(8);
    }

    @Test
    void aCommitThatThrowsBeforeItStoredIsUnknownAndAskedAgainIsWritten() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.BEFORE_STORING;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThat(store.get()).isEqualTo(1);
        assertThat(propose(store, null, 6, "p")).isEqualTo(new Accepted<>(version(0, 2)));
        assertThat(store.get()).isEqualTo(6);
    }

    @Test
    void aCommitThatThrowsAfterItStoredIsUnknownAndAskedAgainIsAcceptedWithoutASecondWrite() throws Exception {
        RevisionedStore<Integer> store = open();
        store.subscriber().subscribe(handler);
        journal.nextCommit = Fault.AFTER_STORING;
        assertThat(propose(store, version(0, 1), 6, "p")).isInstanceOf(Unknown.class);
        assertThat(propose(store, version(0, 1), 6, "p")).isEqualTo(new Accepted<>(version(0, 2)));
        assertThat(store.get()).isEqualTo(6);
        assertThat(journal.versions()).containsExactly(version(0, 1), version(0, 2));
        assertThat(handler.revisions()).containsExactly("2");
    }

    @Test
    void whoWritesAfterAnUnknownWriteWritesOnTopOfIt() {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.AFTER_STORING;
        assertThatThrownBy(() -> store.set(10)).isInstanceOf(JournalException.class);
        see(store);
        assertThat(store.update(value -> value + 1)).isEqualTo(version(0, 3));
        see(store);
        assertThat(store.get()).isEqualTo(11);
    }

    @Test
    void anUnknownWriteThatWasStoredIsFoundByARestart() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.AFTER_STORING;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        RevisionedStore<Integer> restarted = open();
        assertThat(restarted.get()).isEqualTo(6);
        assertThat(propose(restarted, null, 6, "p")).isEqualTo(new Accepted<>(version(0, 2)));
    }

    @Test
    void aCommitThatIsStoredLateAndFirstIsTakenOver() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.STORES_LATE;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThat(journal.storeLate()).isTrue();
        assertThat(propose(store, null, 7, "q")).isEqualTo(new Accepted<>(version(0, 3)));
        assertThat(propose(store, null, 6, "p")).isEqualTo(new Accepted<>(version(0, 2)));
        assertThat(store.get()).isEqualTo(7);
    }

    @Test
    void aCommitThatIsStoredLateReplacesNoOther() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.STORES_LATE;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThat(propose(store, null, 7, "q")).isEqualTo(new Accepted<>(version(0, 2)));
        assertThat(journal.storeLate()).isFalse();
        assertThat(store.get()).isEqualTo(7);
        assertThat(propose(store, null, 6, "p")).isEqualTo(new Accepted<>(version(0, 3)));
    }

    @Test
    void aCommitThatIsStoredBetweenLoadAndTheNextCommitIsNotOverwritten() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.STORES_LATE;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThatThrownBy(() -> store.update(value -> {
                    assertThat(journal.storeLate()).isTrue();
                    return 7;
                }))
                .isInstanceOf(JournalException.class);
        assertThat(propose(store, null, 6, "p")).isEqualTo(new Accepted<>(version(0, 2)));
        assertThat(store.get()).isEqualTo(6);
        assertThat(store.set(8)).isEqualTo(version(0, 3));
    }

    @Test
    void whileTheJournalCannotBeReadNothingIsWritten() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.AFTER_STORING;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        journal.loadFails = true;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThatThrownBy(() -> store.set(7)).isInstanceOf(JournalException.class);
        assertThat(store.get()).isEqualTo(1);
        assertThat(journal.versions()).containsExactly(version(0, 1), version(0, 2));
        journal.loadFails = false;
        assertThat(propose(store, null, 6, "p")).isEqualTo(new Accepted<>(version(0, 2)));
    }

    @Test
    void aJournalThatCannotBeReadOrWrittenOpensNoStore() {
        journal.loadFails = true;
        assertThatThrownBy(this::open).isInstanceOf(JournalException.class).hasMessageContaining("count");
        journal.loadFails = false;
        journal.nextCommit = Fault.BEFORE_STORING;
        assertThatThrownBy(this::open).isInstanceOf(JournalException.class);
        assertThat(open().version()).isEqualTo(version(0, 1));
    }

    @Test
    void aJournalThatLostEverythingMakesANewEpoch() throws Exception {
        RevisionedStore<Integer> store = open();
        store.set(5);
        journal.journal = new InMemoryJournal<>();
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThat(propose(store, null, 6, "p")).isEqualTo(new Accepted<>(version(1_000, 1)));
        assertThat(store.set(7)).isEqualTo(version(1_000, 2));
        assertThat(open().version()).isEqualTo(version(1_000, 2));
    }

    @Test
    void anOlderVersionThatWasRestoredMakesANewEpochAndTheStoreKeepsWhatItGaveOut() throws Exception {
        RevisionedStore<Integer> store = open();
        InMemoryJournal<Integer> backup = new InMemoryJournal<>();
        backup.commit(null, SnapshotEnvelope.of(version(0, 1), 1), null);
        assertThat(propose(store, null, 5, "p")).isEqualTo(new Accepted<>(version(0, 2)));
        journal.journal = backup;
        assertThatThrownBy(() -> store.update(value -> value + 10)).isInstanceOf(JournalException.class);
        assertThat(store.update(value -> value + 10)).isEqualTo(version(1_000, 1));
        see(store);
        assertThat(store.get()).isEqualTo(15);
        assertThat(propose(store, null, 5, "p")).isEqualTo(new Accepted<>(version(0, 2)));
    }

    @Test
    void anUncertainEntryOpensInANewEpochBeforeAnythingIsGivenOut() {
        open().set(5);
        journal.uncertain = true;
        RevisionedStore<Integer> restarted = open();
        assertThat(restarted.version()).isEqualTo(version(1_000, 1));
        assertThat(restarted.get()).isEqualTo(5);
        assertThat(journal.version()).isEqualTo(version(1_000, 1));
        assertThat(restarted.set(6)).isEqualTo(version(1_000, 2));
        assertThat(open().version()).as("uncertain again, the clock stands").isEqualTo(version(1_001, 1));
    }

    @Test
    void aNewEpochIsAboveTheLastKnownAlsoWhenTheClockIsBehind() {
        open();
        journal.uncertain = true;
        open();
        clock.set(10);
        assertThat(open().version()).isEqualTo(version(1_001, 1));
    }

    @Test
    void twoStoresOnOneJournalNeverGiveOutAVersionTwice() throws Exception {
        RevisionedStore<Integer> one = open();
        RevisionedStore<Integer> other = open();
        propose(one, null, 5, "p1");
        assertThat(propose(other, null, 6, "p2")).isInstanceOf(Unknown.class);
        assertThat(propose(other, null, 6, "p2")).isEqualTo(new Accepted<>(version(0, 3)));
        assertThat(propose(other, null, 5, "p1")).isEqualTo(new Accepted<>(version(0, 2)));
        assertThatThrownBy(() -> one.set(7)).isInstanceOf(JournalException.class);
        assertThat(propose(one, null, 6, "p2")).isEqualTo(new Accepted<>(version(0, 3)));
        assertThat(one.get()).isEqualTo(6);
        assertThat(one.set(7)).isEqualTo(version(0, 4));
    }

    @Test
    void twoStoresOnOneJournalWithManyWritersWriteEachIdOnceAndLoseNone() throws Exception {
        List<RevisionedStore<Integer>> stores = List.of(open(), open());
        List<Fault> faults = List.of(Fault.NONE, Fault.BEFORE_STORING, Fault.AFTER_STORING);
        List<StateVersion> accepted = new ArrayList<>();
        for (int n = 0; n < 400; n++) {
            RevisionedStore<Integer> store = stores.get(n * 7 % 3 % 2);
            journal.nextCommit = faults.get(n % 3);
            WriteResult<Integer> answer;
            do {
                answer = propose(store, null, n, "p" + n);
                store = n % 2 == 0 ? stores.get(n / 2 % 2) : store;
            } while (answer instanceof Unknown);
            accepted.add(((Accepted<Integer>) answer).version());
        }
        assertThat(accepted).doesNotHaveDuplicates();
        assertThat(journal.stored.stream()
                        .map(FaultyJournal.Commit::proposalId)
                        .filter(id -> id != null)
                        .toList())
                .hasSize(400)
                .doesNotHaveDuplicates();
        assertThat(journal.versions()).containsAll(accepted);
        assertThat(journal.value()).isEqualTo(399);
    }

    @Test
    void whatTheJournalBringsEvictsOlderAnswersOnly() throws Exception {
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .deliverOn(Runnable::run)
                .journal(journal, Runnable::run)
                .proposalWindow(4)
                .validator(value -> {
                    if (value < 0) {
                        throw new IllegalArgumentException("negative");
                    }
                })
                .open(() -> 1);
        for (String id : List.of("a", "b", "c", "d")) {
            propose(store, null, 5, id);
        }
        propose(store, null, -1, "r1");
        propose(store, null, -1, "r2");
        journal.nextCommit = Fault.AFTER_STORING;
        assertThat(propose(store, null, 6, "e")).isInstanceOf(Unknown.class);
        assertThat(propose(store, null, 6, "e")).isEqualTo(new Accepted<>(version(0, 6)));
        assertThat(propose(store, null, 5, "d")).isEqualTo(new Accepted<>(version(0, 5)));
        assertThat(propose(store, null, 5, "c")).isEqualTo(new Accepted<>(version(0, 4)));
    }

    @Test
    void aJournalThatIsInterruptedLeavesTheInterruptSet() {
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .journal(
                        new StateJournal<>() {
                            private boolean opened;

                            @Override
                            public Entry<Integer> load() {
                                return null;
                            }

                            @Override
                            public void commit(StateVersion expected, SnapshotEnvelope<Integer> next, String id)
                                    throws InterruptedException {
                                if (opened) {
                                    throw new InterruptedException("expected by this test");
                                }
                                opened = true;
                            }
                        },
                        Runnable::run)
                .open(() -> 1);
        assertThatThrownBy(() -> store.set(2)).isInstanceOf(JournalException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aJournalExecutorThatRefusesMeansNotSent() {
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .journal(journal, task -> {
                    throw new RejectedExecutionException("expected by this test");
                })
                .open(() -> 1);
        assertThat(store.propose(Proposal.of(null, 2)).toCompletableFuture())
                .failsWithin(30, TimeUnit.SECONDS)
                .withThrowableThat()
                .withCauseInstanceOf(NotSentException.class);
        assertThat(journal.versions()).containsExactly(version(0, 1));
    }

    @Test
    void proposalsThatWaitForTheJournalsExecutorWhenTheStoreClosesAreRejected() throws Exception {
        List<Runnable> queue = new ArrayList<>();
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .journal(journal, queue::add)
                .open(() -> 1);
        var answer = store.propose(Proposal.of(null, 2)).toCompletableFuture();
        assertThat(answer).isNotDone();
        store.close();
        queue.forEach(Runnable::run);
        assertThat(answer.get(30, TimeUnit.SECONDS)).isInstanceOf(WriteResult.Rejected.class);
        assertThat(journal.versions()).containsExactly(version(0, 1));
    }

    @Test
    void aStoreThatIsClosedInDoubtDoesNotSayThatAWriteWasRefused() throws Exception {
        RevisionedStore<Integer> store = open();
        journal.nextCommit = Fault.STORES_LATE;
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        store.close();
        assertThat(propose(store, null, 6, "p")).isInstanceOf(Unknown.class);
        assertThat(propose(store, null, 7, "q")).isInstanceOf(WriteResult.Rejected.class);
    }
}
