package io.statesync.benchmarks.jms;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.jackson.JacksonCodec;
import io.statesync.jms.JmsConnection;
import io.statesync.jms.JmsInvalidationPublisher;
import io.statesync.jms.JmsSnapshotResponder;
import io.statesync.jms.JmsStateClient;
import io.statesync.source.RevisionedStore;
import jakarta.jms.Connection;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program that measures the time from a write at the source until a replica has applied it, over a broker: pulled, beside a
 * bare listener that asks by request and reply; and inlined in the message, beside a bare listener. The bare ones send on the
 * thread that writes, and apply on that which hears: so does "direct", with direct executors at the store, at the source's
 * connection and at the engine. "Inlined" has the default executors, where neither the broker holds up who writes nor the applier who hears. Each write waits
 * for the one before to be applied; all take turns. Ends with exit code 1 if a bound is broken.
 */
public final class Latency {
    private static final int ROUNDS = 20;
    private static final int WARM_UP = 30;
    private static final int PER_ROUND = 300;
    private static final double MAX_PULLED = 1.3;
    private static final double MAX_INLINED = 1.2;
    private static final String DATA = "\"data\":\"";

    private final String name;
    private final Write write;
    private final long[] nanos = new long[ROUNDS * PER_ROUND];
    private int measured;
    private int written;
    private volatile String value = "";
    private volatile CountDownLatch latch = new CountDownLatch(1);
    private volatile long at;

    /** Writes a value, and says so. */
    private interface Write {
        void write(String value) throws Exception;
    }

    private Latency(String name, Write write) {
        this.name = name;
        this.write = write;
    }

    private void applied(String now) {
        if (now.equals(value)) {
            at = System.nanoTime();
            latch.countDown();
        }
    }

    /** The state in a snapshot's JSON. */
    private void appliedJson(String json) {
        int begin = json.indexOf(DATA) + DATA.length();
        applied(json.substring(begin, json.indexOf('"', begin)));
    }

    private void round(boolean warmUp) throws Exception {
        for (int i = 0; i < PER_ROUND; i++) {
            latch = new CountDownLatch(1);
            value = "value " + ++written;
            long begin = System.nanoTime();
            write.write(value);
            if (!latch.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not applied: " + name + ", " + value);
            }
            if (!warmUp) {
                nanos[measured++] = at - begin;
            }
        }
    }

    private double median() {
        Arrays.sort(nanos);
        double p50 = nanos[nanos.length / 2] / 1e6;
        System.out.printf(
                Locale.ROOT, "%-13s p50 %.3f ms, p99 %.3f ms%n", name, p50, nanos[nanos.length * 99 / 100] / 1e6);
        return p50;
    }

    private static String json(String value) {
        return "{\"topic\":\"raw\",\"revision\":\"1\",\"epoch\":\"1700000000000\"," + DATA + value + "\"}";
    }

    /** Measures and prints. No arguments. */
    @SuppressWarnings("try") // some are only to be closed
    public static void main(String[] args) throws Exception {
        JacksonCodec<String> codec = JacksonCodec.json(String.class);
        RevisionedStore<String> pulledStore = RevisionedStore.of("pulled", "");
        RevisionedStore<String> inlinedStore = RevisionedStore.of("inlined", "");
        RevisionedStore<String> directStore = RevisionedStore.<String>builder("direct")
                .deliverOn(Runnable::run)
                .open(() -> "");
        boolean within;
        try (Broker broker = new Broker();
                Raw rawPulled = new Raw(broker.factory(), "raw.pulled");
                Raw rawInlined = new Raw(broker.factory(), "raw.inlined");
                JmsConnection source = JmsConnection.to(broker.factory());
                JmsConnection directSource = JmsConnection.builder(broker.factory())
                        .executor(Runnable::run)
                        .build();
                JmsInvalidationPublisher pulledFrom = JmsInvalidationPublisher.builder(source)
                        .topic(pulledStore, codec)
                        .destination("pulled")
                        .inline(0)
                        .build();
                JmsInvalidationPublisher inlinedFrom = JmsInvalidationPublisher.builder(source)
                        .topic(inlinedStore, codec)
                        .destination("inlined")
                        .inline(4096)
                        .build();
                JmsInvalidationPublisher directFrom = JmsInvalidationPublisher.builder(directSource)
                        .topic(directStore, codec)
                        .destination("inlined")
                        .inline(4096)
                        .build();
                JmsSnapshotResponder responder = JmsSnapshotResponder.builder(source)
                        .topic(pulledStore, codec)
                        .topic(inlinedStore, codec)
                        .topic(directStore, codec)
                        .build();
                JmsStateClient pulling = JmsStateClient.builder(broker.factory())
                        .destination("pulled")
                        .build();
                JmsStateClient inlining = JmsStateClient.builder(broker.factory())
                        .destination("inlined")
                        .build()) {
            Latency bare =
                    new Latency("bare pulled", value -> rawPulled.send("{\"topic\":\"raw\",\"revision\":\"1\"}"));
            Latency bareInlined = new Latency("bare inlined", value -> rawInlined.send(json(value)));
            Latency pulled = new Latency("pulled", pulledStore::set);
            Latency inlined = new Latency("inlined", inlinedStore::set);
            Latency direct = new Latency("direct", directStore::set);
            try (Connection responding = Raw.respond(broker.factory(), "raw.requests", () -> json(bare.value));
                    Connection first = Raw.pull(broker.factory(), "raw.pulled", "raw.requests", bare::appliedJson);
                    Connection second = Raw.listen(broker.factory(), "raw.inlined", bareInlined::appliedJson);
                    RevisionSync<String> third = sync("pulled", pulling, codec, pulled, false);
                    RevisionSync<String> fourth = sync("inlined", inlining, codec, inlined, false);
                    RevisionSync<String> fifth = sync("direct", inlining, codec, direct, true)) {
                third.start().get(20, TimeUnit.SECONDS);
                fourth.start().get(20, TimeUnit.SECONDS);
                fifth.start().get(20, TimeUnit.SECONDS);
                for (int round = -WARM_UP; round < ROUNDS; round++) {
                    bare.round(round < 0);
                    pulled.round(round < 0);
                    bareInlined.round(round < 0);
                    inlined.round(round < 0);
                    direct.round(round < 0);
                }
            }
            double bareP50 = bare.median();
            double bareInlinedP50 = bareInlined.median();
            double pulledRatio = pulled.median() / bareP50;
            double inlinedRatio = inlined.median() / bareInlinedP50;
            double directRatio = direct.median() / bareInlinedP50;
            System.out.printf(
                    Locale.ROOT,
                    "to bare: pulled %.2f, at most %.1f; inlined %.2f; direct %.2f, at most %.1f%n",
                    pulledRatio,
                    MAX_PULLED,
                    inlinedRatio,
                    directRatio,
                    MAX_INLINED);
            within = pulledRatio <= MAX_PULLED && directRatio <= MAX_INLINED;
        }
        System.exit(within ? 0 : 1);
    }

    private static RevisionSync<String> sync(
            String topic, JmsStateClient client, JacksonCodec<String> codec, Latency latency, boolean direct) {
        RevisionSyncOptions.Builder<String> options = RevisionSyncOptions.<String>builder(topic)
                .source(client.topic(topic, codec))
                .applier(snapshot -> latency.applied(snapshot.data()));
        return StateSync.createRevisionSync((direct ? options.executor(Runnable::run) : options).build());
    }
}
