package io.statesync.http.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Revision;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The protocol, row by row, as a stranger's client sees it, whatever the container. */
@ParameterizedClass
@EnumSource(ServletServer.Kind.class)
@Timeout(300)
class StateServletTest {
    private static final String TOPIC = "settings/ä %2F&=+";

    private final StoreRegistry registry = StoreRegistry.create();
    private final RevisionedStore<String> fixed = RevisionedStore.<String>builder("fixed")
            .epoch(Revision.of(7))
            .validator(value -> {
                if (value.length() > 5000) {
                    throw new IllegalArgumentException("longer than 5000");
                }
            })
            .open(() -> "one");
    private final ServletServer.Kind container;
    private StateServlet servlet;
    private ServletServer server;
    private Http http;

    StateServletTest(ServletServer.Kind container) {
        this.container = container;
    }

    @BeforeEach
    void start() throws Exception {
        servlet = StateServlet.builder()
                .topic(fixed, JacksonCodec.json(String.class))
                .registry(registry, topic -> {
                    if (topic.startsWith("no codec")) {
                        throw new IllegalStateException("made to fail");
                    }
                    return topic.startsWith("hidden") ? null : JacksonCodec.json(String.class);
                })
                .authorizer((request, topic, action) -> {
                    if (topic.startsWith("login") && request.getHeader("Authorization") == null) {
                        return Access.UNAUTHENTICATED;
                    }
                    boolean secret = topic.startsWith("secret");
                    boolean readOnly = topic.startsWith("read-only") && action == Action.WRITE;
                    return secret || readOnly ? Access.DENIED : Access.ALLOWED;
                })
                .challenge("Bearer")
                .allowedOrigins(List.of("https://app.example.com"))
                .maxBody(10_000)
                .maxTopicLength(40)
                .maxTopicsPerStream(4)
                .maxStreams(5)
                .build();
        server = container.start(servlet);
        http = new Http(server.base());
    }

    @AfterEach
    void stop() throws Exception {
        http.close();
        servlet.close();
        server.close();
        assertThat(servlet.connections()).isEmpty();
    }

    // ---- pulling

