package io.statesync.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.LifecycleState;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.RetryPolicy;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** R4: what takes too long fails as a time-out and is cancelled, and what it brings late is ignored or cleaned up. */
class TimeoutTest {
    private static final Duration JUST_UNDER_30_S = Duration.ofSeconds(30).minusNanos(1);
    private static final Duration ONE_NANO = Duration.ofNanos(1);

    @Test
    @DisplayName("R4: a pull has 30 s; then its future is cancelled, onCancel runs once, and a late answer is ignored")
    void pullTimesOut() {
        List<String> cancelled = new ArrayList<>();
        Harness h = new Harness().startedAt("1");
        h.onPull = request -> {
            request.onCancel(() -> cancelled.add("first"));
            request.onCancel(() -> cancelled.add("second"));
            Harness.Pull pull = new Harness.Pull(request);
            h.pulls.add(pull);
            return pull.answer();
        };
        CompletableFuture<Void> refreshed = h.sync.refresh();
        Harness.Pull pull = h.open();
        CompletableFuture<PullResult<String>> answer = pull.answer();
        PullRequest request = pull.request();

        h.advance(JUST_UNDER_30_S);
        assertThat(refreshed).isNotDone();
        assertThat(request.isCancelled()).isFalse();
        h.advance(ONE_NANO);

        assertThat(Harness.failureOf(refreshed)).isInstanceOf(TimeoutException.class);
        assertThat(answer).isCancelled();
        assertThat(request.isCancelled()).isTrue();
        assertThat(cancelled).containsExactly("first", "second");
        assertThat(h.errors).singleElement().satisfies(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.GET_SNAPSHOT);
            assertThat(error.error()).hasMessageContaining("PT30S");
        });
        request.onCancel(() -> cancelled.add("late"));
        assertThat(cancelled).containsExactly("first", "second", "late");
    }

    @Test
    @DisplayName("R4: an answer that comes after the time-out, from a provider that cannot be cancelled, is ignored")
    void lateAnswerIsIgnored() {
        Harness h = new Harness().startedAt("1");
        ForeignStage<PullResult<String>> stage = new ForeignStage<>();
        h.onPull = request -> stage.stage();
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.advance(Duration.ofSeconds(30));
        assertThat(refreshed).isCompletedExceptionally();

        stage.complete(Harness.snapshot("2"));
        assertThat(h.revisions()).containsExactly("1");
        assertThat(h.errors).hasSize(1);
    }

    @Test
    @DisplayName("R4: an answer in time leaves no timer behind")
    void answeredPullLeavesNoTimer() {
        Harness h = new Harness().startedAt("1");
        h.event("2");
        assertThat(h.time.pending()).isEqualTo(1);
        h.answer("2");
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("L3: stop cancels the pull: its future, and the actions registered")
    void stopCancelsThePull() {
        AtomicInteger actions = new AtomicInteger();
        Harness h = new Harness().startedAt("1");
        var unused = h.sync.refresh();
        Harness.Pull pull = h.open();
        pull.request().onCancel(actions::incrementAndGet);
        pull.request().onCancel(() -> {
            throw new IllegalStateException("onCancel");
        });
        pull.request().onCancel(actions::incrementAndGet);
        h.sync.stop();
        assertThat(pull.answer()).isCancelled();
        assertThat(pull.request().isCancelled()).isTrue();
        assertThat(actions).hasValue(2);
        assertThat(h.errors).isEmpty();
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("R4: a pull that was answered is not cancelled by what comes later")
    void answeredPullIsNotCancelled() {
        AtomicInteger actions = new AtomicInteger();
        Harness h = new Harness();
        h.start();
        PullRequest request = h.open().request();
        request.onCancel(actions::incrementAndGet);
        h.answer("1");
        h.advance(Duration.ofMinutes(1));
        h.sync.stop();
        assertThat(request.isCancelled()).isFalse();
        assertThat(actions).hasValue(0);
    }

    @Test
    @DisplayName("R4, L2: subscribing has 30 s; the subscription that comes late is closed")
    void subscribingTimesOut() {
        CompletableFuture<Subscription> subscribing = new CompletableFuture<>();
        AtomicInteger closed = new AtomicInteger();
        Harness h = new Harness();
        h.onSubscribe = handler -> subscribing;
        h.start();
        h.advance(JUST_UNDER_30_S);
        assertThat(h.started).isNotDone();
        h.advance(ONE_NANO);

        assertThat(Harness.failureOf(h.started)).isInstanceOf(TimeoutException.class);
        assertThat(h.errors).extracting(SyncError::phase).containsExactly(SyncPhase.SUBSCRIBE);
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.IDLE);

        assertThat(subscribing).isNotDone();
        subscribing.complete(closed::incrementAndGet);
        assertThat(closed).hasValue(1);
        h.event("5");
        assertThat(h.pulls).isEmpty();
    }

    @Test
    @DisplayName("R4, B2: keepTrying subscribes again after a time-out, and hears the new subscription only")
    void subscribingTimesOutAndIsTriedAgain() {
        List<CompletableFuture<Subscription>> subscribing = new ArrayList<>();
        AtomicInteger closed = new AtomicInteger();
        Harness h = new Harness(b -> b.startup(Startup.KEEP_TRYING));
        h.onSubscribe = handler -> {
            subscribing.add(new CompletableFuture<>());
            return subscribing.get(subscribing.size() - 1);
        };
        h.start();
        h.advance(Duration.ofSeconds(30));
        h.answer("1");
        assertThat(h.started).isCompleted();
        h.advance(Duration.ofMillis(100));
        subscribing.get(0).complete(closed::incrementAndGet);
        subscribing.get(1).complete(closed::incrementAndGet);
        assertThat(closed).hasValue(1);
        assertThat(h.sync.status().connected()).isTrue();

        h.answer("1");
        h.handlers.get(0).event(Harness.TOPIC, "2");
        assertThat(h.sync.status().behind()).isFalse();
        h.handlers.get(1).event(Harness.TOPIC, "2");
        assertThat(h.sync.status().behind()).isTrue();
    }

    @Test
    @DisplayName("R4, P2: loading the cache has 30 s; the start goes on without it, and its late answer is ignored")
    void loadingTheCacheTimesOut() {
        ForeignStage<SnapshotEnvelope<String>> late = new ForeignStage<>();
        Harness h = new Harness(b -> b.cache(topic -> late.stage()));
        h.start();
        h.advance(JUST_UNDER_30_S);
        assertThat(h.handlers).isEmpty();
        h.advance(ONE_NANO);
        assertThat(h.handlers).hasSize(1);
        assertThat(h.errors).singleElement().satisfies(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.START);
            assertThat(error.error()).isInstanceOf(TimeoutException.class);
        });
        h.answer("1");
        assertThat(h.started).isCompleted();
        late.complete(Harness.snapshot("7"));
        assertThat(h.revisions()).containsExactly("1");
    }

    @Test
    @DisplayName("R4: the time-outs are options")
    void timeOutsAreOptions() {
        Harness h = new Harness(b -> b.pullTimeout(Duration.ofSeconds(1))
                .subscribeTimeout(Duration.ofSeconds(2))
                .cacheTimeout(Duration.ofSeconds(3))
                .startup(Startup.FAIL_FAST)
                .cache(topic -> new CompletableFuture<>()));
        h.start();
        assertThat(h.time.untilNext()).isEqualTo(Duration.ofSeconds(3));
        h.onSubscribe = handler -> new CompletableFuture<>();
        h.advance(Duration.ofSeconds(3));
        assertThat(h.time.untilNext()).isEqualTo(Duration.ofSeconds(2));
        h.advance(Duration.ofSeconds(2));
        assertThat(h.started).isCompletedExceptionally();
        var unused = h.sync.refresh();
        assertThat(h.time.untilNext()).isEqualTo(Duration.ofSeconds(1));
        assertThat(h.open().request().timeout()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("R4: an apply that takes long is waited for, and meanwhile the next does not begin")
    void slowApplyIsWaitedFor() {
        Harness h = new Harness().startedAt("1");
        CompletableFuture<Void> applying = new CompletableFuture<>();
        List<String> began = new ArrayList<>();
        h.onApply = snapshot -> {
            began.add(snapshot.revision().toString());
            return applying;
        };
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.answer("2");
        h.transport().snapshot(Harness.snapshot("3"));
        h.advance(Duration.ofHours(1));
        assertThat(began).containsExactly("2");
        assertThat(refreshed).isNotDone();
        assertThat(h.sync.status().applyingSince()).isNotNull();
        assertThat(h.errors).isEmpty();

        applying.complete(null);
        assertThat(began).containsExactly("2", "3");
        assertThat(refreshed).isCompleted();
        assertThat(h.sync.localRevision()).hasToString("3");
    }

    @Test
    @DisplayName("the request says what is held and wanted, which attempt it is, and how long it may take")
    void requestSaysWhatItIsFor() {
        Harness h = new Harness(b -> b.retry(new RetryPolicy(2, Backoff.fixed(Duration.ofMillis(10)))));
        h.start();
        PullRequest first = h.open().request();
        assertThat(first.topic()).isEqualTo(Harness.TOPIC);
        assertThat(first.heldVersion()).isNull();
        assertThat(first.wantedVersion()).isNull();
        assertThat(first.attempt()).isEqualTo(1);
        assertThat(first.timeout()).isEqualTo(Duration.ofSeconds(30));
        h.answer("4");

        h.transport().event(Harness.TOPIC, "6", "2");
        PullRequest second = h.open().request();
        assertThat(second.heldVersion()).isEqualTo(Harness.version("4"));
        assertThat(second.wantedVersion()).isEqualTo(StateVersion.ofUnsigned(2, 6));

        h.transport().event(Harness.TOPIC, "7", "2");
        h.failPull(new IOException("once"));
        h.advance(Duration.ofMillis(10));
        PullRequest retried = h.open().request();
        assertThat(retried.attempt()).isEqualTo(2);
        assertThat(retried.wantedVersion()).isEqualTo(StateVersion.ofUnsigned(2, 7));
        assertThat(second.wantedVersion()).isEqualTo(StateVersion.ofUnsigned(2, 6));
    }

    @Test
    @DisplayName("W1: an awaited version is wanted from the pull that it asks for")
    void awaitedVersionIsWanted() {
        Harness h = new Harness().startedAt("1");
        var unused = h.sync.awaitVersion(Harness.version("8"));
        assertThat(h.open().request().wantedVersion()).isEqualTo(Harness.version("8"));
    }
}
