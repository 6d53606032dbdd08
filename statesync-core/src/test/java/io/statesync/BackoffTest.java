package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How long to wait (contract K, R1). */
class BackoffTest {
    private static final Duration LONGEST = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);

    @Provide
    Arbitrary<Backoff> backoffs() {
        Arbitrary<Duration> durations =
                Arbitraries.longs().between(1, Long.MAX_VALUE / 2).map(Duration::ofNanos);
        return Combinators.combine(durations, durations, Arbitraries.doubles().between(1, 1e6))
                .as((a, b, multiplier) -> a.compareTo(b) <= 0
                        ? Backoff.exponential(a, multiplier, b)
                        : Backoff.exponential(b, multiplier, a));
    }

    @Property
    void aDelayIsNeverNegativeNorLongerThanTheMaximum(
            @ForAll("backoffs") Backoff backoff, @ForAll @IntRange(min = 1) int attempt, @ForAll long seed) {
        Duration exact = backoff.withoutJitter().delayAfter(attempt, new Random(seed));
        Duration jittered = backoff.delayAfter(attempt, new Random(seed));
        assertThat(exact).isPositive().isLessThanOrEqualTo(backoff.maxDelay());
        assertThat(jittered).isBetween(Duration.ZERO, exact);
    }

    @Property
    void withoutJitterDelaysNeverShrink(
            @ForAll("backoffs") Backoff backoff, @ForAll @IntRange(min = 1, max = 2000) int attempt) {
        Backoff exact = backoff.withoutJitter();
        Random unused = new Random(1);
        assertThat(exact.delayAfter(attempt + 1, unused)).isGreaterThanOrEqualTo(exact.delayAfter(attempt, unused));
    }

    @Example
    void theStandardDoublesFrom100MsTo30S() {
        Backoff exact = Backoff.standard().withoutJitter();
        Random unused = new Random(1);
        int[] millis = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};
        for (int i = 0; i < millis.length; i++) {
            assertThat(exact.delayAfter(i + 1, unused)).isEqualTo(Duration.ofMillis(millis[i]));
        }
        assertThat(exact.delayAfter(Integer.MAX_VALUE, unused)).isEqualTo(Duration.ofSeconds(30));
        assertThat(Backoff.standard().hasJitter()).isTrue();
        assertThat(exact.hasJitter()).isFalse();
    }

    @Example
    void fullJitterReachesBothEnds() {
        Backoff backoff = Backoff.exponential(Duration.ofNanos(4), 1, Duration.ofNanos(4));
        boolean[] seen = new boolean[5];
        Random random = new Random(42);
        for (int i = 0; i < 1000; i++) {
            seen[(int) backoff.delayAfter(1, random).toNanos()] = true;
        }
        assertThat(seen).containsOnly(true);
    }

    @Example
    void fixedIsTheSameEachTime() {
        Backoff fixed = Backoff.fixed(Duration.ofSeconds(3));
        assertThat(fixed.hasJitter()).isFalse();
        assertThat(fixed.delayAfter(1, new Random(1))).isEqualTo(Duration.ofSeconds(3));
        assertThat(fixed.delayAfter(1000, new Random(1))).isEqualTo(Duration.ofSeconds(3));
    }

    @Example
    void theLongestDurationsDoNotOverflow() {
        Backoff backoff = Backoff.exponential(LONGEST, 1e300, LONGEST);
        for (int attempt : new int[] {1, 2, 1000, Integer.MAX_VALUE}) {
            assertThat(backoff.withoutJitter().delayAfter(attempt, new Random(1)))
                    .isGreaterThan(Duration.ofDays(36_500));
            assertThat(backoff.delayAfter(attempt, new Random(1))).isGreaterThanOrEqualTo(Duration.ZERO);
        }
    }

    @Example
    void itsValuesCanBeRead() {
        Backoff backoff = Backoff.exponential(Duration.ofMillis(5), 1.5, Duration.ofSeconds(1));
        assertThat(backoff.initialDelay()).isEqualTo(Duration.ofMillis(5));
        assertThat(backoff.multiplier()).isEqualTo(1.5);
        assertThat(backoff.maxDelay()).isEqualTo(Duration.ofSeconds(1));
        assertThat(backoff).hasToString("Backoff[PT0.005S ×1.5 ≤ PT1S, full jitter]");
        assertThat(backoff.withoutJitter()).hasToString("Backoff[PT0.005S ×1.5 ≤ PT1S]");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.99, 0, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void badMultipliersAreNamed(double multiplier) {
        assertThatThrownBy(() -> Backoff.exponential(Duration.ofSeconds(1), multiplier, Duration.ofSeconds(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("multiplier")
                .hasMessageContaining(Double.toString(multiplier));
    }

    @Example
    void badDelaysAreNamed() {
        assertThatThrownBy(() -> Backoff.exponential(Duration.ZERO, 2, Duration.ofSeconds(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("initialDelay must be longer than zero: PT0S");
        assertThatThrownBy(() -> Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(-2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxDelay must be longer than zero: PT-2S");
        assertThatThrownBy(() -> Backoff.exponential(Duration.ofSeconds(3), 2, Duration.ofSeconds(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxDelay")
                .hasMessageContaining("PT2S < PT3S");
        assertThatThrownBy(() -> Backoff.fixed(null)).hasMessage("initialDelay");
        assertThatThrownBy(() -> Backoff.standard().delayAfter(0, new Random(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("attempt");
        assertThatThrownBy(() -> Backoff.standard().delayAfter(1, null)).hasMessage("random");
    }

    @Example
    void retryPoliciesAreChecked() {
        assertThat(RetryPolicy.none().maxAttempts()).isEqualTo(1);
        RetryPolicy standard = RetryPolicy.standard();
        assertThat(standard.maxAttempts()).isEqualTo(3);
        assertThat(standard.backoff()).hasToString("Backoff[PT0.5S ×2.0 ≤ PT10S, full jitter]");
        assertThatThrownBy(() -> new RetryPolicy(0, Backoff.standard()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxAttempts must be at least 1: 0");
        assertThatThrownBy(() -> new RetryPolicy(1, null)).hasMessage("backoff");
    }
}
