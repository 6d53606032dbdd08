package io.statesync.benchmarks.jms;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.SnapshotEnvelope;
import io.statesync.Subscription;
import io.statesync.jms.JmsConnection;
import io.statesync.jms.JmsInvalidationSubscriber;
import jakarta.jms.Connection;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program that counts how many events per second come from a broker: to a bare listener that takes the text, and to a
 * subscriber with a thousand topics. They take turns. Ends with exit code 1 if the subscriber is too slow.
 */
public final class Events {
    private static final int ROUNDS = 11;
    private static final int WARM_UP = 4;
    private static final int PER_ROUND = 100_000;
    private static final int TOPICS = 1_000;
    private static final double MIN_RATIO = 0.9;

    private static volatile CountDownLatch heard = new CountDownLatch(0);

    private Events() {}

    /** Counts. */
    private static final class Counting implements InvalidationHandler {
        @Override
        public void event(@Nullable InvalidationEvent event) {
            heard.countDown();
        }

        @Override
        public void event(@Nullable String topic, @Nullable String revision) {
            heard.countDown();
        }

        @Override
        public void event(@Nullable String topic, @Nullable String revision, @Nullable String epoch) {
            heard.countDown();
        }

        @Override
        public void event(
                @Nullable String topic,
                @Nullable String revision,
                @Nullable String epoch,
                @Nullable String sourceId,
                @Nullable Object payload) {
            heard.countDown();
        }

        @Override
        public void malformed(@Nullable Object payload, @Nullable Throwable cause) {
            throw new IllegalStateException("malformed: " + payload, cause);
        }

        @Override
        public void snapshot(@Nullable SnapshotEnvelope<?> snapshot) {}

        @Override
        public void snapshot(@Nullable String revision, @Nullable String epoch, @Nullable Object data) {}

        @Override
        public void reconnected() {}

        @Override
        public void disconnected() {}
    }

    private static double round(Raw sender) throws Exception {
        CountDownLatch all = new CountDownLatch(PER_ROUND);
        heard = all;
        long begin = System.nanoTime();
        for (int i = 0; i < PER_ROUND; i++) {
            sender.send("{\"topic\":\"topic " + i % TOPICS + "\",\"revision\":\"" + i
                    + "\",\"epoch\":\"1700000000000\",\"timestampMs\":1700000000000}");
        }
        if (!all.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException(all.getCount() + " events did not come");
        }
        return PER_ROUND / ((System.nanoTime() - begin) / 1e9);
    }

    /** Measures and prints. No arguments. */
    @SuppressWarnings("try") // some are only to be closed
    public static void main(String[] args) throws Exception {
        double[] bare = new double[ROUNDS];
        double[] ours = new double[ROUNDS];
        try (Broker broker = new Broker();
                Raw toBare = new Raw(broker.factory(), "bare");
                Raw toOurs = new Raw(broker.factory(), "ours");
                Connection listening = Raw.listen(broker.factory(), "bare", text -> heard.countDown());
                JmsConnection connection = JmsConnection.to(broker.factory());
                JmsInvalidationSubscriber subscriber = JmsInvalidationSubscriber.builder(connection)
                        .destination("ours")
                        .build()) {
            for (int i = 0; i < TOPICS; i++) {
                Subscription unused = subscriber
                        .topic("topic " + i)
                        .subscribe(new Counting())
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS);
            }
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                double first = round(toBare);
                double second = round(toOurs);
                if (round >= 0) {
                    bare[round] = first;
                    ours[round] = second;
                }
            }
        }
        Arrays.sort(bare);
        Arrays.sort(ours);
        double ratio = ours[ROUNDS / 2] / bare[ROUNDS / 2];
        System.out.printf(
                Locale.ROOT,
                "events per second: bare %.0f (%.0f to %.0f), subscriber %.0f (%.0f to %.0f); ratio %.2f, at least %.1f%n",
                bare[ROUNDS / 2],
                bare[0],
                bare[ROUNDS - 1],
                ours[ROUNDS / 2],
                ours[0],
                ours[ROUNDS - 1],
                ratio,
                MIN_RATIO);
        System.exit(ratio >= MIN_RATIO ? 0 : 1);
    }
}
