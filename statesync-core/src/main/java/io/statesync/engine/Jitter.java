package io.statesync.engine;

import io.statesync.Backoff;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Random delays. The source of randomness is user code, asked under the lock: when it fails, that costs the randomness and
 * no more.
 */
final class Jitter {
    private Jitter() {}

    /** The backoff's delay; without jitter if the source of randomness is broken. */
    static Duration delayAfter(Engine<?> engine, Backoff backoff, int attempt) {
        try {
            return backoff.delayAfter(attempt, engine.options.random().get());
        } catch (Throwable t) {
            broken(engine, t);
            return backoff.withoutJitter().delayAfter(attempt, ThreadLocalRandom.current());
        }
    }

    /** A random part of a duration; all of it if the source of randomness is broken. */
    static Duration partOf(Engine<?> engine, Duration longest) {
        try {
            return Duration.ofNanos(engine.options.random().get().nextLong(longest.toNanos() + 1));
        } catch (Throwable t) {
            broken(engine, t);
            return longest;
        }
    }

    private static void broken(Engine<?> engine, Throwable error) {
        engine.lock.add(Effect.of(() -> Logs.with(
                engine,
                () -> Logs.CALLBACK.warn(
                        "the option random failed; delays are not random: topic={} instance={}",
                        engine.topic(),
                        engine.instance(),
                        error))));
    }
}
