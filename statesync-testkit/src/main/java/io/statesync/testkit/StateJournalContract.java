package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.source.StateJournal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link StateJournal} must keep: extend it, give it a journal, and JUnit runs it.
 *
 * @param <T> the type of the state
 */
public abstract class StateJournalContract<T extends @Nullable Object> {
    private static final int WRITERS = 4;

    /** For subclasses. */
    protected StateJournalContract() {}

    /** A journal that nothing was ever committed to; called once in each test. */
    protected abstract StateJournal<T> createJournal() throws Exception;

    /** The journal as the next process finds it. */
    protected abstract StateJournal<T> reopen(StateJournal<T> journal) throws Exception;

    /** A state; another one for each number. States are compared by {@code equals}. */
    protected abstract T data(int n);

    /** How many proposal ids the journal keeps at least; the tests commit a few more. */
    protected int window() {
        return 1024;
    }

    /** Whether null is a state that can be committed. */
    protected boolean allowsNullData() {
        return false;
    }

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private void commit(StateJournal<T> journal, @Nullable StateVersion expected, long revision, @Nullable String id)
            throws Exception {
        journal.commit(expected, SnapshotEnvelope.of(version(revision), data(Math.toIntExact(revision))), id);
    }

    private StateJournal.Entry<T> entry(StateJournal<T> journal) throws Exception {
        StateJournal.Entry<T> entry = journal.load();
        return entry != null ? entry : fail("what was committed is not there");
    }

    private void assertHolds(StateJournal<T> journal, StateVersion version, T data) throws Exception {
        SnapshotEnvelope<T> snapshot = entry(journal).snapshot();
        assertThat(SnapshotProviderContract.versionOf(snapshot)).isEqualTo(version);
        assertThat(snapshot.data()).isEqualTo(data);
    }

    /** Null means that the count may begin. */
    @Test
    @DisplayName("a journal that nothing was committed to holds null")
    public void anEmptyJournalHoldsNull() throws Exception {
        StateJournal<T> journal = createJournal();
        assertThat(journal.load()).isNull();
        assertThat(reopen(journal).load()).isNull();
    }

    /** What it is for. */
    @Test
    @DisplayName("what was committed last is there, also for the next process")
    public void theLastCommitIsThere() throws Exception {
        StateJournal<T> journal = createJournal();
        commit(journal, null, 1, null);
        assertHolds(journal, version(1), data(1));
        commit(journal, version(1), 2, "p");
        commit(journal, version(2), 3, null);
        assertHolds(journal, version(3), data(3));
        StateJournal<T> next = reopen(journal);
        assertHolds(next, version(3), data(3));
        assertThat(entry(next).accepted()).containsExactly(Map.entry("p", version(2)));
        commit(next, version(3), 4, null);
        assertHolds(next, version(4), data(4));
    }

    /** Revisions and epochs are unsigned 64-bit numbers (contract G1). */
    @Test
    @DisplayName("G1: the highest epoch and revision are kept unharmed")
    public void theHighestVersionIsKeptUnharmed() throws Exception {
        StateJournal<T> journal = createJournal();
        StateVersion middle = StateVersion.ofUnsigned(Long.MAX_VALUE, Long.MIN_VALUE);
        StateVersion highest = StateVersion.of(Revision.MAX, Revision.MAX);
        journal.commit(null, SnapshotEnvelope.of(middle, data(1)), "a");
        assertHolds(reopen(journal), middle, data(1));
        journal.commit(middle, SnapshotEnvelope.of(highest, data(2)), "b");
        assertHolds(reopen(journal), highest, data(2));
        assertThat(entry(journal).accepted()).containsEntry("a", middle).containsEntry("b", highest);
    }

