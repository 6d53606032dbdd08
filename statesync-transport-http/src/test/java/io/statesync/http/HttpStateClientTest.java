package io.statesync.http;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.http.server.Access;
import io.statesync.http.server.JettyServer;
import io.statesync.http.server.StateServlet;
import io.statesync.http.server.StreamInfo;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Engines and replicas over the client, against the servlet in a Jetty. */
@Timeout(300)
class HttpStateClientTest {
    private static final Backoff QUICK = Backoff.fixed(Duration.ofMillis(20));

    private final RevisionedStore<String> store =
            RevisionedStore.<String>builder("settings").open(() -> "one");
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private StateServlet servlet;
    private JettyServer jetty;
    private HttpStateClient client;
    private int leases;

    @BeforeEach
    void start() throws Exception {
        leases = SharedHttpClients.leases();
        serve(0);
        client = client(16 * 1024);
    }

    private void serve(int port) throws Exception {
        servlet = StateServlet.builder()
                .topic(store, JacksonCodec.json(String.class))
                .authorizer((request, topic, action) -> Access.ALLOWED)
                .retry(Duration.ofMillis(20))
                .heartbeat(Duration.ofSeconds(1)) // only what it writes shows a container that a client is gone
                .build();
        jetty = new JettyServer(servlet, port);
    }

    private void stopServing() throws Exception {
        servlet.close();
        jetty.close();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable closeable : toClose) {
            closeable.close();
        }
        stopServing();
        assertThat(SharedHttpClients.leases()).isEqualTo(leases);
    }

    private HttpStateClient client(int inline) {
        HttpStateClient made = HttpStateClient.builder(jetty.base())
                .inline(inline)
                .backoff(QUICK)
                .build();
        toClose.add(made);
        return made;
    }

    private RevisionSync<String> engine(HttpStateClient over, AtomicReference<String> state) throws Exception {
        var binding = over.topic("settings", JacksonCodec.json(String.class));
        RevisionSync<String> engine = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("settings")
                .subscriber(binding.subscriber())
                .provider(binding.provider())
                .applier(snapshot -> state.set(snapshot.data()))
                .catchUp(QUICK)
                .build());
        toClose.add(0, engine);
        engine.start().toCompletableFuture().get(60, TimeUnit.SECONDS);
        return engine;
    }

    private static void awaitState(AtomicReference<String> state, String wanted) {
        await().atMost(Duration.ofSeconds(30)).untilAtomic(state, org.hamcrest.Matchers.equalTo(wanted));
    }

    @Test
    void anInlinedChangeIsAppliedWithoutAPullAndALargeOneIsPulled() throws Exception {
        AtomicReference<String> state = new AtomicReference<>();
        RevisionSync<String> engine = engine(client, state);
        assertThat(state).hasValue("one");
        long pulls = engine.status().pulls();
        store.set("two");
        awaitState(state, "two");
        assertThat(engine.status().pulls()).isEqualTo(pulls);
        String large = "x".repeat(50_000);
        store.set(large);
        awaitState(state, large);
        assertThat(engine.status().pulls()).isGreaterThan(pulls);
    }

    @Test
    void afterARestartOfTheServerOnlyWhatMovedIsPulled() throws Exception {
        HttpStateClient announced = client(0);
        AtomicReference<String> state = new AtomicReference<>();
        RevisionSync<String> engine = engine(announced, state);
        int port = jetty.port();
        stopServing();
        await().atMost(1, MINUTES).until(() -> !engine.status().connected());
        serve(port);
        await().atMost(Duration.ofSeconds(30)).until(() -> engine.status().connected());
        assertThat(engine.status().pulls()).isEqualTo(1);
        store.set("two");
        awaitState(state, "two");

        stopServing();
        await().atMost(1, MINUTES).until(() -> !engine.status().connected());
        store.set("three");
        serve(port);
        awaitState(state, "three");
        assertThat(engine.status().connected()).isTrue();
    }

    @Test
    void replicasWriteThroughItAndHearOfEachOther() throws Exception {
        StateReplica<String> one = replica("one");
        StateReplica<String> other = replica("two");
        one.set("written").toCompletableFuture().get(60, TimeUnit.SECONDS);
        await().atMost(1, MINUTES).until(() -> "written".equals(other.get()));
        assertThat(store.get()).isEqualTo("written");
        other.update(value -> value + "!").toCompletableFuture().get(60, TimeUnit.SECONDS);
        await().atMost(1, MINUTES).until(() -> "written!".equals(one.get()));
    }

    private StateReplica<String> replica(String sourceId) throws Exception {
        StateReplica<String> replica = StateReplica.<String>builder("settings")
                .source(client.topic("settings", JacksonCodec.json(String.class)))
                .sourceId(sourceId)
                .build();
        toClose.add(0, replica);
        replica.start().toCompletableFuture().get(60, TimeUnit.SECONDS);
        return replica;
    }

    @Test
    void cyclesOfStartAndStopLeaveNoStreamAndNoThreadBehind() throws Exception {
        for (int i = 0; i < 50; i++) {
            HttpStateClient passing = HttpStateClient.to(jetty.base());
            AtomicReference<String> state = new AtomicReference<>();
            try (passing;
                    RevisionSync<String> engine = engine(passing, state)) {
                assertThat(engine.status().connected()).isTrue();
            }
        }
        await().atMost(1, MINUTES).until(() -> servlet.connections().stream().noneMatch(StreamInfo::connected));
        await().atMost(1, MINUTES).until(() -> {
            System.gc(); // which ends the selectors of HttpClients that nobody has, before JDK 21
            return selectors() <= 1; // that of this test's client
        });
    }

    private static long selectors() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains("SelectorManager"))
                .count();
    }
}
