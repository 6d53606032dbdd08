package io.statesync.http;

import io.statesync.Backoff;
import io.statesync.TimeSource;
import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What an event stream's client was told to do.
 *
 * @param openTimeout how long the head of an answer may take
 * @param healthyAfter how long a connection must have been open to start the backoff anew
 * @param giveUpOnRefusal whether a refusal ends the client
 */
record SseOptions(
        Duration openTimeout,
        Backoff backoff,
        Duration healthyAfter,
        boolean giveUpOnRefusal,
        int maxLineBytes,
        int maxEventBytes,
        TimeSource time,
        Executor executor) {
    private static final Duration LONGEST_HINT = Duration.ofHours(1);

    /**
     * How long to wait before connecting again.
     *
     * @param failures how many attempts have failed since the last healthy connection, from 1
     * @param retryMillis what the stream's {@code retry:} said; null if nothing
     * @param retryAfter what the answer's {@code Retry-After} said; null if nothing
     */
    Duration delay(int failures, @Nullable Long retryMillis, @Nullable Duration retryAfter) {
        Duration delay = delay(failures, retryMillis);
        return retryAfter != null && retryAfter.compareTo(delay) > 0 ? retryAfter : delay;
    }

    private Duration delay(int failures, @Nullable Long retryMillis) {
        if (retryMillis == null) {
            return backoff.delayAfter(failures, ThreadLocalRandom.current());
        }
        Duration retry = Duration.ofMillis(Math.max(1, Math.min(retryMillis, LONGEST_HINT.toMillis())));
        Duration longest = retry.compareTo(backoff.maxDelay()) > 0 ? retry : backoff.maxDelay();
        Backoff asked = Backoff.exponential(retry, backoff.multiplier(), longest);
        if (!backoff.hasJitter()) {
            return asked.withoutJitter().delayAfter(failures, ThreadLocalRandom.current());
        }
        // Never earlier than asked, and not all at once.
        return retry.plus(asked.delayAfter(failures, ThreadLocalRandom.current()));
    }

    /** What {@code Retry-After} says (RFC 9110, 10.2.3), at most an hour; null if it says nothing that can be read. */
    @Nullable
    Duration retryAfter(HttpHeaders headers) {
        String value = headers.firstValue("Retry-After").orElse("").trim();
        if (value.matches("[0-9]{1,9}")) {
            return shortest(Duration.ofSeconds(Integer.parseInt(value)));
        }
        try {
            Instant date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration left = Duration.between(time.now(), date);
            return left.isNegative() ? Duration.ZERO : shortest(left);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static Duration shortest(Duration hint) {
        return hint.compareTo(LONGEST_HINT) > 0 ? LONGEST_HINT : hint;
    }
}
