package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.TimeSource;
import io.statesync.http.server.Access;
import io.statesync.http.server.JettyServer;
import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many topics, many clients, many cycles: docs/http.md, "How it is tested", says how to run it at full size. */
@Timeout(600)
class HttpCampaignsTest {
    private static final int TOPICS = Integer.getInteger("statesync.campaign.topics", 1_000);
    private static final int CLIENTS = Integer.getInteger("statesync.campaign.clients", 100);
    private static final int CYCLES = Integer.getInteger("statesync.campaign.cycles", 100);
    private static final int WARM = 20; // cycles
    private static final long GROWTH = 6 << 20; // bytes; 1,000 states that stay have 10 MB
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration SPREAD = Duration.ofSeconds(2);
    private static final int WINDOW_MS = 100;
    private static final Backoff QUICK = Backoff.fixed(Duration.ofMillis(100));

    private final StoreRegistry registry = StoreRegistry.create();
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private final Queue<Long> pulls = new ConcurrentLinkedQueue<>(); // when the server was asked
    private StateServlet servlet;
    private JettyServer jetty;

    private void serve(Duration streamLinger) throws Exception {
        servlet = StateServlet.builder()
                .registry(registry, topic -> JacksonCodec.json(String.class))
                .authorizer((request, topic, action) -> {
                    if (request.getRequestURI().endsWith("/snapshot")) {
                        pulls.add(System.nanoTime());
                    }
                    return Access.ALLOWED;
                })
                .heartbeat(Duration.ofSeconds(1))
                .streamLinger(streamLinger)
                .build();
        jetty = new JettyServer(servlet);
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable closeable : toClose) {
            closeable.close();
        }
        servlet.close();
        jetty.close();
    }

    private <C extends AutoCloseable> C closing(C closeable) {
        toClose.push(closeable);
        return closeable;
    }

    private static RevisionSyncOptions.Builder<String> engine(HttpStateClient client, String topic) {
        return RevisionSyncOptions.<String>builder(topic)
                .source(client.topic(topic, JacksonCodec.json(String.class)))
                .catchUp(QUICK)
                .subscribeTimeout(LIMIT)
                .pullTimeout(LIMIT)
                .applier(snapshot -> {});
    }

    private static void startAll(List<RevisionSync<String>> engines) throws Exception {
        CompletableFuture<?>[] started =
                engines.stream().map(RevisionSync::start).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(started).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    // --- topics

    @Test
    void allTopicsOfAClientShareAStreamAndTheirPullsGoTogether() throws Exception {
        List<RevisionedStore<String>> stores = new ArrayList<>();
        for (int i = 0; i < TOPICS; i++) {
            stores.add(registry.store("topic-" + i, () -> "at first"));
        }
        serve(LIMIT);
        FaultProxy proxy = closing(new FaultProxy(jetty.port()));
        HttpStateClient client = closing(HttpStateClient.builder(proxy.uri("/state"))
                .inline(0)
                .requestTimeout(LIMIT)
                .readTimeout(LIMIT)
                .build());
        List<RevisionSync<String>> engines = new ArrayList<>();
        for (RevisionedStore<String> store : stores) {
            engines.add(closing(
                    StateSync.createRevisionSync(engine(client, store.topic()).build())));
        }
        startAll(engines);
        int atStart = pulls(proxy);
        proxy.fault("GET /state/snapshot?", Fault.delay(500)); // so that pulls meet
        proxy.fault("POST /state/snapshots", Fault.delay(500));
        Collections.shuffle(stores, new Random(1));
        List<RevisionedStore<String>> written = stores.subList(0, TOPICS / 10);
        written.forEach(store -> store.set("written"));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(engines)
                        .allSatisfy(engine -> assertThat(engine.localVersion())
                                .isEqualTo(registry.find(engine.topic()).version())));
        int forWrites = pulls(proxy) - atStart;
        System.out.printf(
                "topics=%d requestsThatPulledAtStart=%d written=%d requestsThatPulledThem=%d connections=%d%n",
                TOPICS, atStart, written.size(), forWrites, proxy.open());
        assertThat(forWrites).isLessThanOrEqualTo(written.size() / 2);
        assertThat(proxy.requests("GET /state/streams/")).hasSize(1);
    }

    private static int pulls(FaultProxy proxy) {
        return proxy.requests("GET /state/snapshot?").size()
                + proxy.requests("POST /state/snapshots").size();
    }

    // --- clients

    /** The system's time, which notes the waits that a spread may have chosen. */
    private static final class NotingTime implements TimeSource {
        private final Queue<Long> due = new ConcurrentLinkedQueue<>();
        private final Set<Object> waits = ConcurrentHashMap.newKeySet();
        private volatile boolean noting;

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public Instant now() {
            return Instant.now();
        }

        @Override
        public Timer schedule(Runnable task, Duration delay) {
            if (delay.compareTo(SPREAD) > 0) {
                return TimeSource.system().schedule(task, delay);
            }
            if (noting) {
                due.add(delay.toNanos());
            }
            Object wait = new Object();
            waits.add(wait);
            Timer timer = TimeSource.system()
                    .schedule(
                            () -> {
                                task.run();
                                waits.remove(wait);
                            },
                            delay);
            return () -> {
                timer.cancel();
                waits.remove(wait);
            };
        }
    }

    @Test
    void afterABroadcastAFleetPullsAsSpreadAsConfigured() throws Exception {
        RevisionedStore<String> store = registry.store("settings", () -> "at first");
        serve(LIMIT);
        NotingTime time = new NotingTime();
        HttpClient http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(LIMIT)
                .build();
        List<RevisionSync<String>> engines = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            HttpStateClient client = closing(HttpStateClient.builder(jetty.base())
                    .httpClient(http)
                    .inline(0)
                    .requestTimeout(LIMIT)
                    .readTimeout(LIMIT)
                    .build());
            engines.add(closing(StateSync.createRevisionSync(engine(client, "settings")
                    .pullSpread(SPREAD)
                    .random(new Random(i * 7919L))
                    .time(time)
                    .build())));
        }
        startAll(engines);
        await().atMost(LIMIT).until(() -> servlet.connections().size() == CLIENTS);
        await().atMost(LIMIT).until(time.waits::isEmpty); // what was said on connecting is spread, too
        pulls.clear();
        time.noting = true;
        long broadcast = System.nanoTime();
        store.set("broadcast");
        await().atMost(LIMIT)
                .until(() -> engines.stream()
                        .allMatch(engine -> engine.localVersion().equals(store.version())));
        assertThat(time.due).hasSize(CLIENTS);
        assertThat(pulls).hasSize(CLIENTS);
        int[] chosen = windows(time.due);
        long[] asked = pulls.stream().mapToLong(at -> at - broadcast).sorted().toArray();
        int[] met = windows(Arrays.stream(asked).boxed().toList());
        System.out.printf(
                "clients=%d spread=%s windows=%dms chosen=%s pulls=%s%n",
                CLIENTS, SPREAD, WINDOW_MS, Arrays.toString(chosen), Arrays.toString(met));
        double mean = CLIENTS * (double) WINDOW_MS / SPREAD.toMillis();
        assertThat(Arrays.stream(chosen).max().orElseThrow()).isLessThanOrEqualTo((int) (mean + 5 * Math.sqrt(mean)));
        long[] due = time.due.stream().mapToLong(Long::longValue).sorted().toArray();
        for (int i = 0; i < CLIENTS; i++) {
            assertThat(asked[i]).isGreaterThanOrEqualTo(due[i]); // nobody pulls before its time
        }
    }

    private static int[] windows(Iterable<Long> nanos) {
        int[] windows = new int[(int) (SPREAD.toMillis() / WINDOW_MS) + 1];
        nanos.forEach(at ->
                windows[(int) Math.min(TimeUnit.NANOSECONDS.toMillis(at) / WINDOW_MS, windows.length - 1L)]++);
        return windows;
    }

    // --- cycles

    @Test
    void cyclesOfStartAndStopKeepTheHeapFlat() throws Exception {
        registry.store("settings", () -> "x".repeat(10_000));
        serve(Duration.ofSeconds(5));
        URI base = jetty.base();
        List<WeakReference<?>> used = new ArrayList<>();
        long warm = 0;
        for (int i = 1; i <= CYCLES; i++) {
            try (HttpStateClient client = HttpStateClient.to(base);
                    RevisionSync<String> engine = StateSync.createRevisionSync(
                            engine(client, "settings").build())) {
                engine.start().get(60, TimeUnit.SECONDS);
                used.add(new WeakReference<>(client));
                used.add(new WeakReference<>(engine));
            }
            if (i == WARM) {
                warm = heap();
            }
        }
        long last = heap();
        System.out.printf("cycles=%d heapAfter%d=%d heapAtTheEnd=%d%n", CYCLES, WARM, warm, last);
        assertThat(last - warm).isLessThan(GROWTH);
        await().atMost(LIMIT).until(() -> {
            System.gc();
            return used.stream().filter(each -> each.get() != null).count() <= 10; // a thread may hold what it did last
        });
    }

    /** What is live, when the server has forgotten the streams that were left. */
    private long heap() {
        await().atMost(LIMIT).until(() -> servlet.connections().isEmpty());
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
