package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.statesync.NotModified;
import io.statesync.Proposal;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.source.Authority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Authority} must keep: extend it, give it an authority, and JUnit runs it.
 *
 * <p>For what it subscribes and provides there are {@link InvalidationSubscriberContract} and
 * {@link SnapshotProviderContract}.
 *
 * @param <T> the type of the state
 */
public abstract class AuthorityContract<T extends @Nullable Object> {
    private static final int WRITERS = 4;
    private static final int WRITES_EACH = 10;

    /** For subclasses. */
    protected AuthorityContract() {}

    /** The authority under test, whose state is {@code data(0)}; called once in each test. */
    protected abstract Authority<T> createAuthority() throws Exception;

    /** A valid state; another one for each number from 0 to 100. States are compared by {@code equals}. */
    protected abstract T data(int n);

    /** How long a test waits for an answer; 30 s unless overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    private SnapshotEnvelope<T> snapshot(Authority<T> authority) throws Exception {
        return Stages.<SnapshotEnvelope<T>>get("the snapshot", authority.snapshot(), patience());
    }

    private StateVersion version(Authority<T> authority) throws Exception {
        return SnapshotProviderContract.versionOf(snapshot(authority));
    }

    private WriteResult<T> propose(Authority<T> authority, @Nullable StateVersion base, T value, @Nullable String id)
            throws Exception {
        return Stages.<WriteResult<T>>get(
                "the proposal", authority.propose(new Proposal<>(base, value, "contract", id)), patience());
    }

    private StateVersion accepted(WriteResult<T> answer) {
        if (answer instanceof Accepted<T> accepted) {
            return accepted.version();
        }
        return fail("expected the proposal to be accepted, and the answer is " + answer);
    }

    private void assertIs(SnapshotEnvelope<T> snapshot, StateVersion version, T data) {
        assertThat(SnapshotProviderContract.versionOf(snapshot)).isEqualTo(version);
        assertThat(snapshot.data()).isEqualTo(data);
    }

    /** The first clause of a write. */
    @Test
    @DisplayName("a proposal on the current version is accepted at a newer one, and whoever asks then sees it")
    public void aProposalOnTheCurrentVersionIsAccepted() throws Exception {
        Authority<T> authority = createAuthority();
        assertThat(snapshot(authority).data()).isEqualTo(data(0));
        StateVersion last = version(authority);
        for (int n = 1; n <= 5; n++) {
            StateVersion next = accepted(propose(authority, last, data(n), "id" + n));
            assertThat(next).isGreaterThan(last);
            assertIs(snapshot(authority), next, data(n));
            last = next;
        }
    }

    /** A base of null says: whatever you are at. */
    @Test
    @DisplayName("a proposal without a base is accepted")
    public void aProposalWithoutABaseIsAccepted() throws Exception {
        Authority<T> authority = createAuthority();
        accepted(propose(authority, null, data(1), null));
        StateVersion second = accepted(propose(authority, null, data(2), null));
        assertIs(snapshot(authority), second, data(2));
    }

