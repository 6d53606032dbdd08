package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.WriteResult;
import io.statesync.http.HttpStateClient;
import io.statesync.http.SseClient;
import io.statesync.http.SseEvent;
import io.statesync.http.ZunoClient;
import io.statesync.http.server.Access;
import io.statesync.http.server.Action;
import io.statesync.http.server.Authorizer;
import io.statesync.http.server.JettyServer;
import io.statesync.http.server.StateServlet;
import io.statesync.http.zuno.ZunoServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/** The code of docs/http.md, run against a real server. */
@Timeout(300)
class HttpSnippetsTest {
    private static final Logger log = LoggerFactory.getLogger(HttpSnippetsTest.class);

    record Theme(String name, int size) {}

    /** Whoever issues tokens. */
    private static final class Tokens {
        CompletableFuture<String> newest(boolean refresh) {
            return CompletableFuture.completedFuture(refresh ? "new" : "old");
        }
    }

    private final Tokens tokens = new Tokens();

    // snippet: validTheme
    /** What is sent is made a Theme as far as it goes: a field that is missing is null, or 0. */
    static void check(Theme theme) {
        if (theme == null || theme.name() == null || theme.size() < 1) {
            throw new IllegalArgumentException("a theme has a name, and a size of at least 1");
        }
    }
    // end

    private static StateServlet serve() {
        // snippet: serveOverHttp
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<Theme> theme = registry.store("theme", () -> new Theme("light", 12), HttpSnippetsTest::check);

        StateServlet servlet = StateServlet.builder()
                .registry(registry, topic -> JacksonCodec.json(Theme.class))
                .authorizer(
                        (request, topic, action) -> action == Action.READ || request.getHeader("Authorization") != null
                                ? Access.ALLOWED
                                : Access.UNAUTHENTICATED)
                .build(); // add it to your container at /state/*, with asynchronous support

        theme.set(new Theme("dark", 12)); // whoever follows hears of it
        // end
        return servlet;
    }

    @Test
    void followsAndWrites() throws Exception {
        StateServlet servlet = serve();
        try (JettyServer server = new JettyServer(servlet)) {
            URI uri = server.base();
            AtomicReference<Theme> current = new AtomicReference<>();
            // snippet: followOverHttp
            HttpStateClient client = HttpStateClient.builder(uri)
                    .headers(refresh -> tokens.newest(refresh).thenApply(t -> Map.of("Authorization", "Bearer " + t)))
                    .build();
            RevisionSync<Theme> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Theme>builder("theme")
                    .source(client.topic("theme", JacksonCodec.json(Theme.class)))
                    .applier(snapshot -> current.set(snapshot.data()))
                    .build());
            sync.start().join(); // current is what the server has, and stays so

            StateReplica<Theme> replica =
                    StateReplica.of("theme", client.topic("theme", JacksonCodec.json(Theme.class)));
            replica.start().join();
            WriteResult<Theme> result = replica.set(new Theme("dark", 14)).join(); // the server has answered
            if (!result.isAccepted()) {
                log.warn("not written: {}", result); // refused, or somebody was faster
            }
            // end
            assertThat(result.isAccepted()).isTrue();
            await().atMost(Duration.ofSeconds(20)).until(() -> current.get().equals(new Theme("dark", 14)));
            // snippet: closeHttp
            replica.close();
            sync.close();
            client.close(); // last
            // end
        } finally {
            servlet.close();
        }
    }

    @Test
    void zunosClientsAreServed() throws Exception {
        // snippet: zunoServlet
        StoreRegistry registry = StoreRegistry.create();
        ZunoServlet zuno = ZunoServlet.builder(registry)
                .authorizer((request, topic, action) ->
                        action == Action.READ || isSignedIn(request) ? Access.ALLOWED : Access.DENIED)
                .build(); // add it to your container at /zuno/*, with asynchronous support

        RevisionedStore<JsonNode> theme = registry.store("theme", () -> StringNode.valueOf("light"));
        theme.set(StringNode.valueOf("dark")); // every client hears of it
        // end
        try (JettyServer server = new JettyServer(zuno)) {
            String snapshot = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(server.base() + "/snapshot"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            assertThat(snapshot).startsWith("{\"state\":{\"theme\":{\"state\":\"dark\",\"version\":");
            URI uri = server.base();
            // snippet: zunoClient
            ZunoClient client = ZunoClient.builder(
                            uri) // such as https://app.example.com/zuno, and the room if there is one
                    .headers(refresh -> tokens.newest(refresh).thenApply(t -> Map.of("Authorization", "Bearer " + t)))
                    .build();
            StateReplica<Integer> counter = client.replica("counter", JacksonCodec.json(Integer.class), () -> 0)
                    .conflicts(ConflictPolicy.merge(Math::max))
                    .build();
            counter.start().join();
            counter.observe(n -> log.info("the counter is at {}", n));
            counter.update(n -> n + 1).join();
            // end
            assertThat(counter.get()).isEqualTo(1);
            counter.close();
            client.close();
        } finally {
            zuno.close();
        }
    }

    /** By the container's session, say; Java clients may send a token. */
    private static boolean isSignedIn(HttpServletRequest request) {
        return request.getUserPrincipal() != null || request.getHeader("Authorization") != null;
    }

    /** Whichever container one has. */
    private static final class Container implements AutoCloseable {
        private JettyServer jetty;

        void add(StateServlet servlet, String path) throws Exception {
            jetty = new JettyServer(servlet);
            assertThat(path).isEqualTo("/state/*");
        }

        String url() {
            return "http://" + jetty.base().getAuthority();
        }

        @Override
        public void close() throws Exception {
            jetty.close();
        }
    }

    @Test
    void aStoreIsServedAndWrittenFromElsewhere() throws Exception {
        RevisionedStore<Theme> source = RevisionedStore.of("theme", new Theme("light", 12));
        try (Container container = new Container()) {
            // snippet: overANetwork
            StateServlet servlet = StateServlet.builder()
                    .topic(source, JacksonCodec.json(Theme.class))
                    .authorizer(Authorizer.allowAll()) // without one, nobody may write
                    .build();
            container.add(servlet, "/state/*");

            // in other processes
            HttpStateClient client = HttpStateClient.to(URI.create(container.url() + "/state"));
            StateReplica<Theme> replica =
                    StateReplica.of("theme", client.topic("theme", JacksonCodec.json(Theme.class)));
            replica.start().join();
            replica.set(new Theme("dark", 12)).join();
            // end
            assertThat(source.get()).isEqualTo(new Theme("dark", 12));
            replica.close();
            client.close();
            servlet.close();
        }
    }

    @Test
    void followsAnyStream() throws Exception {
        StateServlet servlet = serve();
        try (JettyServer server = new JettyServer(servlet)) {
            URI uri = URI.create(server.base() + "/events?topic=theme");
            LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
            // snippet: sseClient
            SseClient events = SseClient.builder(uri).open(new SseClient.Listener() {
                @Override
                public void onEvent(SseEvent event) {
                    heard.add(event.type() + " " + event.data());
                }
            });
            // end
            assertThat(heard.poll(20, TimeUnit.SECONDS)).startsWith("invalidation {\"topic\":\"theme\"");
            events.close();
        } finally {
            servlet.close();
        }
    }
}
