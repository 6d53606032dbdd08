package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** X1: a source that starts again is newer than the one before. */
class EpochsTest {
    private final AtomicLong clock = new AtomicLong(1_000);
    private final Epochs epochs = new Epochs(() -> Instant.ofEpochMilli(clock.get()));

    @Test
    void anEpochIsTheClocksMilliseconds() {
        assertThat(epochs.next("t")).isEqualTo(1_000);
        clock.set(2_000);
        assertThat(epochs.next("t")).isEqualTo(2_000);
    }

    @Test
    void theSameTopicNeverGetsAnEpochTwiceEvenIfTheClockStandsStillOrIsSetBack() {
        assertThat(epochs.next("t")).isEqualTo(1_000);
        assertThat(epochs.next("t")).isEqualTo(1_001);
        clock.set(10);
        assertThat(epochs.next("t")).isEqualTo(1_002);
        assertThat(epochs.next("t")).isEqualTo(1_003);
    }

    @Test
    void thousandsOfTopicsAtOnceDoNotRunAheadOfTheClock() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(epochs.next("topic " + i)).isEqualTo(1_000);
        }
        assertThat(epochs.next("topic 5")).isEqualTo(1_001);
        assertThat(epochs.next("topic 6")).isEqualTo(1_001);
    }

    @Test
    void aClockBefore1970MintsNoNegativeEpoch() {
        Epochs early = new Epochs(InstantSource.fixed(Instant.ofEpochMilli(-5)));
        assertThat(early.next("t")).isZero();
        assertThat(early.next("t")).isEqualTo(1);
    }
}
