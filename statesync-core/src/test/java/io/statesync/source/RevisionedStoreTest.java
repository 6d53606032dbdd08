package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.FakeRequest;
import io.statesync.NotModified;
import io.statesync.Proposal;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writes, versions and answers of the store in memory; subscribers and journals have tests of their own. */
@Timeout(120)
class RevisionedStoreTest {
    private final RevisionedStore<Integer> store = RevisionedStore.of("count", 0);

    private static <T> WriteResult<T> propose(RevisionedStore<T> to, Proposal<T> proposal) {
        CompletableFuture<WriteResult<T>> answer = to.propose(proposal).toCompletableFuture();
        assertThat(answer).isDone();
        return answer.join();
    }

    private StateVersion next() {
        StateVersion now = store.version();
        return StateVersion.of(now.epoch(), now.revision().next());
    }

    @Test
    void aStoreWithAValueStartsAtRevision1() {
        assertThat(store.get()).isZero();
        assertThat(store.version().revision()).isEqualTo(Revision.of(1));
        assertThat(store.topic()).isEqualTo("count");
    }

    @Test
    void eachWriteIsOneRevision() {
        for (int n = 2; n <= 5; n++) {
            StateVersion expected = next();
            assertThat(n % 2 == 0 ? store.set(n) : store.update(value -> value + 1))
                    .isEqualTo(expected);
            assertThat(store.version()).isEqualTo(expected);
            assertThat(store.get()).isEqualTo(n);
        }
    }

    @Test
    void settingTheSameValueIsARevisionToo() {
        StateVersion expected = next();
        assertThat(store.set(0)).isEqualTo(expected);
    }

    @Test
    void nullIsAValue() {
        RevisionedStore<String> nullable = RevisionedStore.of("t", null);
        assertThat(nullable.get()).isNull();
        nullable.set("a");
        nullable.update(value -> null);
        assertThat(nullable.current().data()).isNull();
    }

    @Test
    @DisplayName("X1: each store of a topic in this JVM has a later epoch, also within a millisecond")
    void laterStoresAreNewer() {
        StateVersion before = RevisionedStore.of("again", 0).version();
        for (int i = 0; i < 100; i++) {
            StateVersion now = RevisionedStore.of("again", 0).version();
            assertThat(now.epoch().isAbove(before.epoch())).isTrue();
            before = now;
        }
    }

    @Test
    void theEpochCanBeGiven() {
        RevisionedStore<Integer> first =
                RevisionedStore.<Integer>builder("t").epoch(Revision.of(7)).open(() -> 1);
        assertThat(first.version()).isEqualTo(StateVersion.of(Revision.of(7), Revision.of(1)));
    }

    @Test
    void anUpdateThatThrowsWritesNothing() {
        StateVersion before = store.version();
        IllegalStateException failure = new IllegalStateException("expected by this test");
        assertThatThrownBy(() -> store.update(value -> {
                    throw failure;
                }))
                .isSameAs(failure);
        assertThat(store.version()).isEqualTo(before);
        assertThat(store.set(3).revision()).isEqualTo(Revision.of(2));
    }