    /** A commit that comes late, or from another store, must not replace another. */
    @Test
    @DisplayName("a commit that expects another version than is stored throws, and stores nothing")
    public void aCommitThatExpectsAnotherVersionThrows() throws Exception {
        StateJournal<T> journal = createJournal();
        assertThatThrownBy(() -> commit(journal, version(1), 2, "p")).isInstanceOf(Exception.class);
        assertThat(journal.load()).isNull();
        commit(journal, null, 1, null);
        commit(journal, version(1), 2, null);
        List<@Nullable StateVersion> others = new ArrayList<>();
        others.add(null);
        others.add(version(1));
        others.add(version(3));
        others.add(StateVersion.of(Revision.of(1), Revision.of(2)));
        for (StateVersion other : others) {
            assertThatThrownBy(() -> commit(journal, other, 4, "p"))
                    .as("expecting %s", other)
                    .isInstanceOf(Exception.class);
        }
        assertHolds(journal, version(2), data(2));
        assertThat(entry(journal).accepted()).isEmpty();
        commit(journal, version(2), 3, null);
        assertHolds(journal, version(3), data(3));
    }

    /** Two processes may hold one journal. */
    @Test
    @DisplayName("of commits that expect one version at once, one is stored")
    public void ofCommitsAtOnceOneIsStored() throws Exception {
        StateJournal<T> journal = createJournal();
        commit(journal, null, 1, null);
        AtomicInteger stored = new AtomicInteger();
        CountDownLatch together = new CountDownLatch(WRITERS);
        CountDownLatch over = new CountDownLatch(WRITERS);
        for (int i = 0; i < WRITERS; i++) {
            int revision = i + 2;
            StateJournal<T> own = reopen(journal);
            Thread thread = new Thread(
                    () -> {
                        try {
                            together.countDown();
                            together.await();
                            commit(own, version(1), revision, "p" + revision);
                            stored.incrementAndGet();
                        } catch (Exception e) { // all but one are meant to fail
                            assertThat(e).isNotNull();
                        } finally {
                            over.countDown();
                        }
                    },
                    "statesync-contract");
            thread.setDaemon(true);
            thread.start();
        }
        assertThat(over.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(stored).hasValue(1);
        StateJournal.Entry<T> entry = entry(journal);
        StateVersion winner = SnapshotProviderContract.versionOf(entry.snapshot());
        assertHolds(journal, winner, data(Math.toIntExact(winner.revision().bits())));
        assertThat(entry.accepted()).containsExactly(Map.entry("p" + winner.revision(), winner));
    }

    /** A retry is safe across a restart. */
    @Test
    @DisplayName("the recent proposal ids are kept with their versions, the oldest first")
    public void recentProposalIdsAreKept() throws Exception {
        StateJournal<T> journal = createJournal();
        StateVersion last = null;
        int count = window() + 3;
        for (int n = 1; n <= count; n++) {
            commit(journal, last, n, n == 5 ? null : "p" + n);
            last = version(n);
        }
        List<String> kept = new ArrayList<>(entry(reopen(journal)).accepted().keySet());
        List<String> recent = new ArrayList<>();
        for (int n = count - window() + 1; n <= count; n++) {
            if (n != 5) {
                recent.add("p" + n);
            }
        }
        assertThat(kept).endsWith(recent.toArray(new String[0]));
        entry(journal).accepted().forEach((id, version) -> assertThat(id).isEqualTo("p" + version.revision()));
    }

    /** Ids are text of the proposer's. */
    @Test
    @DisplayName("a proposal id may be any text")
    public void anIdMayBeAnyText() throws Exception {
        StateJournal<T> journal = createJournal();
        String id = "' \" \\ \n ü € 😀 " + "x".repeat(150);
        commit(journal, null, 1, id);
        assertThat(entry(reopen(journal)).accepted()).containsExactly(Map.entry(id, version(1)));
    }

    /** A source may say that its state is null, which is not the same as having none. */
    @Test
    @DisplayName("null data is not the same as nothing")
    @SuppressWarnings("NullAway") // T may be null if allowsNullData() says so
    public void nullDataIsNotNothing() throws Exception {
        assumeTrue(allowsNullData(), "null is no state of this journal");
        StateJournal<T> journal = createJournal();
        journal.commit(null, SnapshotEnvelope.of(version(1), null), null);
        assertHolds(reopen(journal), version(1), null);
    }
}
