package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetryTest {
    private static final Duration SOON = Duration.ofSeconds(1);

    private final VirtualTime time = new VirtualTime();
    private final AtomicInteger tried = new AtomicInteger();
    private final Retry retry = new Retry(time, SOON, tried::incrementAndGet);

    @Test
    void itIsTriedWhenItsTimeHasCome() {
        retry.after(Duration.ofSeconds(10));
        time.advance(Duration.ofSeconds(10).minusNanos(1));
        assertThat(tried).hasValue(0);
        time.advance(Duration.ofNanos(1));
        assertThat(tried).hasValue(1);
    }

    @Test
    void whoIsInAHurryWaitsASecondAtMost() {
        retry.after(Duration.ofSeconds(10));
        retry.hurry();
        time.advance(SOON);
        assertThat(tried).hasValue(1);
        time.advance(Duration.ofMinutes(1));
        assertThat(tried).hasValue(1);
    }

    @Test
    void aHurryThatCameBeforeTheTimeWasKnownCounts() {
        retry.hurry();
        retry.after(Duration.ofSeconds(10));
        time.advance(SOON);
        assertThat(tried).hasValue(1);
    }

    @Test
    void aHurryCountsOnce() {
        retry.hurry();
        retry.after(Duration.ofSeconds(10));
        time.advance(SOON);
        retry.cancel();
        retry.after(Duration.ofSeconds(10));
        time.advance(Duration.ofSeconds(9));
        assertThat(tried).hasValue(1);
    }

    @Test
    void hurryingNeverTakesLonger() {
        for (int i = 1; i <= 200; i++) {
            retry.after(Duration.ofMillis(2));
            retry.hurry();
            retry.hurry();
            time.advance(Duration.ofMillis(2));
            assertThat(tried).hasValue(i);
            retry.cancel();
        }
    }

    @Test
    void whatIsCancelledIsNotTried() {
        retry.after(SOON);
        retry.cancel();
        time.advance(SOON);
        assertThat(tried).hasValue(0);
    }
}
