package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.LifecycleState;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.testkit.RecordingHandler.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The scripted fakes do what their scripts say, on a real engine. */
class FakesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final VirtualTime time = new VirtualTime();
    private final ScriptedSubscriber subscriber = new ScriptedSubscriber();
    private final ScriptedProvider<String> provider = new ScriptedProvider<>();
    private final RecordingApplier<String> applier = new RecordingApplier<>();
    private final RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("t")
            .subscriber(subscriber)
            .provider(provider)
            .applier(applier)
            .executor(StateSync.directExecutor())
            .time(time)
            .build());

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private void startAt(long revision) {
        var unused = sync.start();
        provider.next().answer(SnapshotEnvelope.of(version(revision), "state " + revision));
    }

    @Test
    void anEngineRunsOnTheFakesAlone() {
        startAt(1);
        subscriber.event("t", version(2));
        ScriptedProvider.Pull<String> pull = provider.next();
        assertThat(pull.request().heldVersion()).isEqualTo(version(1));
        assertThat(pull.request().wantedVersion()).isEqualTo(version(2));
        pull.answer(SnapshotEnvelope.of(version(2), "state 2"));

        assertThat(applier.applied()).extracting(SnapshotEnvelope::data).containsExactly("state 1", "state 2");
        assertThat(applier.last().data()).isEqualTo("state 2");
        assertThat(sync.localVersion()).isEqualTo(version(2));
        sync.stop();
        assertThat(subscriber.openSubscriptions()).isZero();
        assertThat(subscriber.closes()).isEqualTo(1);
        assertThat(time.pending()).isZero();
    }

    @Test
    void aTextEventAndAReconnectReachTheEngine() {
        startAt(1);
        subscriber.event("t", "2");
        provider.next().notModified();
        assertThat(sync.status().behind()).isTrue();
        subscriber.disconnected();
        assertThat(sync.status().connected()).isFalse();
        subscriber.reconnected();
        assertThat(sync.status().connected()).isTrue();
        assertThat(provider.requests()).hasSize(3);
    }

    @Test
    void aFailedSubscribeFailsTheStart() {
        subscriber.failNext(new IOException("refused"));
        assertThat(sync.start()).isCompletedExceptionally();
        assertThat(sync.status().state()).isEqualTo(LifecycleState.IDLE);
        startAt(1);
        assertThat(sync.status().state()).isEqualTo(LifecycleState.RUNNING);
        assertThat(subscriber.subscribes()).isEqualTo(2);
    }

    @Test
    void aHangingSubscribeIsCompletedByHand() {
        subscriber.hangNext();
        var started = sync.start();
        assertThat(provider.pending()).isZero();
        subscriber.completeHanging();
        provider.next().answer(SnapshotEnvelope.of(version(1), "state 1"));
        assertThat(started).isCompleted();
        assertThatExceptionOfType(AssertionError.class).isThrownBy(subscriber::completeHanging);
    }

    /** A subscription that arrives after stop is closed (L3). */
    @Test
    void aSubscriptionThatHungIsClosedIfNobodyWantsItAnyMore() {
        subscriber.hangNext();
        var unused = sync.start();
        sync.stop();
        subscriber.completeHanging();
        assertThat(subscriber.openSubscriptions()).isZero();
        assertThat(subscriber.closes()).isEqualTo(1);
    }

    @Test
    void aHangingSubscribeFailsByHand() {
        subscriber.hangNext();
        var started = sync.start();
        subscriber.failHanging(new IOException("refused"));
        assertThat(started).isCompletedExceptionally();
    }

    @Test
    void aPullFailsByHandOrThrows() {
        var started = sync.start();
        provider.next().fail(new IOException("gone"));
        assertThat(started).isCompletedExceptionally();
        provider.throwNext(new IOException("gone"));
        assertThat(sync.refresh()).isCompletedExceptionally();
        assertThat(provider.pending()).isZero();
        assertThat(provider.requests()).hasSize(2);
        assertThatExceptionOfType(AssertionError.class).isThrownBy(provider::next);
    }

    @Test
    void anApplyThatFailsRecordsNothing() {
        startAt(1);
        applier.failNext(new IOException("disk full"));
        var refreshed = sync.refresh();
        provider.next().answer(SnapshotEnvelope.of(version(2), "state 2"));
        assertThat(refreshed).isCompletedExceptionally();
        assertThat(applier.last().data()).isEqualTo("state 1");
    }

    @Test
    void overlappingAppliesAreNoticed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        RecordingApplier<String> shared = new RecordingApplier<>();
        CompletableFuture<Void> first = new CompletableFuture<>();
        Thread holder = new Thread(() -> {
            synchronized (shared) { // its record() waits for this
                begun.countDown();
                awaitQuietly(go);
            }
        });
        holder.start();
        begun.await();
        Thread applying = new Thread(() -> {
            try {
                shared.apply(SnapshotEnvelope.of(version(1), "one"));
                first.complete(null);
            } catch (Exception e) {
                first.completeExceptionally(e);
            }
        });
        applying.start();
        while (applying.getState() != Thread.State.BLOCKED) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(() -> shared.apply(SnapshotEnvelope.of(version(2), "two")))
                .isInstanceOf(AssertionError.class);
        go.countDown();
        first.join();
        assertThat(shared.overlapped()).isTrue();
        assertThat(shared.applied()).hasSize(1);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void waitingWorksAcrossThreads() throws Exception {
        RevisionSync<String> threaded = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("t")
                .subscriber(subscriber)
                .provider(provider)
                .applier(applier)
                .build());
        try (threaded) {
            var started = threaded.start();
            provider.awaitPull(PATIENCE).answer(SnapshotEnvelope.of(version(7), "state 7"));
            applier.awaitVersion(version(7), PATIENCE);
            started.get(30, java.util.concurrent.TimeUnit.SECONDS);
            assertThat(threaded.localRevision()).isEqualTo(Revision.of(7));
        }
    }

    @Test
    void waitingGivesUpWithWhatThereWas() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> provider.awaitPull(Duration.ofMillis(1)))
                .withMessageContaining("no pull came");
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> applier.awaitVersion(version(1), Duration.ofMillis(1)))
                .withMessageContaining("was not applied");
        assertThatExceptionOfType(AssertionError.class).isThrownBy(applier::last);
    }

    @Test
    void aRequestIsCancelledOnce() {
        FakePullRequest request = FakePullRequest.of("t").holding(version(1)).wanting(version(2));
        assertThat(request.topic()).isEqualTo("t");
        assertThat(request.heldVersion()).isEqualTo(version(1));
        assertThat(request.wantedVersion()).isEqualTo(version(2));
        List<String> said = new ArrayList<>();
        request.onCancel(() -> said.add("before"));
        assertThat(request.isCancelled()).isFalse();
        request.cancel();
        request.cancel();
        request.onCancel(() -> said.add("after"));
        assertThat(request.isCancelled()).isTrue();
        assertThat(said).containsExactly("before", "after");
    }

    @Test
    void theRecordingHandlerJudgesAsTheGateDoes() {
        RecordingHandler handler = new RecordingHandler();
        handler.event("t", "18446744073709551615", "3");
        handler.event("t", "18446744073709551616");
        handler.event("t", "007");
        handler.event(null);
        handler.malformed("?", null);
        handler.snapshot("4", null, null);
        handler.snapshot("-4", null, null);
        handler.snapshot(null);
        handler.reconnected();
        handler.disconnected();
        assertThat(handler.calls())
                .extracting(RecordingHandler.Call::kind)
                .containsExactly(
                        Kind.EVENT,
                        Kind.MALFORMED,
                        Kind.MALFORMED,
                        Kind.MALFORMED,
                        Kind.MALFORMED,
                        Kind.SNAPSHOT,
                        Kind.MALFORMED,
                        Kind.MALFORMED,
                        Kind.RECONNECTED,
                        Kind.DISCONNECTED);
        assertThat(handler.calls().get(0).version()).isEqualTo(StateVersion.of(Revision.of(3), Revision.MAX));
        assertThat(handler.hasHeardOf("t", version(9))).isTrue();
        assertThat(handler.hasHeardOf("t", StateVersion.of(Revision.of(4), Revision.ZERO)))
                .isFalse();
        assertThat(handler.hasHeardOf("other", version(5))).isFalse();
    }
}
