package io.statesync.contract;

import static io.statesync.contract.Harness.TOPIC;
import static io.statesync.contract.Harness.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.LifecycleState;
import io.statesync.NotModified;
import io.statesync.RetryPolicy;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.SyncPhase;
import io.statesync.SyncStatus;
import io.statesync.Throttling;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The status tells what the engine is doing. */
class StatusTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void anEngineThatWasNeverUsedSaysSo() {
        Harness h = new Harness(b -> b.instance("left"));

        assertThat(h.sync.status())
                .isEqualTo(new SyncStatus(
                        "left",
                        TOPIC,
                        LifecycleState.IDLE,
                        null,
                        null,
                        false,
                        null,
                        false,
                        false,
                        null,
                        null,
                        null,
                        null,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0));
        assertThat(h.sync.topic()).isEqualTo(TOPIC);
        assertThat(h.sync.instance()).isEqualTo("left");
        assertThat(h.sync.localRevision()).hasToString("0");
        assertThat(h.sync.localVersion()).isNull();
        assertThat(h.sync).hasToString("RevisionSync[topic=settings, instance=left, local=null]");
    }

    @Test
    void theInstanceIsTheTopicUnlessNamed() {
        assertThat(new Harness().sync.status().instance()).isEqualTo(TOPIC);
    }

    @Test
    @DisplayName("L1, L2, L3: the state goes from idle to starting to running to stopped, and back when a start fails")
    void stateFollowsTheLife() {
        Harness h = new Harness();
        h.start();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STARTING);
        h.failPull(new IOException("pull"));
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.IDLE);
        assertThat(h.sync.status().connected()).isFalse();
        h.startedAt("1");
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.RUNNING);
        assertThat(h.sync.status().connected()).isTrue();
        h.sync.stop();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(h.sync.status().connected()).isFalse();
        assertThat(h.unsubscribed).isEqualTo(2);
    }

    @Test
    void theTargetIsTheNewestVersionToldOfAndBehindForCountsFromTheFirst() {
        Harness h = new Harness().startedAt("1");
        h.event("3");
        h.advance(Duration.ofSeconds(2));
        h.event("5");
        h.event("4");

        SyncStatus status = h.sync.status();
        assertThat(status.target()).isEqualTo(version("5"));
        assertThat(status.behind()).isTrue();
        assertThat(status.behindFor()).isEqualTo(Duration.ofSeconds(2));
        assertThat(status.pulling()).isTrue();
        assertThat(status.localVersion()).isEqualTo(version("1"));

        h.answer("5");
        status = h.sync.status();
        assertThat(status.target()).isNull();
        assertThat(status.behind()).isFalse();
        assertThat(status.behindFor()).isNull();
        assertThat(status.pulling()).isFalse();
        assertThat(status.localVersion()).isEqualTo(version("5"));
    }

    @Test
    @DisplayName("W1, W3: a version awaited is a target until its future is cancelled")
    void anAwaitedVersionIsATarget() {
        Harness h = new Harness().startedAt("1");
        CompletableFuture<Void> reached = h.sync.awaitVersion(version("9"));
        assertThat(h.sync.status().target()).isEqualTo(version("9"));
        reached.cancel(false);
        assertThat(h.sync.status().target()).isNull();
        assertThat(h.sync.status().behind()).isFalse();
    }

    @Test
    @DisplayName("N1, D1: disconnected and reconnected show, and a reconnect owes a pull")
    void theConnectionShows() {
        Harness h = new Harness().startedAt("1");
        h.transport().disconnected();
        assertThat(h.sync.status().connected()).isFalse();
        assertThat(h.sync.status().behind()).isFalse();

        h.transport().reconnected();
        assertThat(h.sync.status().connected()).isTrue();
        assertThat(h.sync.status().behind()).isTrue();
        assertThat(h.sync.status().target()).isNull();

        h.open().answer().complete(NotModified.instance());
        assertThat(h.sync.status().behind()).isFalse();
    }

    @Test
    @DisplayName("D1: resumed shows, and pulls nothing; events of what was missed do")
    void aResumedConnectionShowsAndPullsNothing() {
        Harness h = new Harness().startedAt("1");
        h.transport().disconnected();

        h.transport().resumed();
        assertThat(h.sync.status().connected()).isTrue();
        assertThat(h.sync.status().behind()).isFalse();
        assertThat(h.sync.status().pulls()).isEqualTo(1);

        h.event("2");
        h.answer("2");
        assertThat(h.sync.status().pulls()).isEqualTo(2);
        assertThat(h.sync.status().behind()).isFalse();
    }

    @Test
    @DisplayName("B2: an engine that could not subscribe is not connected")
    void aFailedSubscribeIsNoConnection() {
        Harness h = new Harness(b -> b.startup(Startup.KEEP_TRYING));
        h.onSubscribe = handler -> {
            handler.reconnected();
            return CompletableFuture.failedFuture(new IOException("subscribe"));
        };
        h.startedAt("1");
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.RUNNING);
        assertThat(h.sync.status().connected()).isFalse();
    }

    @Test
    void applyingSinceIsWhenTheApplyUnderWayBegan() {
        Harness h = new Harness().startedAt("1");
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        h.event("2");
        h.advance(Duration.ofSeconds(3));
        h.answer("2");
        h.advance(Duration.ofSeconds(4));
        assertThat(h.sync.status().applyingSince()).isEqualTo(BEGIN.plusSeconds(3));
        applying.complete(null);
        assertThat(h.sync.status().applyingSince()).isNull();
    }

    @Test
    void lastSuccessIsThatOfTheLastPullThatSucceeded() {
        Harness h = new Harness();
        h.advance(Duration.ofSeconds(5));
        h.startedAt("1");
        h.advance(Duration.ofSeconds(5));
        assertThat(h.sync.status().lastSuccess()).isEqualTo(BEGIN.plusSeconds(5));

        CompletableFuture<Void> failing = h.sync.refresh();
        h.failPull(new IOException("pull"));
        assertThat(failing).isCompletedExceptionally();
        assertThat(h.sync.status().lastSuccess()).isEqualTo(BEGIN.plusSeconds(5));

        CompletableFuture<Void> unchanged = h.sync.refresh();
        h.open().answer().complete(NotModified.instance());
        assertThat(unchanged).isCompleted();
        assertThat(h.sync.status().lastSuccess()).isEqualTo(BEGIN.plusSeconds(10));
    }

    @Test
    void lastErrorStaysWithItsPhaseAndTime() {
        Harness h = new Harness().startedAt("1");
        IOException failure = new IOException("pull");
        CompletableFuture<Void> failing = h.sync.refresh();
        h.advance(Duration.ofSeconds(1));
        h.failPull(failure);
        assertThat(failing).isCompletedExceptionally();
        h.advance(Duration.ofSeconds(1));

        SyncStatus status = h.sync.status();
        assertThat(status.lastError()).isSameAs(h.errors.get(0));
        assertThat(status.lastError().phase()).isEqualTo(SyncPhase.GET_SNAPSHOT);
        assertThat(status.lastError().error()).isSameAs(failure);
        assertThat(status.lastErrorAt()).isEqualTo(BEGIN.plusSeconds(1));
        assertThat(status.failures()).isEqualTo(1);
    }

    @Test
    @DisplayName("G: events seen are those dropped, whatever the reason, and those accepted")
    void eventsAreSeenDroppedOrAccepted() {
        Harness h = new Harness(
                b -> b.shouldRefresh(event -> !event.revision().toString().equals("7")));
        h.startedAt("5");
        h.event("5"); // not newer
        h.event("4");
        h.transport().event("other", "9");
        h.transport().event("", "9"); // malformed
        h.transport().event(TOPIC, "09");
        h.transport().event(null);
        h.transport().malformed("?", null);
        h.event("7"); // refused
        h.event("8"); // accepted

        SyncStatus status = h.sync.status();
        assertThat(status.eventsDropped()).isEqualTo(8);
        assertThat(status.eventsSeen()).isEqualTo(9);
        assertThat(status.eventsCoalesced()).isZero();
        assertThat(status.failures()).isEqualTo(4);
    }

    @Test
    @DisplayName("C1: an event that a pull to come covers is coalesced")
    void eventsDuringAPullAreCoalesced() {
        Harness h = new Harness().startedAt("1");
        h.event("2");
        h.event("3");
        h.event("4");
        h.answer("4");

        SyncStatus status = h.sync.status();
        assertThat(status.eventsSeen()).isEqualTo(3);
        assertThat(status.eventsDropped()).isZero();
        assertThat(status.eventsCoalesced()).isEqualTo(2);
        assertThat(status.pulls()).isEqualTo(2);
        assertThat(status.applies()).isEqualTo(2);
    }

    @Test
    @DisplayName("T1: an event that joins a debounce is coalesced")
    void eventsThatJoinADebounceAreCoalesced() {
        Harness h = new Harness(b -> b.throttling(
                Throttling.builder().debounce(Duration.ofMillis(100)).build()));
        h.startedAt("1");
        h.event("2");
        h.event("3");
        assertThat(h.sync.status().eventsCoalesced()).isEqualTo(1);
        assertThat(h.sync.status().pulls()).isEqualTo(1);
    }

    @Test
    void retriesCountAsPullsAndSkipsNotAsApplies() {
        Harness h = new Harness(b -> b.retry(new RetryPolicy(3, Backoff.fixed(Duration.ofMillis(10)))));
        h.startedAt("1");
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.failPull(new IOException("once"));
        h.advance(Duration.ofMillis(10));
        h.answer("1");
        assertThat(refreshed).isCompleted();
        assertThat(h.sync.status().pulls()).isEqualTo(3);
        assertThat(h.sync.status().applies()).isEqualTo(1);
        assertThat(h.sync.status().failures()).isEqualTo(1);
    }

    @Test
    @DisplayName("S1: a pushed snapshot is an apply without a pull")
    void aPushIsAnApplyWithoutAPull() {
        Harness h = new Harness().startedAt("1");
        h.transport().snapshot(SnapshotEnvelope.parse("2", null, "pushed"));
        assertThat(h.sync.status().applies()).isEqualTo(2);
        assertThat(h.sync.status().pulls()).isEqualTo(1);
        assertThat(h.sync.status().eventsSeen()).isZero();
    }

    @Test
    @DisplayName("K5: after giving up, the engine is not behind")
    void givingUpForgetsTheTarget() {
        Harness h = new Harness(b -> b.giveUpAfter(Duration.ofSeconds(1)));
        h.onPull = request -> CompletableFuture.completedFuture(Harness.snapshot("1"));
        h.start();
        h.event("5");
        assertThat(h.sync.status().behind()).isTrue();
        h.advance(Duration.ofSeconds(10));
        assertThat(h.sync.status().behind()).isFalse();
        assertThat(h.sync.status().target()).isNull();
    }
}
