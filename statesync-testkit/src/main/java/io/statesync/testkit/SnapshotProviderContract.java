package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SnapshotProvider} must keep: extend it, give it a provider and a source, and JUnit runs it.
 *
 * <p>Every test moves the source to versions that only rise, and calls {@link #setState} from one thread at a time. For a
 * provider whose source can be made to fail, extend {@link FallibleProviderContract}.
 *
 * @param <T> the type of the state
 */
public abstract class SnapshotProviderContract<T extends @Nullable Object> {
    private static final int CONCURRENT_PULLS = 8;

    /** For subclasses. */
    protected SnapshotProviderContract() {}

    /** The provider under test; called once in each test. */
    protected abstract SnapshotProvider<T> createProvider() throws Exception;

    /** The topic that the provider is asked for. */
    protected abstract String topic();

    /** A state; another one for each number. States are compared by {@code equals}. */
    protected abstract T data(int n);

    /** Moves the source: when this returns, the topic is at {@code version} with {@code data}. */
    protected abstract void setState(StateVersion version, T data) throws Exception;

    /** Whether null is a state that the source can have. */
    protected boolean allowsNullData() {
        return false;
    }

    /** Whether snapshots carry epochs. A provider without them serves only sources that never lose their count. */
    protected boolean carriesEpochs() {
        return true;
    }

    /** How long a test waits for an answer; 30 s unless overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    final FakePullRequest request() {
        return FakePullRequest.of(topic());
    }

    final PullResult<T> pull(SnapshotProvider<T> provider, PullRequest request) throws Exception {
        PullResult<T> answer = Stages.<PullResult<T>>get("the pull", provider.getSnapshot(request), patience());
        if (answer == null) {
            return fail("the provider answered null; a null state is a SnapshotEnvelope with null data");
        }
        return answer;
    }

    final SnapshotEnvelope<T> snapshot(PullResult<T> answer) {
        if (answer instanceof SnapshotEnvelope<T> snapshot) {
            return snapshot;
        }
        return fail("the provider answered 'not modified' to a request that does not hold the source's version");
    }

    static StateVersion versionOf(SnapshotEnvelope<?> snapshot) {
        Revision epoch = snapshot.epoch();
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, snapshot.revision());
    }

    final void assertIs(SnapshotEnvelope<T> snapshot, StateVersion version, T data) {
        assertThat(versionOf(snapshot)).as("the answer's version").isEqualTo(version);
        assertThat(snapshot.data()).as("the data of version %s", version).isEqualTo(data);
    }

    /** An answer at least as new as the event that asked for it ends the cycle; an older one costs another (K1). */
    @Test
    @DisplayName("an answer is the source's newest state, with its version")
    public void answersTheNewestState() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        for (int n = 1; n <= 5; n++) {
            setState(version(n), data(n));
            assertIs(snapshot(pull(provider, request())), version(n), data(n));
        }
    }

    /** A refresh is done by a pull that began after it (contract C2), which holds only if answers keep up. */
    @Test
    @DisplayName("C2: an answer is never older than the source was when the pull began, and never torn")
    public void neverAnswersOlderThanWhenThePullBegan() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(1), data(1));
        snapshot(pull(provider, request())); // whoever remembers an answer remembers this one
        AtomicLong reached = new AtomicLong(1);
        CompletableFuture<Void> moving = inBackground(() -> {
            for (int n = 2; n <= 50; n++) {
                setState(version(n), data(n));
                reached.set(n);
            }
        });
        boolean over;
        do {
            over = moving.isDone();
            StateVersion atLeast = version(reached.get());
            SnapshotEnvelope<T> answer = snapshot(pull(provider, request()));
            assertThat(versionOf(answer)).as("the answer's version").isGreaterThanOrEqualTo(atLeast);
            int n = Math.toIntExact(answer.revision().bits());
            assertThat(answer.data()).as("the data of version %s", n).isEqualTo(data(n));
        } while (!over);
        Stages.get("moving the source", moving, patience());
    }

    /** Something that may fail. */
    private interface Work {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> inBackground(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                        done.complete(null);
                    } catch (Throwable t) { // the test that waits for it reports it
                        done.completeExceptionally(t);
                    }
                },
                "statesync-contract");
        thread.setDaemon(true);
        thread.start();
        return done;
    }

    /** Several engines may share a provider. */
    @Test
    @DisplayName("pulls at the same time are all answered")
    public void concurrentPullsAreAllAnswered() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(1), data(1));
        List<CompletionStage<? extends PullResult<T>>> answers = new ArrayList<>();
        for (int i = 0; i < CONCURRENT_PULLS; i++) {
            answers.add(provider.getSnapshot(request()));
        }
        for (CompletionStage<? extends PullResult<T>> answer : answers) {
            PullResult<T> result = Stages.<PullResult<T>>get("a pull beside others", answer, patience());
            assertIs(snapshot(result), version(1), data(1));
        }
    }

    /** Contract V1. */
    @Test
    @DisplayName("V1: who holds the source's version gets it again, or 'not modified'")
    public void theHeldVersionMayBeNotModified() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(3), data(3));
        PullResult<T> answer = pull(provider, request().holding(version(3)));
        if (!(answer instanceof NotModified<T>)) {
            assertIs(snapshot(answer), version(3), data(3));
        }
    }

    /** Contract V1. */
    @Test
    @DisplayName("V1: who holds another version than the source's gets a snapshot")
    public void anotherHeldVersionIsAnsweredWithASnapshot() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(3), data(3));
        assertIs(snapshot(pull(provider, request().holding(version(2)))), version(3), data(3));
        assertIs(snapshot(pull(provider, request().holding(version(4)))), version(3), data(3));
        setState(version(4), data(4));
        assertIs(snapshot(pull(provider, request().holding(version(3)))), version(4), data(4));
    }

    /** Contract V2. */
    @Test
    @DisplayName("V2: who holds nothing gets a snapshot, also the second time")
    public void whoHoldsNothingGetsASnapshot() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(3), data(3));
        assertIs(snapshot(pull(provider, request())), version(3), data(3));
        assertIs(snapshot(pull(provider, request())), version(3), data(3));
    }

    /** Contract X1: the same revision of another epoch is another state. */
    @Test
    @DisplayName("X1: an answer carries the source's epoch, and a held version of another epoch is another")
    public void anEpochIsPartOfTheVersion() throws Exception {
        assumeTrue(carriesEpochs(), "this provider carries no epochs");
        SnapshotProvider<T> provider = createProvider();
        setState(version(3), data(3));
        StateVersion reborn = StateVersion.of(Revision.of(7), Revision.of(3));
        setState(reborn, data(4));
        assertIs(snapshot(pull(provider, request().holding(version(3)))), reborn, data(4));
    }

    /** Contract G1. */
    @Test
    @DisplayName("G1: the highest revision is answered unharmed")
    public void theHighestRevisionIsAnsweredUnharmed() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(StateVersion.of(Revision.MAX), data(1));
        assertIs(snapshot(pull(provider, request())), StateVersion.of(Revision.MAX), data(1));
    }

    /** Contract R4: the engine cancels a pull that took too long, and pulls again later. */
    @Test
    @DisplayName("R4: a cancelled pull does not break later ones")
    public void aCancelledPullDoesNotBreakLaterOnes() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(1), data(1));
        for (int i = 0; i < CONCURRENT_PULLS; i++) {
            FakePullRequest cancelled = request();
            CompletionStage<? extends PullResult<T>> abandoned = provider.getSnapshot(cancelled);
            cancelStage(abandoned);
            cancelled.cancel();
        }
        setState(version(2), data(2));
        assertIs(snapshot(pull(provider, request())), version(2), data(2));
    }

    private static void cancelStage(CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().cancel(true);
        } catch (UnsupportedOperationException ignored) { // a stage need not be a future; the engine allows for it too
            assertThat(stage).isNotInstanceOf(CompletableFuture.class);
        }
    }

    /** A source may say that its state is null, which is not the same as having none. */
    @Test
    @DisplayName("null data is answered as a snapshot with null data")
    @SuppressWarnings("NullAway") // T may be null if allowsNullData() says so
    public void nullDataIsASnapshot() throws Exception {
        assumeTrue(allowsNullData(), "null is no state of this source");
        SnapshotProvider<T> provider = createProvider();
        setState(version(1), null);
        SnapshotEnvelope<T> answer = snapshot(pull(provider, request()));
        assertThat(versionOf(answer)).isEqualTo(version(1));
        assertThat(answer.data()).isNull();
    }
}
