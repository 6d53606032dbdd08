package io.statesync.contract;

import static io.statesync.contract.Harness.TOPIC;
import static io.statesync.contract.Harness.failureOf;
import static io.statesync.contract.Harness.snapshot;
import static io.statesync.contract.Harness.version;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.InvalidationHandler;
import io.statesync.LifecycleState;
import io.statesync.ProtocolException;
import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.Subscription;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What providers, subscribers, appliers and caches may answer, and what callers may do with their futures. */
class AnswerTest {

    @Test
    @DisplayName("null data is data")
    void nullDataIsApplied() {
        Harness h = new Harness();
        h.start();
        h.open().answer().complete(SnapshotEnvelope.parse("1", null, null));
        assertThat(h.started).isCompleted();
        assertThat(h.applied)
                .singleElement()
                .satisfies(applied -> assertThat(applied.data()).isNull());
    }

    @Test
    @DisplayName("G4: a null answer, a null stage and a thrown exception of the provider each fail the pull")
    void whatAProviderDoesWrongFailsThePull() {
        Harness h = new Harness().startedAt("1");
        h.onPull = request -> CompletableFuture.completedFuture(null);
        assertThat(failureOf(h.sync.refresh())).isInstanceOf(ProtocolException.class);
        h.onPull = request -> null;
        assertThat(failureOf(h.sync.refresh()))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("getSnapshot");
        IOException thrown = new IOException("thrown");
        h.onPull = request -> {
            throw thrown;
        };
        assertThat(failureOf(h.sync.refresh())).isSameAs(thrown);
        h.onPull = request -> CompletableFuture.failedFuture(new CompletionException(thrown));
        assertThat(failureOf(h.sync.refresh())).isSameAs(thrown);
        assertThat(h.errors)
                .extracting(SyncError::phase)
                .containsExactly(
                        SyncPhase.PROTOCOL, SyncPhase.GET_SNAPSHOT, SyncPhase.GET_SNAPSHOT, SyncPhase.GET_SNAPSHOT);
    }

