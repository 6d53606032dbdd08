package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** X1: a source that starts again is newer than the one before. */
class EpochsTest {
    private final AtomicLong clock = new AtomicLong(1_000);
    private final InstantSource source = () -> Instant.ofEpochMilli(clock.get());

    @Test
    void anEpochIsTheClocksMilliseconds() {
        assertThat(Epochs.next("t", source)).isEqualTo(1_000);
        clock.set(2_000);
        assertThat(Epochs.next("t", source)).isEqualTo(2_000);
    }

    @Test
    void theSameTopicNeverGetsAnEpochTwiceEvenIfTheClockStandsStillOrIsSetBack() {
        assertThat(Epochs.next("t", source)).isEqualTo(1_000);
        assertThat(Epochs.next("t", source)).isEqualTo(1_001);
        clock.set(10);
        assertThat(Epochs.next("t", source)).isEqualTo(1_002);
        assertThat(Epochs.next("t", source)).isEqualTo(1_003);
    }

    @Test
    void thousandsOfTopicsAtOnceDoNotRunAheadOfTheClock() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(Epochs.next("topic " + i, source)).isEqualTo(1_000);
        }
        assertThat(Epochs.next("topic 5", source)).isEqualTo(1_001);
        assertThat(Epochs.next("topic 6", source)).isEqualTo(1_001);
    }

    @Test
    void aClockBefore1970MintsNoNegativeEpoch() {
        InstantSource early = () -> Instant.ofEpochMilli(-5);
        assertThat(Epochs.next("t", early)).isZero();
        assertThat(Epochs.next("t", early)).isEqualTo(1);
    }

    @Test
    void storesThatAreMadeAnewWithinAMillisecondOfTheSameClockNeverReuseAVersion() {
        RevisionedStore<Integer> first =
                RevisionedStore.<Integer>builder("t").clock(source).open(() -> 1);
        RevisionedStore<Integer> second =
                RevisionedStore.<Integer>builder("t").clock(source).open(() -> 2);
        assertThat(second.version()).isGreaterThan(first.version());
    }

    /** As one number, epoch times 1,024 and revision: what Zuno's clients know, and drop if it goes back. */
    @Test
    void aStoreThatIsRemovedAfterManyWritesComesBackAboveAllItsNumbers() {
        StoreRegistry registry = StoreRegistry.builder().clock(source).build();
        RevisionedStore<Integer> store = registry.store("t", () -> 0);
        for (int i = 0; i < 5_000; i++) {
            store.set(i);
        }
        long last = number(store.version());
        registry.remove("t");
        long again = number(registry.store("t", () -> 0).version());
        registry.remove("t");
        long andAgain = number(registry.store("t", () -> 0).version());

        assertThat(again).isGreaterThan(last);
        assertThat(andAgain).isGreaterThan(again);
        assertThat(registry.store("other", () -> 0).version().epoch()).isEqualTo(Revision.of(1_000));
    }

    private static long number(StateVersion version) {
        return (version.epoch().bits() << 10) + version.revision().bits();
    }
}
