package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.InvalidationSubscriber;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.http.HttpStateClient;
import io.statesync.http.server.JettyServer;
import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.ReconnectingSubscriberContract;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The worked transport of docs/http.md over a real WebSocket: the testkit's contract, and an engine. */
@Timeout(300)
class WebSocketTransportTest extends ReconnectingSubscriberContract {
    record Theme(String name, int size) {}

    private WebSocketServer server;

    @BeforeEach
    void open() throws Exception {
        server = new WebSocketServer();
    }

    @Override
    protected Duration patience() {
        return Duration.ofMinutes(1);
    }

    @AfterEach
    void end() throws Exception {
        server.close();
    }

    @Override
    protected InvalidationSubscriber createSubscriber() {
        return new WebSocketSubscriber(HttpClient.newHttpClient(), server.uri(), topic());
    }

    @Override
    protected String topic() {
        return "theme";
    }

    @Override
    protected void announce(StateVersion version) {
        server.announce(version);
    }

    @Override
    protected void breakConnection() throws Exception {
        server.stop();
    }

    @Override
    protected void healConnection() throws Exception {
        server.start();
    }

    @Test
    void anEngineFollowsByWebSocketAndPullsByHttpAlsoAfterALostConnection() throws Exception {
        RevisionedStore<Theme> store = RevisionedStore.of("theme", new Theme("light", 12));
        server.announce(store.version());
        StateServlet servlet = StateServlet.builder()
                .topic(store, JacksonCodec.json(Theme.class))
                .build();
        AtomicReference<Theme> current = new AtomicReference<>();
        try (JettyServer jetty = new JettyServer(servlet)) {
            URI webSocket = server.uri();
            URI base = jetty.base();
            // snippet: webSocketEngine
            HttpStateClient client = HttpStateClient.to(base);
            RevisionSync<Theme> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Theme>builder("theme")
                    .subscriber(new WebSocketSubscriber(HttpClient.newHttpClient(), webSocket, "theme"))
                    .provider(client.topic("theme", JacksonCodec.json(Theme.class))
                            .provider())
                    .applier(snapshot -> current.set(snapshot.data()))
                    .build());
            // end
            try (client;
                    sync) {
                sync.start().get(60, TimeUnit.SECONDS);
                assertThat(current.get()).isEqualTo(new Theme("light", 12));

                store.set(new Theme("dark", 12));
                server.announce(store.version());
                await().atMost(Duration.ofSeconds(30)).until(() -> current.get().equals(new Theme("dark", 12)));

                server.stop();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> !sync.status().connected());
                store.set(new Theme("dark", 14));
                server.announce(store.version());
                server.start();
                await().atMost(Duration.ofSeconds(30)).until(() -> current.get().equals(new Theme("dark", 14)));
                assertThat(sync.status().connected()).isTrue();
            }
        } finally {
            servlet.close();
        }
    }
}