    @Test
    @DisplayName("L2: a null stage, a null subscription and a thrown exception of the subscriber each fail the start")
    void whatASubscriberDoesWrongFailsTheStart() {
        Harness h = new Harness();
        h.onSubscribe = handler -> null;
        h.start();
        assertThat(failureOf(h.started))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("subscrib");
        h.onSubscribe = handler -> CompletableFuture.completedFuture(null);
        h.start();
        assertThat(failureOf(h.started))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("Subscription");
        IOException thrown = new IOException("thrown");
        h.onSubscribe = handler -> {
            throw thrown;
        };
        h.start();
        assertThat(failureOf(h.started)).isSameAs(thrown);
        assertThat(h.errors)
                .extracting(SyncError::phase)
                .containsOnly(SyncPhase.SUBSCRIBE)
                .hasSize(3);
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.IDLE);
    }

    @Test
    @DisplayName("a null stage, a thrown exception and a failed stage of the applier each mean: not applied")
    void whatAnApplierDoesWrongIsNotApplied() {
        Harness h = new Harness().startedAt("1");
        h.onApply = applied -> null;
        assertThat(failureOf(refreshTo(h, "2")))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("asyncApplier");
        IOException thrown = new IOException("thrown");
        h.onApply = applied -> {
            throw thrown;
        };
        assertThat(failureOf(refreshTo(h, "2"))).isSameAs(thrown);
        h.onApply = applied -> CompletableFuture.failedFuture(new CompletionException(thrown));
        assertThat(failureOf(refreshTo(h, "2"))).isSameAs(thrown);

        assertThat(h.sync.localRevision()).hasToString("1");
        assertThat(h.errors)
                .allSatisfy(error -> {
                    assertThat(error.phase()).isEqualTo(SyncPhase.APPLY);
                    assertThat(error.snapshotVersion()).isEqualTo(version("2"));
                    assertThat(error.localVersion()).isEqualTo(version("1"));
                })
                .hasSize(3);
    }

    private static CompletableFuture<Void> refreshTo(Harness h, String revision) {
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.answer(revision);
        return refreshed;
    }

    @Test
    @DisplayName("P2: a null stage and a thrown exception of the cache are reported, and the start goes on")
    void whatACacheDoesWrongIsReported() {
        Harness nullStage = new Harness(b -> b.cache(topic -> null));
        nullStage.startedAt("1");
        assertThat(nullStage.errors).extracting(SyncError::phase).containsExactly(SyncPhase.START);
        Harness throwing = new Harness(b -> b.cache(topic -> {
            throw new IOException("unreadable " + topic);
        }));
        throwing.startedAt("1");
        assertThat(throwing.errors)
                .singleElement()
                .satisfies(error -> assertThat(error.error()).hasMessage("unreadable " + TOPIC));
    }

    @Test
    @DisplayName("P1: a cached snapshot is applied before subscribing, and an unchanged source applies nothing more")
    void cachedSnapshotIsAppliedFirst() {
        Harness h = new Harness(b -> b.cache(topic -> CompletableFuture.completedFuture(snapshot("5"))));
        List<String> order = new ArrayList<>();
        h.onApply = applied -> {
            order.add("apply " + applied.revision());
            return CompletableFuture.completedFuture(null);
        };
        h.onSubscribe = handler -> {
            order.add("subscribe");
            return CompletableFuture.completedFuture(() -> {});
        };
        h.start();
        assertThat(h.open().request().heldVersion()).isEqualTo(version("5"));
        h.answer("5");
        assertThat(order).containsExactly("apply 5", "subscribe");
        assertThat(h.started).isCompleted();
    }

    @Test
    @DisplayName("B1: with a cache, a start does not fail for a source that is away; failFast can be chosen")
    void keepTryingIsTheDefaultWithACache() {
        Harness cached = new Harness(b -> b.cache(topic -> CompletableFuture.completedFuture(snapshot("5"))));
        cached.start();
        cached.failPull(new IOException("away"));
        assertThat(cached.started).isCompleted();
        assertThat(cached.sync.status().behind()).isTrue();

        Harness without = new Harness();
        without.start();
        without.failPull(new IOException("away"));
        assertThat(without.started).isCompletedExceptionally();

        Harness failFast = new Harness(
                b -> b.startup(Startup.FAIL_FAST).cache(topic -> CompletableFuture.completedFuture(snapshot("5"))));
        failFast.start();
        failFast.failPull(new IOException("away"));
        assertThat(failFast.started).isCompletedExceptionally();
        assertThat(failFast.sync.localRevision()).hasToString("5");
    }

    @Test
    @DisplayName("stages that are no CompletableFuture are as good, for every seam")
    void foreignStagesAreAccepted() {
        ForeignStage<PullResult<String>> pulling = new ForeignStage<>();
        ForeignStage<Subscription> subscribing = new ForeignStage<>();
        ForeignStage<Object> applying = new ForeignStage<>();
        ForeignStage<SnapshotEnvelope<String>> loading = new ForeignStage<>();
        List<String> closed = new ArrayList<>();
        Harness h = new Harness(b -> b.cache(topic -> loading.stage()));
        h.onPull = request -> pulling.stage();
        h.onSubscribe = handler -> subscribing.stage();
        h.onApply = applied -> applying.stage();
        h.start();
        loading.complete(null);
        subscribing.complete(() -> closed.add("closed"));
        pulling.complete(snapshot("1"));
        assertThat(h.sync.localVersion()).isNull();
        applying.complete("done");

        assertThat(h.started).isCompleted();
        assertThat(h.sync.localRevision()).hasToString("1");
        h.sync.stop();
        assertThat(closed).containsExactly("closed");
        assertThat(h.errors).isEmpty();
    }

    @Test
    @DisplayName("completed stages that do not say whether they are done are as good, for every seam")
    void minimalStagesAreAccepted() {
        List<String> closed = new ArrayList<>();
        Harness h = new Harness(b -> b.cache(topic -> CompletableFuture.completedStage(snapshot("1"))));
        h.onPull = request -> CompletableFuture.completedStage(snapshot("2"));
        h.onSubscribe = handler -> CompletableFuture.completedStage(() -> closed.add("closed"));
        h.onApply = applied -> CompletableFuture.completedStage("done");
        h.start();

        assertThat(h.started).isCompleted();
        assertThat(h.sync.localRevision()).hasToString("2");
        h.sync.stop();
        assertThat(closed).containsExactly("closed");
        assertThat(h.errors).isEmpty();
    }

    @Test
    @DisplayName("a foreign stage's failure is a failure, and one that refuses listeners too")
    void foreignStagesMayFail() {
        ForeignStage<PullResult<String>> failing = new ForeignStage<>();
        IOException failure = new IOException("foreign");
        Harness h = new Harness().startedAt("1");
        h.onPull = request -> failing.stage();
        CompletableFuture<Void> refreshed = h.sync.refresh();
        failing.fail(failure);
        assertThat(failureOf(refreshed)).isSameAs(failure);

        @SuppressWarnings("unchecked")
        CompletionStage<PullResult<String>> broken = (CompletionStage<PullResult<String>>) Proxy.newProxyInstance(
                AnswerTest.class.getClassLoader(),
                new Class<?>[] {CompletionStage.class},
                (proxy, method, arguments) -> {
                    throw new UnsupportedOperationException(method.getName());
                });
        h.onPull = request -> broken;
        assertThat(failureOf(h.sync.refresh())).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    @DisplayName("L3: stop() during a pull whose stage cannot be cancelled just ends it")
    void foreignStagesNeedNotBeCancellable() {
        ForeignStage<PullResult<String>> pulling = new ForeignStage<>();
        Harness h = new Harness();
        h.onPull = request -> pulling.stage();
        h.start();
        h.sync.stop();
        assertThat(h.started).isCompletedExceptionally();
        pulling.complete(snapshot("1"));
        assertThat(h.applied).isEmpty();
    }

    @Test
    @DisplayName("each caller's future is its own: cancelling one touches neither the others nor the work")
    void cancellingOneFutureTouchesNoOther() {
        Harness h = new Harness();
        CompletableFuture<Void> firstStart = h.sync.start();
        CompletableFuture<Void> secondStart = h.sync.start();
        firstStart.cancel(true);
        assertThat(secondStart).isNotDone();
        h.answer("1");
        assertThat(secondStart).isCompleted();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.RUNNING);

        CompletableFuture<Void> running = h.sync.refresh();
        CompletableFuture<Void> first = h.sync.refresh();
        CompletableFuture<Void> second = h.sync.refresh();
        first.completeExceptionally(new IOException("mine"));
        h.answer("2");
        assertThat(running).isCompleted();
        assertThat(second).isNotDone();
        h.answer("3");
        assertThat(second).isCompleted();

        CompletableFuture<Void> one = h.sync.awaitVersion(version("5"));
        CompletableFuture<Void> other = h.sync.awaitVersion(version("5"));
        one.cancel(false);
        assertThat(h.sync.status().target()).isEqualTo(version("5"));
        h.transport().snapshot(snapshot("5"));
        assertThat(other).isCompleted();
        assertThat(one).isCancelled();
    }

    @Test
    @DisplayName("L1: what is delivered before the subscribe future completes is not lost")
    void earlyEventsAreNotLost() {
        Harness h = new Harness();
        CompletableFuture<Subscription> subscribing = new CompletableFuture<>();
        h.onSubscribe = handler -> subscribing;
        h.start();
        h.event("7");
        assertThat(h.pulls).isEmpty();
        subscribing.complete(() -> {});
        assertThat(h.open().request().wantedVersion()).isEqualTo(version("7"));
        h.answer("6");
        assertThat(h.started).isCompleted();
        assertThat(h.sync.status().behind()).isTrue();
        h.advance(Duration.ofMillis(100));
        h.answer("7");
        assertThat(h.sync.status().behind()).isFalse();
    }

    @Test
    @DisplayName("L1: also what is delivered inside subscribe() itself")
    void eventsInsideSubscribeAreNotLost() {
        Harness h = new Harness();
        h.onSubscribe = handler -> {
            handler.event(TOPIC, "3");
            handler.snapshot("2", null, "pushed");
            return CompletableFuture.completedFuture(() -> {});
        };
        h.start();
        assertThat(h.revisions()).containsExactly("2");
        assertThat(h.open().request().wantedVersion()).isEqualTo(version("3"));
        h.answer("3");
        assertThat(h.started).isCompleted();
        assertThat(h.revisions()).containsExactly("2", "3");
    }

    @Test
    @DisplayName("L2: what a failed start's transport still delivers has no effect")
    void aClosedSubscriptionIsDeaf() {
        Harness h = new Harness().startedAt("1");
        InvalidationHandler old = h.transport();
        h.sync.stop();
        old.event(TOPIC, "2");
        old.snapshot(snapshot("3"));
        old.snapshot("x", null, null);
        old.malformed("?", null);
        old.reconnected();
        assertThat(h.errors).isEmpty();
        assertThat(h.revisions()).containsExactly("1");
        assertThat(h.pulls).hasSize(1);
        assertThat(h.sync.status().connected()).isFalse();
    }

    @Test
    @DisplayName(
            "L3: an exception of Subscription.close is reported in phase subscribe, and stop() is done all the same")
    void closingTheSubscriptionMayFail() {
        IOException failure = new IOException("close");
        Harness h = new Harness();
        h.onSubscribe = handler -> CompletableFuture.completedFuture(() -> {
            throw failure;
        });
        h.startedAt("1");
        h.sync.stop();
        assertThat(h.errors).singleElement().satisfies(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.SUBSCRIBE);
            assertThat(error.error()).isSameAs(failure);
        });
    }

    @Test
    @DisplayName("V3: an age below zero is refused, naming it")
    void negativeAgeIsRefused() {
        Harness h = new Harness();
        assertThatThrownBy(() -> h.sync.refreshIfOlderThan(Duration.ofMillis(-5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("age")
                .hasMessageContaining("PT-0.005S");
    }

    @Test
    @DisplayName("one options object serves several engines")
    void optionsCanBeShared() {
        VirtualTime time = new VirtualTime();
        RevisionSyncOptions<String> options = RevisionSyncOptions.<String>builder(TOPIC)
                .subscriber(handler -> CompletableFuture.completedFuture(() -> {}))
                .provider(request -> CompletableFuture.completedFuture(snapshot("1")))
                .applier(applied -> {})
                .executor(StateSync.directExecutor())
                .time(time)
                .build();
        RevisionSync<String> one = StateSync.createRevisionSync(options);
        RevisionSync<String> other = StateSync.createRevisionSync(options);
        assertThat(one.start()).isCompleted();
        assertThat(other.localVersion()).isNull();
        assertThat(other.start()).isCompleted();
        one.stop();
        assertThat(other.status().state()).isEqualTo(LifecycleState.RUNNING);
    }
}
