package io.statesync.benchmarks.http;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.http.HttpStateClient;
import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program that measures the time from a write at the source until a replica has applied it, server and client in one JVM on
 * the loopback interface: pulled, beside a bare {@code HttpClient} that reads the events and gets the snapshot; and with the
 * snapshot inlined, from a store that delivers as it does by default, and from one that delivers on the writer's thread. Each
 * write waits for the one before to be applied; all take turns. Ends with exit code 1 if a bound is broken.
 */
public final class Latency {
    private static final int ROUNDS = 20;
    private static final int WARM_UP = 40;
    private static final int PER_ROUND = 500;
    private static final double MAX_RATIO = 1.3;
    private static final double MAX_PULLED_MILLIS = 0.58;
    private static final double MAX_INLINED_MILLIS = 0.12;
    private static final double MAX_INLINED_P99_MILLIS = 0.5;

    private final RevisionedStore<String> store;
    private final long[] nanos = new long[ROUNDS * PER_ROUND];
    private int measured;
    private volatile Applied waiting = new Applied("");

    /** Somebody who waits for a value. */
    private static final class Applied {
        private final String value;
        private final CountDownLatch latch = new CountDownLatch(1);
        private volatile long at;

        Applied(String value) {
            this.value = value;
        }
    }

    private Latency(RevisionedStore<String> store) {
        this.store = store;
    }

    private void applied(@Nullable String value) {
        Applied now = waiting;
        if (now.value.equals(value)) {
            now.at = System.nanoTime();
            now.latch.countDown();
        }
    }

    private void round(boolean warmUp) throws InterruptedException {
        for (int i = 0; i < PER_ROUND; i++) {
            Applied next = new Applied("value " + store.version().revision());
            waiting = next;
            long begin = System.nanoTime();
            store.set(next.value);
            if (!next.latch.await(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not applied: " + next.value);
            }
            if (!warmUp) {
                nanos[measured++] = next.at - begin;
            }
        }
    }

    private double[] percentiles() {
        Arrays.sort(nanos);
        return new double[] {nanos[nanos.length / 2] / 1e6, nanos[nanos.length * 99 / 100] / 1e6};
    }

    /** Measures and prints. No arguments. */
    public static void main(String[] args) throws Exception {
        Latency floor = new Latency(RevisionedStore.of("floor", ""));
        Latency pulled = new Latency(RevisionedStore.of("pulled", ""));
        Latency inlined = new Latency(RevisionedStore.of("inlined", ""));
        Latency direct = new Latency(RevisionedStore.<String>builder("direct")
                .deliverOn(Runnable::run)
                .open(() -> ""));
        JacksonCodec<String> codec = JacksonCodec.json(String.class);
        StateServlet servlet = StateServlet.builder()
                .topic(floor.store, codec)
                .topic(pulled.store, codec)
                .topic(inlined.store, codec)
                .topic(direct.store, codec)
                .build();
        try (Jetty jetty = Jetty.serving(servlet);
                HttpStateClient pulling =
                        HttpStateClient.builder(jetty.base()).inline(0).build();
                HttpStateClient inlining = HttpStateClient.builder(jetty.base()).build();
                RevisionSync<String> first = sync("pulled", pulling, codec, pulled);
                RevisionSync<String> second = sync("inlined", inlining, codec, inlined);
                RevisionSync<String> third = sync("direct", inlining, codec, direct)) {
            CompletableFuture<Void> bare = bare(jetty.base(), floor);
            CompletableFuture.allOf(first.start(), second.start(), third.start(), bare)
                    .get(10, TimeUnit.SECONDS);
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                floor.round(round < 0);
                pulled.round(round < 0);
                inlined.round(round < 0);
                direct.round(round < 0);
            }
            servlet.close();
        }
        boolean within = isWithin(floor.percentiles(), pulled.percentiles(), inlined.percentiles());
        double[] last = direct.percentiles();
        System.out.printf(
                Locale.ROOT, "inlined, delivered on the writer's thread: p50 %.3f ms, p99 %.3f ms%n", last[0], last[1]);
        System.exit(within ? 0 : 1);
    }

    private static boolean isWithin(double[] floor, double[] pulled, double[] inlined) {
        System.out.printf(Locale.ROOT, "floor    p50 %.3f ms, p99 %.3f ms%n", floor[0], floor[1]);
        System.out.printf(
                Locale.ROOT,
                "pulled   p50 %.3f ms, p99 %.3f ms; p50 to the floor's %.2f, at most %.1f; p50 at most %.2f ms%n",
                pulled[0],
                pulled[1],
                pulled[0] / floor[0],
                MAX_RATIO,
                MAX_PULLED_MILLIS);
        System.out.printf(
                Locale.ROOT,
                "inlined  p50 %.3f ms, p99 %.3f ms; at most %.2f and %.1f ms%n",
                inlined[0],
                inlined[1],
                MAX_INLINED_MILLIS,
                MAX_INLINED_P99_MILLIS);
        return pulled[0] / floor[0] <= MAX_RATIO
                && pulled[0] <= MAX_PULLED_MILLIS
                && inlined[0] <= MAX_INLINED_MILLIS
                && inlined[1] <= MAX_INLINED_P99_MILLIS;
    }

    private static RevisionSync<String> sync(
            String topic, HttpStateClient client, JacksonCodec<String> codec, Latency latency) {
        return StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(topic)
                .source(client.topic(topic, codec))
                .applier(snapshot -> latency.applied(snapshot.data()))
                .build());
    }

    /** A client that does no more than it must: a line of data, then a pull. Done when the stream is open. */
    private static CompletableFuture<Void> bare(URI base, Latency latency) {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest snapshot = HttpRequest.newBuilder(URI.create(base + "/snapshot?topic=floor"))
                .build();
        CompletableFuture<Void> open = new CompletableFuture<>();
        Flow.Subscriber<String> lines = new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(String line) {
                if (line.startsWith("data:")) {
                    open.complete(null);
                    client.sendAsync(snapshot, HttpResponse.BodyHandlers.ofByteArray())
                            .thenAccept(answer -> {
                                String body = new String(answer.body(), java.nio.charset.StandardCharsets.UTF_8);
                                int data = body.indexOf("\"data\":") + 7;
                                latency.applied(body.substring(data + 1, body.length() - 2));
                            });
                }
            }

            @Override
            public void onError(Throwable error) {
                open.completeExceptionally(error);
            }

            @Override
            public void onComplete() {
                open.completeExceptionally(new IllegalStateException("the stream ended"));
            }
        };
        client.sendAsync(
                HttpRequest.newBuilder(URI.create(base + "/events?topic=floor")).build(),
                HttpResponse.BodyHandlers.fromLineSubscriber(lines));
        return open;
    }
}
