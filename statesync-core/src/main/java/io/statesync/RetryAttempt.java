package io.statesync;

import java.time.Duration;

/**
 * A failed attempt that will be followed by another.
 *
 * @param topic the topic pulled
 * @param attempt which attempt failed, from 1
 * @param error what failed
 * @param nextDelay when the next attempt comes
 */
public record RetryAttempt(String topic, int attempt, Throwable error, Duration nextDelay) {}
