package io.statesync;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks of options: a failure names the option and the value. */
final class Checks {
    private static final Duration MAX = Duration.ofNanos(Long.MAX_VALUE);

    private Checks() {}

    static Duration positive(String option, @Nullable Duration value) {
        Objects.requireNonNull(value, option);
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(option + " must be longer than zero: " + value);
        }
        return value;
    }

    static Duration notNegative(String option, @Nullable Duration value) {
        Objects.requireNonNull(value, option);
        if (value.isNegative()) {
            throw new IllegalArgumentException(option + " must not be negative: " + value);
        }
        return value;
    }

    static String notBlank(String option, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(option + " must not be null or blank: " + Texts.quote(value));
        }
        return value;
    }

    /** A duration in nanoseconds; 292 years for whatever is longer. */
    static long nanos(Duration duration) {
        return duration.compareTo(MAX) > 0 ? Long.MAX_VALUE : duration.toNanos();
    }
}