    @Test
    void writingFromInsideAnUpdateIsRefused() {
        List<Runnable> writes = List.of(
                () -> store.set(1),
                () -> store.update(value -> 1),
                store::close,
                () -> store.propose(Proposal.of(null, 1)));
        for (Runnable write : writes) {
            assertThatThrownBy(() -> store.update(value -> {
                        write.run();
                        return 9;
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("inside its own update")
                    .hasMessageContaining("count");
        }
        assertThat(store.get()).isZero();
        assertThat(store.update(value -> store.get() + 5).revision()).isEqualTo(Revision.of(2));
    }

    @Test
    void noUpdateOfManyWritersIsLost() throws Exception {
        List<CompletableFuture<List<StateVersion>>> writers = new ArrayList<>();
        CountDownLatch together = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            writers.add(Background.run(() -> {
                together.countDown();
                together.await();
                List<StateVersion> versions = new ArrayList<>();
                for (int n = 0; n < 2_000; n++) {
                    versions.add(store.update(value -> value + 1));
                }
                return versions;
            }));
        }
        TreeSet<StateVersion> versions = new TreeSet<>();
        for (CompletableFuture<List<StateVersion>> writer : writers) {
            List<StateVersion> own = writer.get(30, TimeUnit.SECONDS);
            assertThat(own).isSorted();
            versions.addAll(own);
        }
        assertThat(store.get()).isEqualTo(8_000);
        assertThat(versions).hasSize(8_000);
        assertThat(store.version().revision()).isEqualTo(Revision.of(8_001));
    }

    @Test
    void aProposalOnTheCurrentVersionIsAccepted() {
        StateVersion expected = next();
        assertThat(propose(store, Proposal.of(store.version(), 5))).isEqualTo(new Accepted<>(expected));
        assertThat(store.get()).isEqualTo(5);
    }

    @Test
    void aProposalWithoutABaseIsAcceptedWhateverTheVersion() {
        store.set(1);
        assertThat(propose(store, Proposal.of(null, 5)).isAccepted()).isTrue();
    }

    @Test
    void aProposalOnAnotherVersionIsAConflictWithTheCurrentSnapshot() {
        StateVersion old = store.version();
        store.set(1);
        SnapshotEnvelope<Integer> current = store.current();
        for (StateVersion base : List.of(
                old,
                StateVersion.of(old.epoch(), Revision.ZERO),
                StateVersion.of(old.epoch(), Revision.of(3)),
                StateVersion.of(Revision.of(2)),
                StateVersion.of(old.epoch().next(), Revision.of(2)))) {
            assertThat(propose(store, Proposal.of(base, 5))).isEqualTo(new Conflict<>(current));
        }
        assertThat(store.current()).isSameAs(current);
    }

    @Test
    void aValueThatTheValidatorRefusesIsRejectedWithItsReason() {
        RevisionedStore<Integer> positive = positive();
        StateVersion before = positive.version();
        assertThat(propose(positive, Proposal.of(before, -1))).isEqualTo(new Rejected<>("-1 is negative"));
        assertThatThrownBy(() -> positive.set(-2))
                .isInstanceOf(WriteRejectedException.class)
                .hasMessage("-2 is negative");
        assertThatThrownBy(() -> positive.update(value -> -3))
                .isInstanceOf(WriteRejectedException.class)
                .hasMessage("-3 is negative");
        assertThat(positive.version()).isEqualTo(before);
    }

    @Test
    void whatIsBothStaleAndInvalidIsAConflict() {
        RevisionedStore<Integer> positive = positive();
        StateVersion old = positive.version();
        positive.set(2);
        assertThat(propose(positive, Proposal.of(old, -1))).isEqualTo(new Conflict<>(positive.current()));
    }

    private static RevisionedStore<Integer> positive() {
        return RevisionedStore.<Integer>builder("t")
                .validator(value -> {
                    if (value < 0) {
                        throw new IllegalArgumentException(value + " is negative");
                    }
                })
                .open(() -> 1);
    }

    @Test
    void theSameProposalIdGetsTheSameAnswerAgainAndNoSecondWrite() {
        StateVersion base = store.version();
        WriteResult<Integer> first = propose(store, new Proposal<>(base, 5, "me", "p1"));
        store.set(9);
        assertThat(propose(store, new Proposal<>(base, 5, "me", "p1"))).isEqualTo(first);
        assertThat(propose(store, new Proposal<>(null, 77, "me", "p1"))).isEqualTo(first);
        assertThat(store.get()).isEqualTo(9);
        RevisionedStore<Integer> positive = positive();
        WriteResult<Integer> rejected = propose(positive, new Proposal<>(null, -1, null, "p2"));
        assertThat(propose(positive, new Proposal<>(null, 1, null, "p2"))).isEqualTo(rejected);
    }

    @Test
    void anIdWhoseAnswerWasAConflictWroteNothingAndMayBeProposedAgainOnTheNewBase() {
        StateVersion old = store.version();
        store.set(1);
        assertThat(propose(store, new Proposal<>(old, 5, null, "p"))).isInstanceOf(Conflict.class);
        assertThat(propose(store, new Proposal<>(old, 5, null, "p"))).isInstanceOf(Conflict.class);
        assertThat(propose(store, new Proposal<>(store.version(), 6, null, "p")).isAccepted())
                .isTrue();
        assertThat(propose(store, new Proposal<>(old, 5, null, "p")).isAccepted())
                .isTrue();
        assertThat(store.get()).isEqualTo(6);
    }

    @Test
    void asManyIdsAreRememberedAsTheWindowSays() {
        RevisionedStore<Integer> small =
                RevisionedStore.<Integer>builder("t").proposalWindow(2).open(() -> 0);
        for (String id : List.of("a", "b", "c")) {
            propose(small, new Proposal<>(null, 1, null, id));
        }
        StateVersion before = small.version();
        propose(small, new Proposal<>(null, 2, null, "b"));
        propose(small, new Proposal<>(null, 2, null, "c"));
        assertThat(small.version()).isEqualTo(before);
        propose(small, new Proposal<>(null, 2, null, "a"));
        assertThat(small.version()).isNotEqualTo(before);
    }

    @Test
    void withAWindowOfZeroNoIdIsRemembered() {
        RevisionedStore<Integer> none =
                RevisionedStore.<Integer>builder("t").proposalWindow(0).open(() -> 0);
        propose(none, new Proposal<>(null, 1, null, "a"));
        propose(none, new Proposal<>(null, 1, null, "a"));
        assertThat(none.version().revision()).isEqualTo(Revision.of(3));
    }

    @Test
    void theSameIdFromManyThreadsAtOnceIsOneWrite() throws Exception {
        for (int round = 0; round < 50; round++) {
            Proposal<Integer> proposal = new Proposal<>(null, round, null, "p" + round);
            CountDownLatch together = new CountDownLatch(3);
            List<CompletableFuture<WriteResult<Integer>>> answers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                answers.add(Background.run(() -> {
                    together.countDown();
                    together.await();
                    return propose(store, proposal);
                }));
            }
            StateVersion expected = StateVersion.of(store.version().epoch(), Revision.of(round + 2L));
            for (CompletableFuture<WriteResult<Integer>> answer : answers) {
                assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(new Accepted<>(expected));
            }
        }
        assertThat(store.version().revision()).isEqualTo(Revision.of(51));
    }

    @Test
    @DisplayName("X1: after the highest revision a new epoch begins")
    void revisionsThatRunOutBeginANewEpoch() {
        InMemoryJournal<Integer> journal = new InMemoryJournal<>();
        journal.commit(null, SnapshotEnvelope.of(StateVersion.of(Revision.of(3), Revision.MAX), 1), null);
        RevisionedStore<Integer> old = RevisionedStore.<Integer>builder("t")
                .clock(InstantSource.fixed(Instant.ofEpochMilli(500)))
                .journal(journal, Runnable::run)
                .open(() -> 0);
        assertThat(old.set(2)).isEqualTo(StateVersion.of(Revision.of(500), Revision.of(1)));
    }

    @Test
    @DisplayName("V1: a pull by who holds the current version is answered with 'not modified'")
    void pullsAreConditional() throws Exception {
        assertThat(pulled(null)).isEqualTo(store.current());
        assertThat(pulled(store.version())).isInstanceOf(NotModified.class);
        StateVersion old = store.version();
        store.set(4);
        assertThat(pulled(old)).isEqualTo(store.current());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.provider().getSnapshot(new FakeRequest("other", null)))
                .withMessageContaining("other");
    }

