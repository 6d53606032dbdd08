package io.statesync;

import io.statesync.internal.Checks;
import java.time.Duration;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: exponentially longer, up to a maximum, with or without jitter. Immutable.
 *
 * <p>Full jitter, the default, waits a uniformly random time between 0 and the exponential delay, so that many waiters
 * do not come back at once.
 */
public final class Backoff {
    private static final Backoff STANDARD = exponential(Duration.ofMillis(100), 2, Duration.ofSeconds(30));

    private final Duration initialDelay;
    private final double multiplier;
    private final Duration maxDelay;
    private final boolean jitter;

    private Backoff(Duration initialDelay, double multiplier, Duration maxDelay, boolean jitter) {
        this.initialDelay = initialDelay;
        this.multiplier = multiplier;
        this.maxDelay = maxDelay;
        this.jitter = jitter;
    }

    /** 100 ms, doubling, at most 30 s, full jitter: what the engine catches up with unless told otherwise. */
    public static Backoff standard() {
        return STANDARD;
    }

    /**
     * An exponential backoff with full jitter.
     *
     * @param initialDelay the delay before the second attempt
     * @param multiplier by how much each further delay is longer; at least 1
     * @param maxDelay the longest delay; at least {@code initialDelay}
     * @throws IllegalArgumentException if a value is out of its range, naming it
     */
    public static Backoff exponential(Duration initialDelay, double multiplier, Duration maxDelay) {
        if (!(multiplier >= 1) || Double.isInfinite(multiplier)) {
            throw new IllegalArgumentException("multiplier must be a finite number of at least 1: " + multiplier);
        }
        Duration initial = Checks.positive("initialDelay", initialDelay);
        Duration max = Checks.positive("maxDelay", maxDelay);
        if (max.compareTo(initial) < 0) {
            throw new IllegalArgumentException(
                    "maxDelay must not be shorter than initialDelay: " + maxDelay + " < " + initialDelay);
        }
        return new Backoff(initial, multiplier, max, true);
    }

    /** The same delay before every attempt, without jitter. */
    public static Backoff fixed(Duration delay) {
        return exponential(delay, 1, delay).withoutJitter();
    }

    /** This backoff without jitter: each delay is exactly the exponential one. */
    public Backoff withoutJitter() {
        return new Backoff(initialDelay, multiplier, maxDelay, false);
    }

    /** The delay before the second attempt, before jitter. */
    public Duration initialDelay() {
        return initialDelay;
    }

    /** By how much each further delay is longer. */
    public double multiplier() {
        return multiplier;
    }

    /** The longest delay. */
    public Duration maxDelay() {
        return maxDelay;
    }

    /** Whether full jitter is on. */
    public boolean hasJitter() {
        return jitter;
    }

    /**
     * The delay after a failed attempt.
     *
     * @param attempt which attempt failed, from 1
     * @param random where jitter comes from
     */
    public Duration delayAfter(int attempt, RandomGenerator random) {
        Objects.requireNonNull(random, "random");
        if (attempt < 1) {
            throw new IllegalArgumentException("attempt counts from 1: " + attempt);
        }
        double initial = initialDelay.toNanos();
        double max = maxDelay.toNanos();
        double delay = Math.min(max, initial * Math.pow(multiplier, attempt - 1));
        long nanos = Math.min((long) delay, maxDelay.toNanos());
        return Duration.ofNanos(jitter ? random.nextLong(nanos + 1) : nanos);
    }

    @Override
    public String toString() {
        return "Backoff[" + initialDelay + " ×" + multiplier + " ≤ " + maxDelay + (jitter ? ", full jitter]" : "]");
    }
}
