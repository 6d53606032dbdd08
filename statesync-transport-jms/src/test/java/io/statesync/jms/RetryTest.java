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
    void manyThatHurryDoNotMakeItSoonerAndSooner() {
        AtomicInteger early = new AtomicInteger();
        for (int i = 0; i < 200; i++) {
            Retry hurried = new Retry(time, SOON, early::incrementAndGet);
            hurried.after(Duration.ofSeconds(10));
            for (int j = 0; j < 50; j++) {
                hurried.hurry();
            }
        }
        time.advance(SOON.dividedBy(10));
        // A tenth of them by now; were the least of 50 draws taken, it would be almost all.
        assertThat(early.get()).isLessThan(100);
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