    @Test
    void aSnapshotIsPulledWithItsVersionAsTag() throws Exception {
        HttpResponse<String> answer = http.get("/snapshot?topic=fixed");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"revision\":\"1\",\"epoch\":\"7\",\"data\":\"one\"}");
        assertThat(answer.headers().firstValue("ETag")).contains("W/\"7.1\"");
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(answer.headers().firstValue("Cache-Control")).contains("no-cache");
        assertThat(String.join(",", answer.headers().allValues("Vary"))).contains("Accept-Encoding");
    }

    @Test
    void whatIsThereAlreadyIsNotSentAgain() throws Exception {
        for (String tag : List.of("W/\"7.1\"", "\"7.1\"", "\"x\", W/\"7.1\"", "*")) {
            HttpResponse<String> answer = http.get("/snapshot?topic=fixed", "If-None-Match", tag);
            assertThat(answer.statusCode()).as(tag).isEqualTo(304);
            assertThat(answer.body()).isEmpty();
            assertThat(answer.headers().firstValue("ETag")).contains("W/\"7.1\"");
        }
        fixed.set("two");
        assertThat(http.get("/snapshot?topic=fixed", "If-None-Match", "W/\"7.1\"")
                        .body())
                .contains("\"two\"");
    }

    @Test
    void aHeadIsAnsweredLikeAGetWithoutTheBody() throws Exception {
        HttpResponse<String> answer = http.send("HEAD", "/snapshot?topic=fixed");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.headers().firstValue("ETag")).contains("W/\"7.1\"");
    }

    @Test
    void aTopicMayBeAnyText() throws Exception {
        registry.store(TOPIC, () -> "x");
        assertThat(http.get("/snapshot?topic=" + Http.encoded(TOPIC)).body()).contains("\"data\":\"x\"");
        try (Http.Events events = http.events("/events?topic=" + Http.encoded(TOPIC))) {
            assertThat(events.event()).contains("\"topic\":\"" + TOPIC + "\"");
        }
        registry.store("a\nevent: evil\n\n\"", () -> "x");
        try (Http.Events events = http.events("/events?topic=" + Http.encoded("a\nevent: evil\n\n\""))) {
            assertThat(events.event())
                    .startsWith("event: invalidation|data: {\"topic\":\"a\\nevent: evil\\n\\n\\\"\",\"revision\"");
        }
    }

    @Test
    void whatIsLongIsCompressedForWhoeverUnderstandsIt() throws Exception {
        fixed.set("x".repeat(3000));
        HttpResponse<byte[]> answer = http.bytes("/snapshot?topic=fixed", "Accept-Encoding", "br;q=1, gzip;q=0.5");
        assertThat(answer.headers().firstValue("Content-Encoding")).contains("gzip");
        assertThat(answer.body()).hasSizeLessThan(300);
        byte[] inflated = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
        assertThat(new String(inflated, UTF_8)).contains("x".repeat(3000));
        for (String refused : List.of("identity", "gzip;q=0", "gzip; q=0.000")) {
            assertThat(http.bytes("/snapshot?topic=fixed", "Accept-Encoding", refused)
                            .body())
                    .hasSizeGreaterThan(3000);
        }
    }

    @Test
    void aPullIsHeldUntilTheSourceIsThere() throws Exception {
        CompletableFuture<String> held = CompletableFuture.supplyAsync(() -> {
            try {
                return http.get("/snapshot?topic=fixed&minRevision=2&wait=20000")
                        .body();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> server.connections() > 0);
        fixed.set("two");
        assertThat(held.get(60, TimeUnit.SECONDS)).contains("\"two\"");
    }

    @Test
    void aPullThatWaitsInVainGetsWhatIsThere() throws Exception {
        assertThat(http.get("/snapshot?topic=fixed&minRevision=9&wait=30").body())
                .contains("\"one\"");
        assertThat(http.get("/snapshot?topic=fixed&minRevision=1&minEpoch=8&wait=30", "If-None-Match", "\"7.1\"")
                        .statusCode())
                .isEqualTo(304);
        assertThat(http.get("/snapshot?topic=fixed&minRevision=900&minEpoch=6&wait=20000")
                        .body())
                .contains("\"one\""); // an older epoch is passed: no waiting
    }

    @Test
    void manyArePulledAtOnce() throws Exception {
        registry.store("a", () -> "A");
        String answer = http.post("/snapshots", """
                        {"topics": [{"topic": "a"}, {"topic": "fixed", "revision": "1", "epoch": "7"},
                                    {"topic": "nowhere"}, {"topic": "secret"}]}""").body();
        assertThat(answer)
                .startsWith("{\"snapshots\":[{\"topic\":\"a\",\"revision\":\"1\",\"epoch\":\"")
                .endsWith("\"data\":\"A\"},{\"topic\":\"fixed\",\"status\":304},{\"topic\":\"nowhere\",\"status\":404},"
                        + "{\"topic\":\"secret\",\"status\":404}]}");
        assertThat(http.post("/snapshots", "{\"topics\":[]}").body()).isEqualTo("{\"snapshots\":[]}");
    }

    // ---- following

    @Test
    void aStreamSaysWhereTopicsStandAndWhenTheyMove() throws Exception {
        try (Http.Events events = http.events("/events?topic=fixed")) {
            assertThat(events.response().headers().firstValue("Content-Type").orElseThrow())
                    .startsWith("text/event-stream");
            assertThat(events.response().headers().firstValue("Cache-Control")).contains("no-cache, no-transform");
            assertThat(events.next()).isEqualTo("retry: 1000");
            assertThat(events.event())
                    .isEqualTo("event: invalidation|data: {\"topic\":\"fixed\",\"revision\":\"1\",\"epoch\":\"7\"}");
            fixed.set("two");
            assertThat(events.event()).contains("\"revision\":\"2\"");
        }
    }

    @Test
    void smallSnapshotsComeWithTheirEvents() throws Exception {
        try (Http.Events events = http.events("/events?topic=fixed&inline=60")) {
            assertThat(events.event())
                    .isEqualTo(
                            "event: snapshot|data: {\"topic\":\"fixed\",\"revision\":\"1\",\"epoch\":\"7\",\"data\":\"one\"}");
            fixed.set("x".repeat(60));
            assertThat(events.event()).startsWith("event: invalidation|").contains("\"revision\":\"2\"");
            fixed.set("three");
            assertThat(events.event()).startsWith("event: snapshot|").contains("\"three\"");
        }
    }

    @Test
    void topicsJoinAndLeaveALiveStream() throws Exception {
        registry.store("a", () -> "A");
        HttpResponse<String> made = http.post("/streams", "{\"topics\":[\"a\"]}");
        assertThat(made.statusCode()).isEqualTo(201);
        String id = made.body().replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        assertThat(made.body()).isEqualTo("{\"id\":\"" + id + "\",\"heartbeatMs\":15000}");
        try (Http.Events events = http.events("/streams/" + id)) {
            assertThat(events.event()).contains("\"topic\":\"a\"");
            assertThat(http.post("/streams/" + id, "{\"add\":[\"fixed\",\"secret\"],\"remove\":[\"a\"]}")
                            .body())
                    .isEqualTo("{}");
            assertThat(events.event()).contains("\"topic\":\"fixed\"");
            registry.store("a", () -> "").set("not heard");
            fixed.set("two");
            assertThat(events.event()).contains("\"topic\":\"fixed\",\"revision\":\"2\"");
        }
        // It keeps its topics for the next connection.
        try (Http.Events events = http.events("/streams/" + id, "Last-Event-ID", "5")) {
            assertThat(events.event()).contains("\"topic\":\"fixed\",\"revision\":\"2\"");
            StreamInfo info = servlet.connections().get(0);
            assertThat(info.lastEventId()).isEqualTo("5");
            assertThat(info.connected()).isTrue();
            assertThat(info.topics()).singleElement().satisfies(topic -> {
                assertThat(topic.topic()).isEqualTo("fixed");
                assertThat(topic.sent()).isEqualTo(fixed.version());
                assertThat(topic.acknowledged()).isNull();
            });
            http.get("/snapshot?topic=fixed&stream=" + id);
            assertThat(servlet.connections().get(0).topics().get(0).acknowledged())
                    .isEqualTo(fixed.version());
        }
    }

    @Test
    void aSecondConnectionTakesAStreamOver() throws Exception {
        String id =
                http.post("/streams", "{\"topics\":[\"fixed\"]}").body().replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        Http.Events first = http.events("/streams/" + id);
        assertThat(first.event()).contains("fixed");
        Http.Events second = http.events("/streams/" + id);
        assertThat(second.event()).contains("fixed");
        assertThat(first.event()).isNull();
        fixed.set("two");
        assertThat(second.event()).contains("\"revision\":\"2\"");
    }

    @Test
    void aStreamReplacesTheOneThatAClientHadBefore() throws Exception {
        String first =
                http.post("/streams", "{\"topics\":[\"fixed\"]}").body().replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        assertThat(http.post("/streams", "{\"topics\":[\"fixed\"],\"replaces\":\"" + first + "\"}")
                        .statusCode())
                .isEqualTo(201);
        assertThat(servlet.connections()).hasSize(1);
        assertThat(http.post("/streams/" + first, "{}").statusCode()).isEqualTo(404);
        assertThat(http.post("/streams", "{\"topics\":[],\"replaces\":\"unknown\"}")
                        .statusCode())
                .isEqualTo(201);
    }

    @Test
    void aCodecThatCannotBeHadIsTheServersFault() throws Exception {
        registry.store("no codec", () -> "x");
        assertProblem(http.get("/snapshot?topic=no%20codec"), 502, "source-failed", "log");
        assertProblem(http.post("/proposals", "{\"topic\":\"no codec\",\"data\":\"y\"}"), 502, "source-failed", "log");
        try (Http.Events events = http.events("/events?topic=no%20codec&topic=fixed&inline=100")) {
            fixed.set("two");
            assertThat(events.event()).isNotNull();
        }
    }

    @Test
    void aTopicMayBeFollowedBeforeItExists() throws Exception {
        try (Http.Events events = http.events("/events?topic=later")) {
            assertThat(events.next()).isEqualTo("retry: 1000");
            registry.store("later", () -> "now");
            assertThat(events.event()).contains("\"topic\":\"later\",\"revision\":\"1\"");
            registry.remove("later");
            registry.store("later", () -> "again");
            assertThat(events.event()).contains("\"topic\":\"later\",\"revision\":\"1\"");
        }
        assertThat(http.get("/snapshot?topic=later").body()).contains("again");
    }

    @Test
    void aSecretIsNotHeardOf() throws Exception {
        RevisionedStore<String> secret = registry.store("secret", () -> "x");
        assertThat(http.get("/snapshot?topic=secret").body())
                .isEqualTo(http.get("/snapshot?topic=secres").body().replace("secres", "secret"));
        try (Http.Events events = http.events("/events?topic=secret&topic=fixed")) {
            assertThat(events.event()).contains("fixed");
            secret.set("y");
            fixed.set("two");
            assertThat(events.event()).contains("fixed");
        }
    }

    // ---- writing

    @Test
    void aProposalIsTakenOrAnsweredWithWhereTheSourceIs() throws Exception {
        HttpResponse<String> taken =
                http.post("/proposals", "{\"topic\":\"fixed\",\"baseRevision\":\"1\",\"data\":\"two\"}");
        assertThat(taken.statusCode()).isEqualTo(200);
        assertThat(taken.body()).isEqualTo("{\"revision\":\"2\",\"epoch\":\"7\"}");
        HttpResponse<String> conflict = http.post(
                "/proposals", "{\"topic\":\"fixed\",\"baseRevision\":\"1\",\"baseEpoch\":\"7\",\"data\":\"three\"}");
        assertThat(conflict.statusCode()).isEqualTo(409);
        assertThat(conflict.body()).isEqualTo("{\"revision\":\"2\",\"epoch\":\"7\",\"data\":\"two\"}");
        HttpResponse<String> anyway = http.post("/proposals", "{\"topic\":\"fixed\",\"data\" : \"three\" }");
        assertThat(anyway.statusCode()).isEqualTo(200);
        HttpResponse<String> invalid =
                http.post("/proposals", "{\"topic\":\"fixed\",\"data\":\"" + "x".repeat(5001) + "\"}");
        assertThat(invalid.statusCode()).isEqualTo(422);
        assertThat(invalid.body()).contains("urn:statesync:rejected").contains("longer than 5000");
        assertThat(fixed.get()).isEqualTo("three");
    }

    @Test
    void aProposalThatIsAskedAgainIsNotWrittenAgain() throws Exception {
        String proposal = "{\"topic\":\"fixed\",\"data\":\"two\",\"proposalId\":\"p1\",\"sourceId\":\"me\"}";
        String first = http.post("/proposals", proposal).body();
        assertThat(http.post("/proposals", proposal).body()).isEqualTo(first);
        assertThat(fixed.version().revision()).isEqualTo(Revision.of(2));
    }

    @Test
    void whoMayNotWriteIsToldSo() throws Exception {
        registry.store("read-only", () -> "x");
        assertThat(http.post("/proposals", "{\"topic\":\"read-only\",\"data\":\"y\"}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(http.post("/proposals", "{\"topic\":\"secret\",\"data\":\"y\"}")
                        .statusCode())
                .isEqualTo(404);
        registry.store("login", () -> "x");
        HttpResponse<String> answer = http.post("/proposals", "{\"topic\":\"login\",\"data\":\"y\"}");
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(http.post("/proposals", "{\"topic\":\"login\",\"data\":\"y\"}", "Authorization", "Bearer x")
                        .statusCode())
                .isEqualTo(200);
    }

    // ---- what is wrong

    @Test
    void badInputIsNamed() throws Exception {
        assertProblem(http.get("/snapshot"), 400, "bad-request", "topic is missing");
        assertProblem(http.get("/snapshot?topic=%20"), 400, "bad-request", "topic must not be blank");
        assertProblem(http.get("/snapshot?topic=%FF"), 400, "bad-request", "not percent-encoded UTF-8");
        assertProblem(http.get("/snapshot?topic=a&topic=b"), 400, "bad-request", "parameter topic occurs 2 times");
        assertProblem(http.get("/snapshot?topic=fixed&minRevision=01"), 400, "bad-request", "minRevision");
        assertProblem(http.get("/snapshot?topic=fixed&wait=-1"), 400, "bad-request", "wait");
        assertProblem(http.get("/snapshot?topic=" + "x".repeat(41)), 400, "bad-request", "41 long");
        assertProblem(http.get("/snapshot?topic=nowhere"), 404, "no-such-topic", "nowhere");
        registry.store("hidden", () -> "x");
        assertProblem(http.get("/snapshot?topic=hidden"), 404, "no-such-topic", "hidden");
        assertProblem(http.get("/elsewhere"), 404, "no-such-path", "elsewhere");
        assertProblem(http.get("/streams/unknown"), 404, "no-such-stream", "make a new one");
        assertProblem(http.post("/streams/unknown", "{}"), 404, "no-such-stream", "make a new one");
        assertProblem(http.send("DELETE", "/snapshot?topic=fixed"), 405, "method-not-allowed", "DELETE");
        assertProblem(http.postAs("text/plain", "/proposals", "{}"), 415, "unsupported-media-type", "text/plain");
        assertProblem(http.post("/proposals", "{\"topic\":\"fixed\"}"), 400, "bad-request", "data");
        assertProblem(http.post("/proposals", "{\"topic\":1,\"data\":2}"), 400, "bad-request", "topic");
        assertProblem(http.post("/proposals", "nonsense"), 400, "bad-request", "not JSON");
        assertProblem(http.post("/proposals", "{\"a\":1,\"a\":1}"), 400, "bad-request", "twice");
        assertProblem(http.post("/proposals", "{} {}"), 400, "bad-request", "follows");
        assertProblem(http.post("/proposals", "[".repeat(200)), 400, "bad-request", "body");
        assertProblem(
                http.post("/proposals", "{\"topic\":\"fixed\",\"data\":" + "[".repeat(200)),
                400,
                "bad-request",
                "JSON");
        assertProblem(http.post("/proposals", "{\"topic\":\"fixed\",\"data\":{}}"), 422, "rejected", "not a state");
        assertProblem(http.post("/proposals", "{\"topic\":\"" + "x".repeat(20_000) + "\"}"), 413, "too-large", "10000");
        assertProblem(
                http.post("/streams", "{\"topics\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}"), 413, "too-large", "above 4");
        assertProblem(http.get("/events"), 400, "bad-request", "topic is missing");
        assertThat(servlet.connections()).isEmpty();
    }

    private static void assertProblem(HttpResponse<String> answer, int status, String type, String detail) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.body())
                .startsWith("{\"type\":\"urn:statesync:" + type + "\"")
                .contains("\"status\":" + status)
                .contains(detail);
    }

    @Test
    void thereIsALimitOfStreams() throws Exception {
        String follows = "{\"topics\":[\"fixed\"]}";
        for (int i = 0; i < 5; i++) {
            assertThat(http.post("/streams", follows).statusCode()).isEqualTo(201);
        }
        HttpResponse<String> answer = http.post("/streams", follows);
        assertProblem(answer, 503, "too-many-streams", "5");
        assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    }

    /** Whoever may not read anything can make streams all the same; they must not keep others out. */
    @Test
    void aStreamThatFollowsNothingMakesRoom() throws Exception {
        for (int i = 0; i < 6; i++) {
            assertThat(http.post("/streams", i % 2 == 0 ? "{}" : "{\"topics\":[\"secret\"]}")
                            .statusCode())
                    .isEqualTo(201);
        }
        for (int i = 0; i < 5; i++) {
            assertThat(http.post("/streams", "{\"topics\":[\"fixed\"]}").statusCode())
                    .isEqualTo(201);
        }
        assertThat(servlet.connections())
                .hasSize(5)
                .allMatch(stream -> stream.topics().size() == 1);
        assertProblem(http.post("/streams", "{}"), 503, "too-many-streams", "5");
    }

    /** RFC 9112, 9.6: a connection closed with unread input is reset, and the client loses the answer. */
    @Test
    void whoSendsTooMuchHearsIt() throws Exception {
        String body = "{\"topic\":\"" + "x".repeat(20_000) + "\"}";
        String request = "POST " + server.base().getPath() + "/proposals HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n";
        try (Socket socket = new Socket(server.base().getHost(), server.base().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(UTF_8));
            out.flush();
            for (String part : body.split("(?<=\\G.{4000})", -1)) {
                out.write(part.getBytes(UTF_8));
                out.flush();
            }
            socket.shutdownOutput();
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 413").contains("too-large").endsWith("above 10000\"}");
        }
    }

    // ---- other origins

    @Test
    void onlyPagesOfAllowedOriginsHaveAccess() throws Exception {
        HttpResponse<String> allowed = http.get("/snapshot?topic=fixed", "Referer", "https://app.example.com/");
        assertThat(allowed.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
        assertThat(String.join(",", allowed.headers().allValues("Vary"))).contains("Origin");
        for (String origin : List.of("https://app.example.com", "https://evil.example.com")) {
            boolean may = origin.contains("app");
            HttpResponse<String> answer = http.get("/snapshot?topic=fixed", "Origin", origin);
            assertThat(answer.headers()
                            .firstValue("Access-Control-Allow-Origin")
                            .isPresent())
                    .isEqualTo(may);
            HttpResponse<String> preflight =
                    http.send("OPTIONS", "/proposals", "Origin", origin, "Access-Control-Request-Method", "POST");
            assertThat(preflight.statusCode()).isEqualTo(may ? 204 : 405);
        }
    }

    // ---- the end

    @Test
    void aServerThatStopsTellsReadersToComeBack() throws Exception {
        try (Http.Events events = http.events("/events?topic=fixed")) {
            assertThat(events.event()).contains("fixed");
            CompletableFuture<HttpResponse<String>> held = CompletableFuture.supplyAsync(() -> {
                try {
                    return http.get("/snapshot?topic=fixed&minRevision=2&wait=30000");
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> server.connections() > 1);
            servlet.close();
            assertThat(events.next()).startsWith("retry: ");
            assertThat(events.next()).isNull();
            assertThat(held.get(60, TimeUnit.SECONDS).statusCode()).isIn(200, 503);
            assertProblem(http.get("/snapshot?topic=fixed"), 503, "stopping", "stops");
        }
    }

    @Test
    void aServletThatServesNothingIsNotBuilt() {
        assertThatThrownBy(() -> StateServlet.builder().build()).hasMessageContaining("nothing to serve");
        assertThatThrownBy(() -> StateServlet.builder().heartbeat(Duration.ZERO))
                .hasMessageContaining("heartbeat");
        assertThatThrownBy(() -> StateServlet.builder().allowedOrigins(List.of("*")))
                .hasMessageContaining("*");
        assertThatThrownBy(() -> StateServlet.builder()
                        .topic(fixed, JacksonCodec.json(String.class))
                        .topic(fixed, JacksonCodec.json(String.class)))
                .hasMessageContaining("fixed");
    }
}
