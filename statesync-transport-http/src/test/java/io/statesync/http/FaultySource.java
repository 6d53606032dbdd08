package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.http.server.Access;
import io.statesync.http.server.JettyServer;
import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A source, its server, a {@link FaultProxy} before it, and clients that soon give up and try again. */
final class FaultySource implements AutoCloseable {
    static final String TOPIC = "settings";
    static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final Duration SILENCE = Duration.ofSeconds(1);
    private static final Backoff QUICK = Backoff.fixed(Duration.ofMillis(30));

    final FaultProxy proxy;
    final List<Follower> followers = new ArrayList<>();
    RevisionedStore<String> store;
    StateServlet servlet;
    private JettyServer jetty;
    private final int port;
    private final Duration timeout;

    FaultySource(StoreRegistry registry) throws Exception {
        this(registry, SHORT);
    }

    /**
     * A source whose server runs.
     *
     * @param timeout of each request of the clients
     */
    FaultySource(StoreRegistry registry, Duration timeout) throws Exception {
        this.timeout = timeout;
        serve(registry, 0);
        port = jetty.port();
        proxy = new FaultProxy(jetty.port());
    }

    static StoreRegistry registry(RecordingJournal journal, int logSize) {
        return StoreRegistry.builder()
                .logSize(logSize)
                .journals(topic -> journal, Runnable::run)
                .build();
    }

    private void serve(StoreRegistry registry, int port) throws Exception {
        store = registry.store(TOPIC, () -> "at first");
        servlet = StateServlet.builder()
                .registry(registry, topic -> JacksonCodec.json(String.class))
                .authorizer((request, topic, action) -> Access.ALLOWED)
                .retry(Duration.ofMillis(30))
                .heartbeat(Duration.ofMillis(100))
                .build();
        jetty = new JettyServer(servlet, port);
    }

    /** Stops the server, and starts another one on its port. */
    void restart(StoreRegistry registry) throws Exception {
        stopServing();
        serve(registry, port);
    }

    void stopServing() throws Exception {
        servlet.close();
        jetty.close();
    }

    int serverConnections() {
        return jetty.connections();
    }

    private HttpStateClient client(int inline) {
        return HttpStateClient.builder(proxy.uri("/state"))
                .inline(inline)
                .connectTimeout(timeout)
                .requestTimeout(timeout)
                .readTimeout(SILENCE)
                .pullWait(SHORT.dividedBy(4))
                .backoff(QUICK)
                .build();
    }

    private Follower add(Follower follower) {
        followers.add(follower);
        return follower;
    }

    /** An engine with a client of its own, begun. */
    Follower engine(int inline) {
        return add(Follower.engine(client(inline), timeout, QUICK));
    }

    /** A replica with a client of its own, begun. */
    Follower replica() {
        return add(Follower.replica(client(16 * 1024), timeout, QUICK));
    }

    /** Until all followers hear of the source, and have what it has. */
    void awaitConverged() {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(followers).allSatisfy(follower -> {
                    assertThat(follower.engine.status().connected()).isTrue();
                    follower.assertAt(store.version(), store.get());
                }));
    }

    @Override
    public void close() throws Exception {
        followers.forEach(Follower::close);
        proxy.close();
        stopServing();
    }
}
