package io.statesync.simulation;

import io.statesync.Backoff;
import io.statesync.RetryPolicy;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotCache;
import io.statesync.Startup;
import io.statesync.Throttling;
import java.time.Duration;
import java.util.SplittableRandom;

/** Options drawn at random, each at its default in half the engines. */
final class RandomOptions {
    private final SplittableRandom random;

    private RandomOptions(World world) {
        this.random = world.random();
    }

    /** Sets options; answers whether the engine pulls now and then on its own. */
    static boolean draw(RevisionSyncOptions.Builder<String> builder, World world, SnapshotCache<String> cache) {
        return new RandomOptions(world).draw(builder, cache);
    }

    private boolean draw(RevisionSyncOptions.Builder<String> builder, SnapshotCache<String> cache) {
        builder.random(random.split())
                .pullTimeout(millis(100, 30_000))
                .subscribeTimeout(millis(100, 30_000))
                .cacheTimeout(millis(100, 30_000));
        if (random.nextBoolean()) {
            builder.cache(cache);
        }
        if (random.nextBoolean()) {
            builder.startup(random.nextBoolean() ? Startup.FAIL_FAST : Startup.KEEP_TRYING);
        }
        if (random.nextBoolean()) {
            builder.throttling(throttling());
        }
        if (random.nextBoolean()) {
            builder.retry(new RetryPolicy(1 + random.nextInt(4), backoff(1_000, 10_000)));
        }
        if (random.nextBoolean()) {
            builder.catchUp(backoff(500, 30_000));
        }
        if (random.nextBoolean()) {
            builder.giveUpAfter(millis(1_000, 60_000));
        }
        if (random.nextBoolean()) {
            builder.pullSpread(millis(1, 2_000));
        }
        boolean resyncs = random.nextInt(4) == 0;
        if (resyncs) {
            builder.resyncInterval(millis(1_000, 60_000));
        }
        return resyncs;
    }

    private Throttling throttling() {
        Throttling.Builder builder = Throttling.builder();
        boolean debounces = random.nextBoolean();
        if (debounces) {
            Duration debounce = millis(1, 500);
            builder.debounce(debounce);
            if (random.nextBoolean()) {
                builder.maxWait(debounce.multipliedBy(1 + random.nextInt(4)));
            }
        }
        if (!debounces || random.nextBoolean()) {
            builder.throttle(millis(1, 2_000)).leading(random.nextBoolean());
        }
        return builder.build();
    }

    private Backoff backoff(int initial, int max) {
        Duration first = millis(1, initial);
        Backoff backoff = Backoff.exponential(first, 1 + random.nextDouble() * 2, first.plus(millis(1, max - initial)));
        return random.nextBoolean() ? backoff : backoff.withoutJitter();
    }

    private Duration millis(int least, int most) {
        return Duration.ofMillis(random.nextInt(least, most + 1));
    }
}