    private PullResult<Integer> pulled(StateVersion held) throws Exception {
        return store.provider()
                .getSnapshot(new FakeRequest("count", held))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    @Test
    void aClosedStoreRefusesAllButReading() {
        store.set(3);
        propose(store, new Proposal<>(null, 4, null, "p"));
        store.close();
        store.close();
        assertThat(store.isClosed()).isTrue();
        assertThat(store.get()).isEqualTo(4);
        assertThatThrownBy(() -> store.set(1)).hasMessageContaining("closed");
        assertThatThrownBy(() -> store.update(value -> 1)).hasMessageContaining("closed");
        assertThatThrownBy(() -> store.provider().getSnapshot(new FakeRequest("count", null)))
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> store.subscriber().subscribe(new RecordingHandler()))
                .hasMessageContaining("closed");
        assertThat(propose(store, Proposal.of(null, 1))).isInstanceOf(Rejected.class);
        assertThat(propose(store, new Proposal<>(null, 1, null, "p")).isAccepted())
                .as("what was accepted stays so")
                .isTrue();
    }

    @Test
    void badOptionsAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RevisionedStore.builder(" "))
                .withMessageContaining("topic");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RevisionedStore.builder("t").proposalWindow(-1))
                .withMessageContaining("proposalWindow")
                .withMessageContaining("-1");
    }

    @Test
    void toStringNamesNoValue() {
        RevisionedStore<String> secret = RevisionedStore.of("t", "secret");
        assertThat(secret.toString()).contains("topic=t").doesNotContain("secret");
    }
}
