package io.statesync;

import java.util.Objects;

/**
 * How often a failed pull is tried again within its cycle (contract R1). Immutable.
 *
 * @param maxAttempts how many attempts a cycle makes at most, the first one included; at least 1
 * @param backoff how long to wait between them
 */
public record RetryPolicy(int maxAttempts, Backoff backoff) {
    private static final RetryPolicy NONE = new RetryPolicy(1, Backoff.standard());
    private static final RetryPolicy STANDARD = new RetryPolicy(
            3, Backoff.exponential(java.time.Duration.ofMillis(500), 2, java.time.Duration.ofSeconds(10)));

    /** Checks the values. */
    public RetryPolicy {
        Objects.requireNonNull(backoff, "backoff");
        if (maxAttempts < 1) {
            throw new IllegalArgumentException("maxAttempts must be at least 1: " + maxAttempts);
        }
    }

    /** One attempt. The default. */
    public static RetryPolicy none() {
        return NONE;
    }

    /** 3 attempts, 500 ms apart, doubling, at most 10 s, with full jitter. */
    public static RetryPolicy standard() {
        return STANDARD;
    }
}
