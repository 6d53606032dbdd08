package io.statesync.source;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks and conversions of the options that are durations. */
final class Durations {
    private Durations() {}

    /** A duration longer than zero; a failure names the option and the value. */
    static Duration positive(String option, @Nullable Duration value) {
        Objects.requireNonNull(value, option);
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(option + " must be longer than zero: " + value);
        }
        return value;
    }

    /** A duration in nanoseconds; 292 years for whatever is longer. */
    static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }
}
