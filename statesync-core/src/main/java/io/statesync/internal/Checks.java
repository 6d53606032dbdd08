package io.statesync.internal;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks of options: a failure names the option and the value. */
public final class Checks {
    /** Longer ones count as this, 146 years, so that sums of two fit into 64 bits of nanoseconds. */
    private static final Duration MAX = Duration.ofNanos(Long.MAX_VALUE / 2);

    private Checks() {}

    public static Duration positive(String option, @Nullable Duration value) {
        Objects.requireNonNull(value, option);
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(option + " must be longer than zero: " + value);
        }
        return capped(value);
    }

    public static Duration notNegative(String option, @Nullable Duration value) {
        Objects.requireNonNull(value, option);
        if (value.isNegative()) {
            throw new IllegalArgumentException(option + " must not be negative: " + value);
        }
        return capped(value);
    }

    public static int notNegative(String option, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(option + " must not be negative: " + value);
        }
        return value;
    }

    public static int positive(String option, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(option + " must be at least 1: " + value);
        }
        return value;
    }

    public static String notBlank(String option, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(option + " must not be null or blank: " + Texts.quote(value));
        }
        return value;
    }

    private static Duration capped(Duration value) {
        return value.compareTo(MAX) > 0 ? MAX : value;
    }
}