    /** No lost update. */
    @Test
    @DisplayName("a base that is not the current version is a conflict with the current snapshot, and writes nothing")
    public void anotherBaseIsAConflict() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion old = version(authority);
        StateVersion current = accepted(propose(authority, old, data(1), null));
        List<StateVersion> others = List.of(
                old,
                StateVersion.of(current.epoch(), Revision.ZERO),
                StateVersion.of(current.epoch(), current.revision().next()));
        for (StateVersion base : others) {
            assertConflict(authority, base, current);
        }
    }

    /** Contract X1: the same revision of another epoch is another state. */
    @Test
    @DisplayName("X1: a base of another epoch is a conflict")
    public void aBaseOfAnotherEpochIsAConflict() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion current = version(authority);
        assertConflict(authority, StateVersion.of(current.epoch().next(), current.revision()), current);
    }

    private void assertConflict(Authority<T> authority, StateVersion base, StateVersion current) throws Exception {
        T data = snapshot(authority).data();
        WriteResult<T> answer = propose(authority, base, data(9), null);
        if (answer instanceof Conflict<T> conflict) {
            assertIs(conflict.current(), current, data);
        } else {
            fail("base %s at %s: expected a conflict, and the answer is %s", base, current, answer);
        }
        assertIs(snapshot(authority), current, data);
    }

    /** A retry is safe. */
    @Test
    @DisplayName("the same proposal id gets the same answer again, and no second write")
    public void theSameIdIsNotWrittenAgain() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion base = version(authority);
        StateVersion first = accepted(propose(authority, base, data(1), "again"));
        assertThat(accepted(propose(authority, base, data(1), "again"))).isEqualTo(first);
        StateVersion second = accepted(propose(authority, first, data(2), "other"));
        assertThat(accepted(propose(authority, base, data(1), "again"))).isEqualTo(first);
        assertIs(snapshot(authority), second, data(2));
    }

    /** A retry may overtake. */
    @Test
    @DisplayName("the same proposal id from several threads at once is one write")
    public void theSameIdAtOnceIsOneWrite() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion base = version(authority);
        List<WriteResult<T>> answers = atOnce(i -> propose(authority, base, data(1), "same"));
        StateVersion now = version(authority);
        assertThat(answers).allSatisfy(answer -> assertThat(accepted(answer)).isEqualTo(now));
    }

    /** No lost update. */
    @Test
    @DisplayName("of proposals on one base at once, one is accepted and the others are conflicts with it")
    public void ofProposalsOnOneBaseOneIsAccepted() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion base = version(authority);
        List<WriteResult<T>> answers = atOnce(i -> propose(authority, base, data(i + 1), "id" + i));
        assertThat(answers.stream().filter(WriteResult::isAccepted)).hasSize(1);
        assertThat(answers.stream().filter(Conflict.class::isInstance)).hasSize(WRITERS - 1);
    }

    /** No lost update. */
    @Test
    @DisplayName("writers that propose again after a conflict lose no write of each other")
    public void noUpdateIsLost() throws Exception {
        Authority<T> authority = createAuthority();
        List<T> states = new ArrayList<>();
        for (int n = 0; n <= WRITERS * WRITES_EACH; n++) {
            states.add(data(n));
        }
        List<List<StateVersion>> versions = atOnce(i -> {
            List<StateVersion> own = new ArrayList<>();
            while (own.size() < WRITES_EACH) {
                SnapshotEnvelope<T> now = snapshot(authority);
                T next = states.get(states.indexOf(now.data()) + 1);
                WriteResult<T> answer = propose(authority, SnapshotProviderContract.versionOf(now), next, null);
                if (answer.isAccepted()) {
                    own.add(accepted(answer));
                }
            }
            return own;
        });
        assertThat(snapshot(authority).data()).isEqualTo(data(WRITERS * WRITES_EACH));
        assertThat(versions.stream().flatMap(List::stream)).doesNotHaveDuplicates();
    }

    /** What one of several threads does. */
    private interface Work<V> {
        V run(int index) throws Exception;
    }

    private <V> List<V> atOnce(Work<V> work) throws Exception {
        CountDownLatch together = new CountDownLatch(WRITERS);
        List<CompletableFuture<V>> outcomes = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            int index = i;
            CompletableFuture<V> outcome = new CompletableFuture<>();
            outcomes.add(outcome);
            Thread thread = new Thread(
                    () -> {
                        try {
                            together.countDown();
                            together.await();
                            outcome.complete(work.run(index));
                        } catch (Throwable t) { // the test that waits for it reports it
                            outcome.completeExceptionally(t);
                        }
                    },
                    "statesync-contract");
            thread.setDaemon(true);
            thread.start();
        }
        List<V> values = new ArrayList<>();
        for (CompletableFuture<V> outcome : outcomes) {
            values.add(Stages.<V>get("a writer", outcome, patience().multipliedBy(WRITES_EACH)));
        }
        return values;
    }

    /** A pull that an event caused must not find less than the event said (contract K1). */
    @Test
    @DisplayName("K1: who subscribed hears of a write, and a pull then sees its version")
    public void anEventComesAfterAPullWouldSeeIt() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion before = version(authority);
        List<CompletableFuture<PullResult<T>>> pulls = new ArrayList<>();
        CompletableFuture<Void> pulled = new CompletableFuture<>();
        RecordingHandler handler = new RecordingHandler(call -> {
            if (call.version() == null || !call.version().isNewerThan(before)) {
                return; // it may also say where it was
            }
            try {
                synchronized (pulls) {
                    pulls.add(Stages.<PullResult<T>>future(
                            authority.provider().getSnapshot(FakePullRequest.of(authority.topic()))));
                }
                pulled.complete(null);
            } catch (Throwable t) { // the test that waits for it reports it
                pulled.completeExceptionally(t);
            }
        });
        Subscription subscription =
                Stages.<Subscription>get("subscribing", authority.subscriber().subscribe(handler), patience());
        StateVersion written = accepted(propose(authority, null, data(1), null));
        assertThat(handler.awaitCalls(
                        calls -> calls.stream().anyMatch(call -> call.tellsOf(authority.topic(), written)), patience()))
                .as("the event of version %s reached the handler", written)
                .isTrue();
        Stages.<Void>get("asking for the pull that the event causes", pulled, patience());
        List<CompletableFuture<PullResult<T>>> asked;
        synchronized (pulls) {
            asked = List.copyOf(pulls);
        }
        for (CompletableFuture<PullResult<T>> pull : asked) {
            PullResult<T> answer = Stages.<PullResult<T>>get("a pull", pull, patience());
            assertThat(answer).isInstanceOf(SnapshotEnvelope.class);
            assertIs((SnapshotEnvelope<T>) answer, written, data(1));
        }
        subscription.close();
    }

    /** Contract V1. */
    @Test
    @DisplayName("V1: a pull sees what the snapshot says; who holds it gets it again, or 'not modified'")
    public void pullsSeeTheSnapshot() throws Exception {
        Authority<T> authority = createAuthority();
        StateVersion current = accepted(propose(authority, null, data(1), null));
        FakePullRequest request = FakePullRequest.of(authority.topic());
        PullResult<T> answer =
                Stages.<PullResult<T>>get("a pull", authority.provider().getSnapshot(request), patience());
        assertThat(answer).isEqualTo(snapshot(authority));
        PullResult<T> again = Stages.<PullResult<T>>get(
                "a pull", authority.provider().getSnapshot(request.holding(current)), patience());
        if (!(again instanceof NotModified<T>)) {
            assertThat(again).isEqualTo(answer);
        }
    }
}
