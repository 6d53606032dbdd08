package io.statesync.contract;

import static io.statesync.contract.Harness.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.statesync.Backoff;
import io.statesync.NotModified;
import io.statesync.RetryPolicy;
import io.statesync.Throttling;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the engine does when time passes: spread, resync, backoff with jitter; and that an idle engine has no timer. */
class TimerTest {

    /** Always the same part of what is asked for. */
    private static RandomGenerator part(double part) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new UnsupportedOperationException();
            }

            @Override
            public long nextLong(long bound) {
                return (long) (part * (bound - 1));
            }
        };
    }

    @Test
    @DisplayName("an idle engine has no timer")
    void idleEngineHasNoTimer() {
        Harness h = new Harness(b -> b.throttling(
                        Throttling.builder().debounce(Duration.ofSeconds(1)).build())
                .retry(RetryPolicy.standard()));
        assertThat(h.time.pending()).isZero();
        h.startedAt("1");
        assertThat(h.time.pending()).isZero();
        h.event("2");
        h.advance(Duration.ofSeconds(1));
        h.answer("2");
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("pullSpread: an event-triggered pull waits a random part of it; what asks otherwise does not")
    void pullSpreadDelaysEventsOnly() {
        Harness h = new Harness(b -> b.pullSpread(Duration.ofSeconds(10)).random(part(0.25))).startedAt("1");
        h.event("2");
        h.event("3");
        h.advance(Duration.ofMillis(2499));
        assertThat(h.pulls).hasSize(1);
        assertThat(h.sync.status().eventsCoalesced()).isEqualTo(1);
        h.advance(Duration.ofMillis(1));
        assertThat(h.pulls).hasSize(2);
        h.answer("3");

        CompletableFuture<Void> refreshed = h.sync.refresh();
        assertThat(h.pulls).hasSize(3);
        h.answer("3");
        assertThat(refreshed).isCompleted();
    }

    @Test
    @DisplayName("pullSpread, T6: a spread pull is not made if the engine is not behind when its time comes")
    void pullSpreadIsDroppedWhenNotBehind() {
        Harness h = new Harness(b -> b.pullSpread(Duration.ofSeconds(10)).random(part(1))).startedAt("1");
        h.event("2");
        h.transport().snapshot(snapshot("2"));
        h.advance(Duration.ofSeconds(10));
        assertThat(h.pulls).hasSize(1);
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("G3: the longest durations throw nothing into the transport's thread")
    void extremeDurationsStayInside() {
        Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
        Harness h = new Harness(b -> b.pullSpread(longest)
                .pullTimeout(longest)
                .subscribeTimeout(longest)
                .giveUpAfter(longest)
                .resyncInterval(longest)
                .slowApplyAfter(longest));
        h.startedAt("1");
        assertThatCode(() -> h.event("2")).doesNotThrowAnyException();
        Harness debounced = new Harness(b -> b.throttling(Throttling.builder()
                .debounce(longest)
                .maxWait(longest)
                .throttle(longest)
                .build()));
        debounced.startedAt("1");
        assertThatCode(() -> debounced.event("2")).doesNotThrowAnyException();
        assertThatCode(() -> debounced.event("3")).doesNotThrowAnyException();
    }

    @Test
    @DisplayName("N2: without a cycle for resyncInterval the engine pulls; each cycle starts the interval anew")
    void resyncPullsAfterQuiet() {
        Harness h = new Harness(b -> b.resyncInterval(Duration.ofMinutes(5)));
        h.advance(Duration.ofHours(1));
        assertThat(h.pulls).isEmpty();
        h.startedAt("1");
        h.advance(Duration.ofMinutes(4));
        h.event("2");
        h.answer("2");
        h.advance(Duration.ofMinutes(5).minusNanos(1));
        assertThat(h.pulls).hasSize(2);
        h.advance(Duration.ofNanos(1));
        assertThat(h.pulls).hasSize(3);
        assertThat(h.sync.status().behind()).isTrue();
        h.open().answer().complete(NotModified.instance());
        assertThat(h.sync.status().behind()).isFalse();
        h.advance(Duration.ofMinutes(5));
        assertThat(h.pulls).hasSize(4);
    }

    @Test
    @DisplayName("N2, K2: a resync that fails is tried again with the backoff")
    void failedResyncIsTriedAgain() {
        Harness h = new Harness(b -> b.resyncInterval(Duration.ofMinutes(5))).startedAt("1");
        h.advance(Duration.ofMinutes(5));
        h.failPull(new IOException("away"));
        h.advance(Duration.ofMillis(100));
        assertThat(h.pulls).hasSize(3);
        h.answer("2");
        h.advance(Duration.ofMinutes(5));
        assertThat(h.pulls).hasSize(4);
    }

    @Test
    @DisplayName("N2, K5: an engine that gave up on a stale source still resyncs")
    void resyncGoesOnAfterGivingUp() {
        Harness h = new Harness(b -> b.resyncInterval(Duration.ofMinutes(1)).giveUpAfter(Duration.ofSeconds(1)));
        int[] pulls = {0};
        h.onPull = request -> {
            pulls[0]++;
            return CompletableFuture.completedFuture(snapshot("1"));
        };
        h.start();
        h.event("5");
        h.advance(Duration.ofSeconds(5));
        assertThat(h.sync.status().behind()).isFalse();
        int before = pulls[0];
        h.advance(Duration.ofMinutes(1));
        assertThat(pulls[0]).isEqualTo(before + 1);
    }

    @Test
    @DisplayName("N2: stop ends resyncing")
    void stopEndsResyncing() {
        Harness h = new Harness(b -> b.resyncInterval(Duration.ofMinutes(5))).startedAt("1");
        h.sync.stop();
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("K1: with jitter, the delay that is reported is the one used")
    void theReportedDelayIsTheOneUsed() {
        Harness h = new Harness(b -> b.catchUp(Backoff.standard()).random(part(0.5))).startedAt("1");
        h.event("2");
        h.answer("1");
        Duration delay = h.errors.get(0).nextDelay();
        assertThat(delay).isEqualTo(Duration.ofMillis(50));
        h.advance(delay.minusNanos(1));
        assertThat(h.pulls).hasSize(2);
        h.advance(Duration.ofNanos(1));
        assertThat(h.pulls).hasSize(3);
    }

    @Test
    @DisplayName("K2, K3: the backoff grows over failures, and starts anew once the engine is not behind")
    void backoffGrowsAndStartsAnew() {
        Harness h = new Harness().startedAt("1");
        h.event("2");
        for (int delay : new int[] {100, 200, 400}) {
            h.failPull(new IOException("away"));
            assertThat(h.time.untilNext()).isEqualTo(Duration.ofMillis(delay));
            h.advance(Duration.ofMillis(delay));
        }
        h.answer("2");
        h.event("3");
        h.failPull(new IOException("away"));
        assertThat(h.time.untilNext()).isEqualTo(Duration.ofMillis(100));
    }
}
