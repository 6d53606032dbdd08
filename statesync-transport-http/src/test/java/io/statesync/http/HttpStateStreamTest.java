package io.statesync.http;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.http.RawServer.Connection;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Call;
import io.statesync.testkit.RecordingHandler.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One stream for all topics, against a server that says exactly what a test lets it say. */
@Timeout(300)
class HttpStateStreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private ScriptedServer server;
    private HttpStateClient client;
    private int leases;

    @BeforeEach
    void start() throws IOException {
        leases = SharedHttpClients.leases();
        server = new ScriptedServer();
        client = builder().build();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
        assertThat(SharedHttpClients.leases()).isEqualTo(leases);
    }

    private HttpStateClient.Builder builder() {
        return HttpStateClient.builder(server.base()).backoff(Backoff.fixed(Duration.ofMillis(5)));
    }

    private CompletableFuture<Subscription> begin(String topic, RecordingHandler handler) throws Exception {
        return client.topic(topic, JacksonCodec.json(Integer.class))
                .subscriber()
                .subscribe(handler)
                .toCompletableFuture();
    }

    private Subscription subscribe(String topic, RecordingHandler handler) throws Exception {
        return begin(topic, handler).get(60, TimeUnit.SECONDS);
    }

    private static String invalidation(String topic, int revision) {
        return "event: invalidation\ndata: {\"topic\":\"" + topic + "\",\"revision\":\"" + revision + "\"}\n\n";
    }

    private static String snapshot(String topic, int revision, String data) {
        return "event: snapshot\ndata: {\"topic\":\"" + topic + "\",\"revision\":\"" + revision + "\",\"data\":" + data
                + "}\n\n";
    }

    private static StateVersion version(int revision) {
        return StateVersion.ofUnsigned(0, revision);
    }

    private static void awaitVersion(RecordingHandler handler, String topic, int revision) throws Exception {
        assertThat(handler.awaitCalls(
                        calls -> calls.stream().anyMatch(call -> call.tellsOf(topic, version(revision))), PATIENCE))
                .as("%s heard of revision %s: %s", topic, revision, handler.calls())
                .isTrue();
    }

    private static void awaitKind(RecordingHandler handler, Kind kind, int times) throws Exception {
        assertThat(handler.awaitCalls(
                        calls -> calls.stream()
                                        .filter(call -> call.kind() == kind)
                                        .count()
                                >= times,
                        PATIENCE))
                .as("%s times %s: %s", times, kind, handler.calls())
                .isTrue();
    }

    private static List<Kind> kinds(RecordingHandler handler) {
        return handler.calls().stream().map(Call::kind).toList();
    }

    // --- joining and leaving

    @Test
    void theFirstSubscriptionOpensAStreamAndTheLastEndsIt() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        assertThat(server.server.requests).isEmpty();
        Subscription subscription = subscribe("a \"ä\"", handler);
        Connection stream = server.stream();
        assertThat(server.server.lines()).containsExactly("POST /state/streams", "GET /state/streams/s1?inline=16384");
        assertThat(server.server.requests.get(0).body()).isEqualTo("{\"topics\":[\"a \\\"ä\\\"\"]}");
        assertThat(server.server.requests.get(0).headers()).containsEntry("content-type", "application/json");
        stream.raw("event: invalidation\ndata: {\"topic\":\"a \\\"ä\\\"\",\"revision\":\"7\"}\n\n");
        awaitVersion(handler, "a \"ä\"", 7);
        subscription.close();
        subscription.close();
        await().atMost(1, MINUTES).until(() -> server.requests("GET /streams/").size() == 1 && noStream());
    }

    private boolean noStream() throws IOException {
        // pooled connections stay; the stream's own is closed
        return server.server.openConnections() <= 1;
    }

    @Test
    void topicsJoinAndLeaveTheStreamThatIsOpenAndOthersMissNothing() throws Exception {
        RecordingHandler a = new RecordingHandler();
        RecordingHandler b = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        Subscription second = subscribe("b", b);
        assertThat(server.requests("POST /streams/"))
                .extracting(RawServer.Request::body)
                .containsExactly("{\"add\":[\"b\"],\"remove\":[]}");
        stream.raw(invalidation("a", 1) + invalidation("b", 1));
        awaitVersion(a, "a", 1);
        awaitVersion(b, "b", 1);
        second.close();
        await().atMost(1, MINUTES).until(() -> server.requests("POST /streams/").size() == 2);
        assertThat(server.requests("POST /streams/").get(1).body()).isEqualTo("{\"add\":[],\"remove\":[\"b\"]}");
        stream.raw(invalidation("b", 2) + invalidation("a", 2));
        awaitVersion(a, "a", 2);
        assertThat(b.hasHeardOf("b", version(2))).isFalse();
        assertThat(server.requests("POST /streams")).hasSize(1);
    }

    @Test
    void joinsThatComeWhileOneIsUnderWayGoTogether() throws Exception {
        subscribe("a", new RecordingHandler());
        CountDownLatch go = new CountDownLatch(1);
        server.on("POST /streams/", (request, to) -> {
            go.await();
            to.reply(200, "{}");
        });
        List<CompletableFuture<Subscription>> joining = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            joining.add(begin("t" + i, new RecordingHandler()));
        }
        assertThat(joining).noneMatch(CompletableFuture::isDone);
        go.countDown();
        for (CompletableFuture<Subscription> each : joining) {
            each.get(60, TimeUnit.SECONDS);
        }
        assertThat(server.requests("POST /streams/")).hasSize(2);
    }

    @Test
    void subscriptionsToOneTopicShareIt() throws Exception {
        RecordingHandler one = new RecordingHandler();
        RecordingHandler other = new RecordingHandler();
        Subscription first = subscribe("a", one);
        Connection stream = server.stream();
        subscribe("a", other);
        first.close();
        stream.raw(invalidation("a", 1));
        awaitVersion(other, "a", 1);
        assertThat(one.calls()).isEmpty();
        assertThat(server.server.requests).hasSize(2);
    }

    @Test
    void aTopicThatTheServerRefusesFailsAloneAndItsNeighboursJoin() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        server.stream();
        CountDownLatch go = new CountDownLatch(1);
        server.on("POST /streams/", (request, to) -> {
            go.await();
            to.reply(request.body().contains("bad") ? 400 : 200, "{}");
        });
        CompletableFuture<Subscription> first = begin("first", new RecordingHandler());
        List<CompletableFuture<Subscription>> good = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            good.add(begin("t" + i, new RecordingHandler()));
        }
        CompletableFuture<Subscription> bad = begin("bad", new RecordingHandler());
        go.countDown();
        first.get(60, TimeUnit.SECONDS);
        for (CompletableFuture<Subscription> each : good) {
            each.get(60, TimeUnit.SECONDS);
        }
        assertThatThrownBy(() -> bad.get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .hasMessageContaining("/state/streams/…: status 400");
        assertThat(a.count(Kind.DISCONNECTED)).isZero();
    }

    @Test
    void aRefusedFirstTopicDoesNotKeepOthersFromAStream() throws Exception {
        RawServer.Script strict = (request, to) -> {
            if (request.body().contains("bad")) {
                to.reply(413, "{}");
            } else {
                to.reply(201, "{\"id\":\"x\"}");
            }
        };
        server.on("POST /streams", strict);
        server.on("POST /streams/", strict);
        assertThatThrownBy(() -> subscribe("bad", new RecordingHandler())).hasMessageContaining("status 413");
        subscribe("good", new RecordingHandler());
    }

    // --- failing, and coming back

    @Test
    void subscribingFailsIfTheServerCannotBeReachedAndNothingIsLeft() throws Exception {
        server.on("POST /streams", (request, to) -> to.reply(503, "{\"type\":\"urn:statesync:too-many-streams\"}"));
        assertThatThrownBy(() -> subscribe("a", new RecordingHandler()))
                .hasMessageContaining("/state/streams: status 503");
        server.forget("POST /streams");
        subscribe("a", new RecordingHandler());
        assertThat(server.requests("POST /streams")).hasSize(2);
    }

    @Test
    void afterALossANewStreamHasAllTopicsAndNothingSaysPull() throws Exception {
        RecordingHandler a = new RecordingHandler();
        RecordingHandler b = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        subscribe("b", b);
        stream.cut();
        Connection next = server.stream();
        assertThat(server.requests("POST /streams").get(1).body())
                .startsWith("{\"topics\":[\"a\",\"b\"],\"replaces\":\"");
        next.raw(invalidation("a", 3));
        awaitVersion(a, "a", 3);
        assertThat(kinds(a)).containsExactly(Kind.DISCONNECTED, Kind.RESUMED, Kind.EVENT);
        awaitKind(b, Kind.RESUMED, 1);
        assertThat(kinds(b)).containsExactly(Kind.DISCONNECTED, Kind.RESUMED);
    }

    @Test
    void whileItCannotComeBackItKeepsTryingAndNewSubscriptionsFail() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        server.on("POST /streams", (request, to) -> to.reply(500, ""));
        stream.cut();
        await().atMost(1, MINUTES).until(() -> server.requests("POST /streams").size() > 5);
        assertThatThrownBy(() -> subscribe("b", new RecordingHandler())).hasMessageContaining("status 500");
        server.forget("POST /streams");
        server.stream().raw(invalidation("a", 3));
        awaitVersion(a, "a", 3);
        assertThat(a.count(Kind.DISCONNECTED)).isEqualTo(1);
    }

    @Test
    void aStreamThatTheServerForgotIsMadeAnewWithTheTopicThatWasJoining() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        server.stream();
        server.on("POST /streams/", (request, to) -> to.reply(404, "{\"type\":\"urn:statesync:no-such-stream\"}"));
        RecordingHandler b = new RecordingHandler();
        subscribe("b", b);
        assertThat(server.requests("POST /streams").get(1).body())
                .startsWith("{\"topics\":[\"a\",\"b\"],\"replaces\":\"");
        awaitKind(a, Kind.RESUMED, 1);
        assertThat(b.calls()).isEmpty();
    }

    @Test
    void aJoinWhoseOutcomeIsNotKnownFailsAndTheOthersStay() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        server.on("POST /streams/", (request, to) -> to.cut());
        assertThatThrownBy(() -> subscribe("b", new RecordingHandler())).isInstanceOf(ExecutionException.class);
        server.forget("POST /streams/");
        subscribe("b", new RecordingHandler());
        stream.raw(invalidation("a", 3));
        awaitVersion(a, "a", 3);
        assertThat(kinds(a)).containsExactly(Kind.EVENT);
    }

    @Test
    void after204NobodyComesBackBeforeSomebodySubscribes() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        server.on("GET /streams/", (request, to) -> to.reply(204, ""));
        stream.cut();
        awaitKind(a, Kind.DISCONNECTED, 1);
        await().atMost(1, MINUTES).until(() -> server.requests("GET /streams/").size() == 2);
        assertThatThrownBy(() -> subscribe("b", new RecordingHandler())).hasMessageContaining("204");
        server.forget("GET /streams/");
        subscribe("c", new RecordingHandler());
        awaitKind(a, Kind.RESUMED, 1);
    }

    // --- events

    @Test
    void aSnapshotIsDecodedOnTheExecutorAndANewerOneTakesItsPlace() throws Exception {
        BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        client.close();
        client = builder().executor(tasks::add).build();
        RecordingHandler a = new RecordingHandler();
        RecordingHandler witness = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        subscribe("w", witness);
        stream.raw(
                "event: snapshot\ndata: {\"data\": \ndata: 11 , \"x\": {}, \"topic\": \"a\", \"revision\": \"1\"}\n\n");
        tasks.take().run();
        assertThat(a.calls()).extracting(Call::version).containsExactly(version(1));
        assertThat(a.calls().get(0).payload()).isEqualTo(SnapshotEnvelope.of(Revision.of(1), 11));

        stream.raw(snapshot("a", 2, "12") + snapshot("a", 3, "13") + invalidation("a", 3) + invalidation("w", 1));
        awaitVersion(witness, "w", 1);
        tasks.take().run();
        assertThat(a.calls()).extracting(Call::version).containsExactly(version(1), version(3), version(3));
        assertThat(kinds(a)).containsExactly(Kind.SNAPSHOT, Kind.SNAPSHOT, Kind.EVENT);
        assertThat(tasks).isEmpty();
    }

    @Test
    void ifTheExecutorRefusesThereIsStillTheNews() throws Exception {
        client.close();
        client = builder()
                .executor(task -> {
                    throw new RejectedExecutionException("full");
                })
                .build();
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        server.stream().raw(snapshot("a", 2, "12"));
        awaitVersion(a, "a", 2);
        assertThat(kinds(a)).containsExactly(Kind.EVENT);
    }

    @Test
    void aSnapshotThatCannotBeDecodedIsReportedAndPulledInstead() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        server.stream().raw(snapshot("a", 5, "\"no number\""));
        awaitVersion(a, "a", 5);
        assertThat(kinds(a)).containsExactly(Kind.MALFORMED, Kind.EVENT);
        assertThat(a.calls().get(0).payload()).isEqualTo("the snapshot of revision \"5\"");
    }

    @Test
    void whatCannotBeReadIsReportedAndTheStreamGoesOn() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        Connection stream = server.stream();
        stream.raw("event: invalidation\ndata: {\"topic\":\"a\",\"topic\":\"a\"}\n\n"
                + "event: invalidation\ndata: nonsense" + "x".repeat(500) + "\n\n"
                + "event: invalidation\ndata: {\"revision\":\"1\"}\n\n"
                + "event: snapshot\ndata: {\"topic\":\"a\",\"revision\":\"1\"}\n\n"
                + "event: invalidation\ndata: {\"topic\":\"a\",\"revision\":\"01\"}\n\n"
                + "event: later\ndata: of another version\n\n"
                + invalidation("a", 9));
        awaitVersion(a, "a", 9);
        assertThat(kinds(a))
                .containsExactly(
                        Kind.MALFORMED, Kind.MALFORMED, Kind.MALFORMED, Kind.MALFORMED, Kind.MALFORMED, Kind.EVENT);
        assertThat(String.valueOf(a.calls().get(1).payload()))
                .startsWith("invalidation \"nonsensexxx")
                .hasSizeLessThan(230);
    }

    // --- close

    @Test
    void closingEndsTheStreamAndTellsEachSubscriptionOnce() throws Exception {
        RecordingHandler a = new RecordingHandler();
        subscribe("a", a);
        server.on("POST /streams/", (request, to) -> to.awaitEnd());
        CompletableFuture<Subscription> joining = begin("b", new RecordingHandler());
        await().atMost(1, MINUTES).until(() -> server.requests("POST /streams/").size() == 1);
        client.close();
        client.close();
        assertThatThrownBy(() -> joining.get(60, TimeUnit.SECONDS)).hasMessageContaining("the client was closed");
        assertThat(kinds(a)).containsExactly(Kind.DISCONNECTED);
        assertThatThrownBy(() -> begin("c", new RecordingHandler()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the client was closed");
        await().atMost(1, MINUTES).until(this::noStream);
    }
}
