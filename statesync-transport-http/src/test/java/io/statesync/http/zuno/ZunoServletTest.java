package io.statesync.http.zuno;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.http.server.Access;
import io.statesync.http.server.Action;
import io.statesync.http.server.Http;
import io.statesync.http.server.ServletServer;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.StoreRegistry;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Zuno's protocol, row by row, as its clients see it, whatever the container. */
@ParameterizedClass
@EnumSource(ServletServer.Kind.class)
@Timeout(300)
class ZunoServletTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int LOG = 16;

    private final ServletServer.Kind container;
    private final InMemoryJournal<JsonNode> kept = new InMemoryJournal<>();
    private StoreRegistry registry;
    private ZunoServlet servlet;
    private ServletServer server;
    private Http http;

    ZunoServletTest(ServletServer.Kind container) {
        this.container = container;
    }

    @BeforeEach
    void start() throws Exception {
        registry = StoreRegistry.builder()
                .logSize(LOG)
                .journals(topic -> topic.startsWith("no journal") ? null : journal(topic), Runnable::run)
                .build();
        servlet = ZunoServlet.builder(registry)
                .authorizer((request, topic, action) -> {
                    if (topic.startsWith("login") && request.getHeader("Authorization") == null) {
                        return Access.UNAUTHENTICATED;
                    }
                    boolean readOnly = topic.startsWith("read-only") && action == Action.WRITE;
                    boolean fixed = topic.startsWith("fixed") && action == Action.CREATE;
                    return topic.startsWith("secret") || readOnly || fixed ? Access.DENIED : Access.ALLOWED;
                })
                .roomAuthorizer((request, room) -> switch (room) {
                    case "closed" -> Access.DENIED;
                    case "members" ->
                        request.getHeader("Authorization") == null ? Access.UNAUTHENTICATED : Access.ALLOWED;
                    case "broken" -> throw new IllegalStateException("on purpose");
                    default -> Access.ALLOWED;
                })
                .challenge("Bearer")
                .allowedOrigins(List.of("https://app.example.com"))
                .maxReaders(3)
                .heartbeat(Duration.ofMillis(200))
                .build();
        server = container.start(servlet);
        http = new Http(server.base());
    }

    private InMemoryJournal<JsonNode> journal(String topic) {
        return topic.equals("kept") ? kept : new InMemoryJournal<>();
    }

    @AfterEach
    void stop() throws Exception {
        http.close();
        servlet.close();
        server.close();
        Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> servlet.readers() == 0);
    }

    private static JsonNode json(String text) {
        return JSON.readTree(text);
    }

    private JsonNode post(int status, String body) throws Exception {
        return post(status, "/sync", body);
    }

    private JsonNode post(int status, String path, String body) throws Exception {
        HttpResponse<String> answer = http.post(path, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        return json(answer.body());
    }

    private JsonNode set(String key, String state) throws Exception {
        return post(200, "{\"storeKey\":\"" + key + "\",\"state\":" + state + "}")
                .get("event");
    }

    /** The data of the next event of a type. */
    private static JsonNode next(Http.Events events, String type) throws Exception {
        String begin = "event: " + type + "|data: ";
        String block = events.event();
        assertThat(block).startsWith(begin);
        return json(block.substring(begin.length()));
    }

    // ---- sse

    @Test
    void whoConnectsGetsASnapshotAndThenEachEventByteForByte() throws Exception {
        set("counter", "5");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(("GET " + server.base().getPath() + "/sse HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(UTF_8));
            out.flush();
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            StringBuilder text = new StringBuilder();
            readUntil(in, text, ": connected");
            long base = registry.events().lastId();
            JsonNode event = set("counter", "{\"a\":\"é\\n\"}");
            readUntil(in, text, "data: {\"storeKey\"");
            assertThat(text.toString().toLowerCase(java.util.Locale.ROOT))
                    .contains("content-type: text/event-stream;charset=utf-8")
                    .contains("cache-control: no-cache, no-transform")
                    .contains("x-accel-buffering: no");
            assertThat(text.toString().replaceAll(": ping \\d+\n\n", "").replaceAll("\n[0-9A-Fa-f]+\n", "\n"))
                    .contains("id: " + base
                            + "\nevent: snapshot\ndata: {\"counter\":{\"state\":5,\"version\":1}}\n\n: connected")
                    .contains("id: " + (base + 1)
                            + "\nevent: state\ndata: {\"storeKey\":\"counter\",\"state\":{\"a\":\"é\\n\"},\"version\":2,"
                            + "\"baseVersion\":1,\"ts\":" + event.get("ts") + ",\"eventId\":" + (base + 1) + "}");
        }
    }

    private static void readUntil(BufferedReader in, StringBuilder text, String begin) throws Exception {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            text.append(line).append('\n');
            if (line.startsWith(begin)) {
                return;
            }
        }
        throw new AssertionError("the stream ended: " + text);
    }

    @Test
    void anEventHasWhoWroteItAndItsPlace() throws Exception {
        set("counter", "5");
        Http.Events events = http.events("/sse");
        assertThat(next(events, "snapshot")).isEqualTo(json("{\"counter\":{\"state\":5,\"version\":1}}"));
        JsonNode answer = post(
                200,
                "{\"storeKey\":\"counter\",\"state\":6,\"baseVersion\":1,\"origin\":\"me\",\"ts\":3,\"version\":9}");
        assertThat(answer.get("ok").asBoolean()).isTrue();
        JsonNode event = next(events, "state");
        assertThat(event).isEqualTo(answer.get("event"));
        assertThat(event.get("version").asLong()).isEqualTo(2);
        assertThat(event.get("baseVersion").asLong()).isEqualTo(1);
        assertThat(event.get("origin").asString()).isEqualTo("me");
        assertThat(event.get("eventId").asLong()).isEqualTo(registry.events().lastId());
        registry.store("counter", () -> JSON.readTree("0")).set(JSON.readTree("7"));
        JsonNode own = next(events, "state");
        assertThat(own.get("state").asLong()).isEqualTo(7);
        assertThat(own.has("origin")).isFalse();
    }

    @Test
    void whatWasMissedIsReplayed() throws Exception {
        long id = set("counter", "1").get("eventId").asLong();
        set("counter", "2");
        set("counter", "3");
        for (boolean header : new boolean[] {true, false}) {
            Http.Events events = header
                    ? http.events("/sse", "Last-Event-ID", Long.toString(id))
                    : http.events("/sse?lastEventId=" + id);
            assertThat(next(events, "state").get("state").asLong()).isEqualTo(2);
            assertThat(next(events, "state").get("state").asLong()).isEqualTo(3);
        }
        Http.Events current = http.events("/sse?lastEventId=" + (id + 2));
        set("counter", "4");
        assertThat(next(current, "state").get("state").asLong()).isEqualTo(4);
    }

    @Test
    void anIdThatTheServerDoesNotKnowGetsASnapshot() throws Exception {
        long first = set("counter", "1").get("eventId").asLong();
        for (int i = 0; i < LOG; i++) {
            set("counter", "\"more\"");
        }
        for (String id : List.of("1", Long.toString(first - 1), Long.toString(first + 1_000_000), "x", "-1", "0")) {
            try (Http.Events events = http.events("/sse?lastEventId=" + id)) {
                assertThat(next(events, "snapshot").has("counter")).as(id).isTrue();
            }
            Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> {
                registry.store("poke", () -> json("0"))
                        .update(value -> value); // so that the container sees who is gone
                return servlet.readers() == 0;
            });
        }
    }

    @Test
    void whoFallsBehindTheLogGetsASnapshot() throws Exception {
        set("big", "0");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write(("GET " + server.base().getPath() + "/sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes(UTF_8));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            readUntil(in, new StringBuilder(), ": connected");
            String large = "\"" + "x".repeat(200_000) + "\"";
            for (int i = 0; i < 5 * LOG; i++) { // far more than sockets hold
                registry.store("big", () -> json("0")).set(json(large));
            }
            registry.store("big", () -> json("0")).set(json("\"last\""));
            StringBuilder text = new StringBuilder();
            readUntil(in, text, "event: snapshot");
            while (!text.toString().contains("\"last\"")) {
                readUntil(in, text, "data: ");
            }
        }
    }

    @Test
    void silenceIsFilledWithPings() throws Exception {
        Http.Events events = http.events("/sse");
        assertThat(events.next()).startsWith("event: snapshot|data: {}");
        assertThat(events.next()).isEqualTo(": connected");
        assertThat(events.next()).matches(": ping \\d{13}");
    }

    @Test
    void thereIsALimitOfReaders() throws Exception {
        for (int i = 0; i < 3; i++) {
            next(http.events("/sse"), "snapshot");
        }
        HttpResponse<String> answer = http.get("/sse");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("TOO_MANY_READERS");
        assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    }

    @Test
    void closingEndsTheStreamsAndRefusesMore() throws Exception {
        Http.Events events = http.events("/sse");
        next(events, "snapshot");
        servlet.close();
        assertThat(events.event()).isNull();
        assertThat(http.get("/snapshot").statusCode()).isEqualTo(503);
    }

    // ---- sync

    @Test
    void aWriteOnAnOldVersionGetsTheCurrentState() throws Exception {
        set("counter", "1");
        set("counter", "2");
        for (int base : new int[] {0, 1, 3}) {
            assertThat(post(409, "{\"storeKey\":\"counter\",\"state\":9,\"baseVersion\":" + base + "}"))
                    .isEqualTo(json("{\"ok\":false,\"reason\":\"VERSION_CONFLICT\","
                            + "\"current\":{\"state\":2,\"version\":2}}"));
        }
        assertThat(post(200, "{\"storeKey\":\"counter\",\"state\":9,\"baseVersion\":2}")
                        .get("event")
                        .get("version"))
                .isEqualTo(json("3"));
    }

    @Test
    void aKeyThatIsNotThereIsMade() throws Exception {
        assertThat(post(409, "{\"storeKey\":\"new\",\"state\":1,\"baseVersion\":4}"))
                .isEqualTo(json("{\"ok\":false,\"reason\":\"VERSION_CONFLICT\"," + "\"current\":{\"version\":0}}"));
        JsonNode event = post(200, "{\"storeKey\":\"new\",\"state\":null,\"baseVersion\":0,\"origin\":\"o\"}")
                .get("event");
        assertThat(event.get("version").asLong()).isEqualTo(1);
        assertThat(event.get("origin").asString()).isEqualTo("o");
        assertThat(event.get("state").isNull()).isTrue();
        assertThat(post(409, "{\"storeKey\":\"new\",\"state\":1,\"baseVersion\":0}")
                        .has("current"))
                .isTrue();
    }

    @Test
    void aWriteThatIsAskedAgainIsNotMadeTwice() throws Exception {
        String write = "{\"storeKey\":\"k\",\"state\":1,\"baseVersion\":0,\"idempotencyKey\":\"i1\"}";
        JsonNode first = post(200, write);
        JsonNode second = post(200, write);
        assertThat(second.get("duplicate").asBoolean()).isTrue();
        assertThat(second.get("event").get("version"))
                .isEqualTo(first.get("event").get("version"));
        String next = "{\"storeKey\":\"k\",\"state\":2,\"baseVersion\":1,\"idempotencyKey\":\"i2\"}";
        assertThat(post(200, next).has("duplicate")).isFalse();
        assertThat(post(200, next).get("duplicate").asBoolean()).isTrue();
        assertThat(registry.find("k").version().revision()).isEqualTo(Revision.of(2));
    }

    @Test
    void aPartOfAnObjectIsChanged() throws Exception {
        set("doc", "{\"a\":1,\"b\":{\"c\":[1.50]},\"d\":2}");
        JsonNode event = post(
                        200,
                        "{\"storeKey\":\"doc\",\"baseVersion\":1,\"delta\":{\"type\":\"object\",\"set\":{\"a\":3,\"e\":[]},"
                                + "\"unset\":[\"d\",\"x\"]}}")
                .get("event");
        assertThat(event.get("state")).isEqualTo(json("{\"a\":3,\"b\":{\"c\":[1.50]},\"e\":[]}"));
        assertThat(event.get("version").asLong()).isEqualTo(2);
        post(409, "{\"storeKey\":\"doc\",\"baseVersion\":1,\"delta\":{\"type\":\"object\",\"set\":{}}}");
        assertThat(post(200, "{\"storeKey\":\"doc\",\"delta\":{\"type\":\"object\",\"set\":{\"a\":4}}}")
                        .get("event")
                        .get("version"))
                .isEqualTo(json("3"));
        set("text", "\"x\"");
        String delta = "{\"storeKey\":\"text\",\"baseVersion\":1,\"delta\":{\"type\":\"object\",\"set\":{\"a\":4}}}";
        assertThat(post(200, delta).get("event").get("state"))
                .isEqualTo(json("{\"a\":4}")); // as Zuno's own server does
        assertThat(post(409, delta).get("current").get("state")).isEqualTo(json("{\"a\":4}"));
    }

    @Test
    void aBatchIsWrittenUpToTheFirstThatIsRefused() throws Exception {
        JsonNode all = post(
                200,
                "{\"events\":[{\"storeKey\":\"a\",\"state\":1},{\"storeKey\":\"b\",\"state\":2,\"baseVersion\":0}]}");
        assertThat(all.get("ok").asBoolean()).isTrue();
        assertThat(all.get("results")).hasSize(2);
        JsonNode some = post(
                409,
                "{\"events\":[{\"storeKey\":\"a\",\"state\":3},{\"storeKey\":\"b\",\"state\":4,\"baseVersion\":0},"
                        + "{\"storeKey\":\"a\",\"state\":5}]}");
        assertThat(some.get("ok").asBoolean()).isFalse();
        assertThat(some.get("conflictIndex").asInt()).isEqualTo(1);
        assertThat(some.get("results")).hasSize(2);
        assertThat(registry.snapshot().states().get("a").data()).isEqualTo(json("3"));
    }

    @Test
    void aBatchHasALimit() throws Exception {
        String write = "{\"storeKey\":\"a\",\"state\":1}";
        post(200, "{\"events\":[" + (write + ",").repeat(499) + write + "]}");
        assertInvalid("events", "{\"events\":[" + (write + ",").repeat(500) + write + "]}");
    }

    /** What a browser sends for a form of a foreign page, which it may send without being asked. */
    @Test
    void aFormOfAPageIsNotTaken() throws Exception {
        String write = "{\"storeKey\":\"a\",\"state\":1}";
        HttpRequest.Builder form = HttpRequest.newBuilder(URI.create(server.base() + "/sync"))
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString(write));
        assertThat(send(form.copy().header("Origin", "https://evil.example.com")))
                .isEqualTo(415);
        assertThat(registry.find("a")).isNull();
        assertThat(send(form)).isEqualTo(200);
    }

    private static int send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient()
                .send(request.build(), HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    @Test
    void whatIsNoWriteIsNamed() throws Exception {
        for (String body : List.of("nonsense", "[]", "{} {}", "{\"storeKey\":\"a\",\"storeKey\":\"a\"}", "")) {
            assertThat(post(400, body)).as(body).isEqualTo(json("{\"ok\":false,\"reason\":\"INVALID_JSON\"}"));
        }
        assertInvalid("storeKey", "{\"state\":1}");
        assertInvalid("storeKey", "{\"storeKey\":\" \",\"state\":1}");
        assertInvalid("storeKey", "{\"storeKey\":7,\"state\":1}");
        assertInvalid("storeKey", "{\"storeKey\":\"" + "x".repeat(257) + "\",\"state\":1}");
        assertInvalid("state", "{\"storeKey\":\"a\"}");
        assertInvalid("baseVersion", "{\"storeKey\":\"a\",\"state\":1,\"baseVersion\":-1}");
        assertInvalid("baseVersion", "{\"storeKey\":\"a\",\"state\":1,\"baseVersion\":\"1\"}");
        assertInvalid("origin", "{\"storeKey\":\"a\",\"state\":1,\"origin\":{}}");
        assertInvalid("delta", "{\"storeKey\":\"a\",\"delta\":{\"type\":\"array\",\"set\":{}}}");
        assertInvalid("operation", "{\"storeKey\":\"a\",\"state\":1,\"operation\":\"delete\"}");
        assertThat(registry.topics()).isEmpty();
    }

    private void assertInvalid(String field, String body) throws Exception {
        JsonNode answer = post(400, body);
        assertThat(answer.get("reason").asString()).as(body).isEqualTo("INVALID_EVENT");
        assertThat(answer.get("errors").get(0).get("field").asString()).as(body).isEqualTo(field);
    }

    @Test
    void aStateThatTheStoreRefusesGetsItsReason() throws Exception {
        registry.store("checked", () -> json("1"), value -> {
            if (!value.isNumber()) {
                throw new IllegalArgumentException("no number");
            }
        });
        JsonNode answer = post(400, "{\"storeKey\":\"checked\",\"state\":\"x\"}");
        assertThat(answer.toString()).contains("INVALID_EVENT").contains("no number");
    }

    @Test
    void aBodyThatIsTooLongIsNotTaken() throws Exception {
        String state = "\"" + "x".repeat(512 * 1024) + "\"";
        assertThat(post(413, "{\"storeKey\":\"a\",\"state\":" + state + "}"))
                .isEqualTo(json("{\"ok\":false,\"reason\":\"PAYLOAD_TOO_LARGE\"}"));
        byte[] body = ("{\"storeKey\":\"a\",\"state\":" + state + "}").getBytes(UTF_8);
        assertThat(postCompressed(body).statusCode()).isEqualTo(413);
        assertThat(postCompressed("{\"storeKey\":\"a\",\"state\":1}".getBytes(UTF_8))
                        .statusCode())
                .isEqualTo(200);
    }

    private HttpResponse<String> postCompressed(byte[] body) throws Exception {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(body);
        }
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.base() + "/sync"))
                .header("Content-Encoding", "gzip")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(compressed.toByteArray()))
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    // ---- versions

    @Test
    void aCountThatWasLostGoesOnAboveWhatClientsCanKnow() throws Exception {
        long first = set("no journal", "1").get("version").asLong();
        long more = set("no journal", "2").get("version").asLong();
        assertThat(more).isEqualTo(first + 1);
        registry.remove("no journal");
        long again = set("no journal", "3").get("version").asLong();
        assertThat(again).isGreaterThan(more).isLessThan(1L << 53);
    }

    @Test
    void aStoreWhoseNumbersAreUsedUpRefusesWrites() throws Exception {
        kept.commit(
                null,
                io.statesync.SnapshotEnvelope.of(io.statesync.StateVersion.ofUnsigned(0, (1L << 53) - 2), json("1")),
                null);
        assertThat(set("kept", "2").get("version").asLong()).isEqualTo((1L << 53) - 1);
        JsonNode answer = post(422, "{\"storeKey\":\"kept\",\"state\":3}");
        assertThat(answer.get("reason").asString()).isEqualTo("VERSION_LIMIT");
        assertThat(answer.toString()).contains("2^53");
        assertThat(json(http.get("/snapshot").body()).get("state").get("kept").get("state"))
                .isEqualTo(json("2"));
    }

    // ---- snapshot, rooms, rights

    @Test
    void aSnapshotCanBePulled() throws Exception {
        assertThat(json(http.get("/snapshot").body()))
                .isEqualTo(json(
                        "{\"state\":{},\"lastEventId\":" + registry.events().lastId() + "}"));
        set("b", "1");
        JsonNode event = set("a", "{}");
        assertThat(json(http.get("/snapshot").body()))
                .isEqualTo(json("{\"state\":{\"a\":{\"state\":{},\"version\":1},\"b\":{\"state\":1,\"version\":1}},"
                        + "\"lastEventId\":" + event.get("eventId") + "}"));
    }

    @Test
    void aRoomIsApart() throws Exception {
        post(200, "/lobby/sync", "{\"storeKey\":\"k\",\"state\":1}");
        Http.Events lobby = http.events("/lobby/sse");
        Http.Events kitchen = http.events("/kitchen/sse");
        assertThat(next(lobby, "snapshot")).isEqualTo(json("{\"k\":{\"state\":1,\"version\":1}}"));
        assertThat(next(kitchen, "snapshot")).isEqualTo(json("{}"));
        post(200, "/kitchen/sync", "{\"storeKey\":\"k\",\"state\":\"kitchen\"}");
        post(200, "/lobby/sync", "{\"storeKey\":\"k\",\"state\":\"lobby\"}");
        assertThat(next(lobby, "state").get("state").asString()).isEqualTo("lobby");
        assertThat(next(kitchen, "state").get("state").asString()).isEqualTo("kitchen");
        assertThat(json(http.get("/lobby/snapshot").body()).get("state").propertyNames())
                .containsExactly("k");
        assertThat(registry.topics()).containsExactly("kitchen/k", "lobby/k");
        assertThat(http.get("/a/b/sse").statusCode()).isEqualTo(404);
        assertThat(http.get("/a/").statusCode()).isEqualTo(404);
    }

    /** Clients take an answer for newer than what the stream says after it. */
    @Test
    void theAnswerToAWriteComesAfterItsEvent() throws Exception {
        set("n", "0");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(("GET " + server.base().getPath() + "/sse HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(UTF_8));
            out.flush();
            InputStream in = socket.getInputStream();
            StringBuilder text = new StringBuilder();
            while (!text.toString().contains(": connected")) {
                text.append((char) in.read());
            }
            int inTime = 0;
            for (int i = 1; i <= 200; i++) {
                long begin = System.nanoTime();
                set("n", String.valueOf(i));
                boolean late =
                        System.nanoTime() - begin > 200_000_000; // it waits 250 ms for a stream that stands still
                byte[] there = in.readNBytes(in.available());
                text.append(new String(there, UTF_8));
                if (!late) {
                    assertThat(text.toString()).contains("\"state\":" + i + ",");
                    inTime++;
                }
            }
            assertThat(inTime).isPositive();
        }
    }

    @Test
    void afterARestartWhatAJournalHasKeptIsThereForWrites() throws Exception {
        set("kept", "{\"a\":1}");
        set("kept", "{\"a\":2}");
        registry.remove("kept");
        JsonNode conflict = post(409, "{\"storeKey\":\"kept\",\"state\":0,\"baseVersion\":1}");
        assertThat(conflict.get("current")).isEqualTo(json("{\"state\":{\"a\":2},\"version\":2}"));
        registry.remove("kept");
        JsonNode event = post(
                        200,
                        "{\"storeKey\":\"kept\",\"baseVersion\":2,\"idempotencyKey\":null,"
                                + "\"delta\":{\"type\":\"object\",\"set\":{\"b\":3}}}")
                .get("event");
        assertThat(event.get("state")).isEqualTo(json("{\"a\":2,\"b\":3}"));
    }

    @Test
    void anEncodingThatIsNotKnownIsNotTaken() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.base() + "/sync"))
                .header("Content-Type", "application/json")
                .header("Content-Encoding", "br")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(json(answer.body()).get("reason").asString()).isEqualTo("UNSUPPORTED_ENCODING");
    }

    @Test
    void whoMayNotBeInARoomIsToldSoAndTakesNoPlace() throws Exception {
        String write = "{\"storeKey\":\"k\",\"state\":1}";
        for (String closed : List.of("/closed", "/broken")) {
            for (int i = 0; i < 5; i++) { // more than maxReaders
                assertThat(http.get(closed + "/sse").statusCode()).isEqualTo(403);
            }
            assertThat(http.get(closed + "/snapshot").statusCode()).isEqualTo(403);
            assertThat(post(403, closed + "/sync", write).get("reason").asString())
                    .isEqualTo("FORBIDDEN");
        }
        HttpResponse<String> refused = http.get("/members/sse");
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(servlet.readers()).isZero();
        assertThat(registry.topics()).isEmpty();
        try (Http.Events events = http.events("/members/sse", "Authorization", "me")) {
            assertThat(next(events, "snapshot")).isEmpty();
        }
    }

    @Test
    void whoMayWriteAStoreMayNotThereforeMakeOne() throws Exception {
        assertThat(post(403, "{\"storeKey\":\"fixed\",\"state\":1}")
                        .get("reason")
                        .asString())
                .isEqualTo("FORBIDDEN");
        assertThat(registry.topics()).isEmpty();
        registry.<JsonNode>store("fixed", () -> json("0"));
        assertThat(set("fixed", "1").get("version").asInt()).isEqualTo(2);
    }

    @Test
    void numbersStayWhatTheyAre() throws Exception {
        String state = "[1e400,0.1000,12345678901234567890.5]";
        set("numbers", state);
        assertThat(http.get("/snapshot").body()).contains("[1E+400,0.1000,12345678901234567890.5]");
    }

    @Test
    void whoMayNotHearsNothing() throws Exception {
        registry.store("secret", () -> json("1"));
        registry.store("shown", () -> json("1"));
        Http.Events events = http.events("/sse");
        assertThat(next(events, "snapshot").propertyNames()).containsExactly("shown");
        registry.store("secret too", () -> json("1"));
        registry.store("secret", () -> json("1")).set(json("2"));
        registry.store("shown", () -> json("1")).set(json("2"));
        assertThat(next(events, "state").get("storeKey").asString()).isEqualTo("shown");
        assertThat(json(http.get("/snapshot").body()).get("state").propertyNames())
                .containsExactly("shown");
        assertThat(post(403, "{\"storeKey\":\"secret\",\"state\":1}"))
                .isEqualTo(json("{\"ok\":false,\"reason\":\"FORBIDDEN\"}"));
        assertThat(post(403, "{\"storeKey\":\"read-only\",\"state\":1}")
                        .get("reason")
                        .asString())
                .isEqualTo("FORBIDDEN");
        HttpResponse<String> answer = http.post("/sync", "{\"storeKey\":\"login\",\"state\":1}");
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(registry.find("read-only")).isNull();
    }

    /** 400 would have clients drop the write; 409 has them make it again. */
    @Test
    void aStaleWriteIsAConflictWhateverItHolds() throws Exception {
        registry.store("checked", () -> json("1"), value -> {
            if (!value.isNumber()) {
                throw new IllegalArgumentException("no number");
            }
        });
        set("checked", "2");
        assertThat(post(409, "{\"storeKey\":\"checked\",\"state\":\"x\",\"baseVersion\":1}")
                        .get("current"))
                .isEqualTo(json("{\"state\":2,\"version\":2}"));
        post(409, "{\"storeKey\":\"checked\",\"delta\":{\"type\":\"object\",\"set\":{}},\"baseVersion\":1}");
    }

    @Test
    void aStoreOfATypeOfItsOwnIsServedByItsCodec() throws Exception {
        servlet.close();
        server.close();
        servlet = ZunoServlet.builder(registry)
                .codecs(topic -> topic.equals("hidden") ? null : JacksonCodec.json(String.class))
                .authorizer(io.statesync.http.server.Authorizer.allowAll())
                .build();
        server = container.start(servlet);
        http = new Http(server.base());
        registry.store("typed", () -> "text");
        registry.store("hidden", () -> 7);
        assertThat(json(http.get("/snapshot").body()).get("state").propertyNames())
                .containsExactly("typed");
        assertInvalid("state", "{\"storeKey\":\"typed\",\"state\":{}}");
        post(403, "{\"storeKey\":\"hidden\",\"state\":\"x\"}");
        set("typed", "\"more\"");
        assertThat(registry.find("typed").get()).isEqualTo("more");
    }

    @Test
    void onlyPagesOfAllowedOriginsHaveAccess() throws Exception {
        assertThat(http.get("/snapshot", "Origin", "https://app.example.com")
                        .headers()
                        .firstValue("Access-Control-Allow-Origin"))
                .contains("https://app.example.com");
        assertThat(http.get("/snapshot", "Origin", "https://evil.example.com")
                        .headers()
                        .firstValue("Access-Control-Allow-Origin"))
                .isEmpty();
        assertThat(http.send(
                                "OPTIONS",
                                "/sync",
                                "Origin",
                                "https://app.example.com",
                                "Access-Control-Request-Method",
                                "POST")
                        .statusCode())
                .isEqualTo(204);
        assertThat(http.send("DELETE", "/sync").statusCode()).isEqualTo(405);
    }
}
