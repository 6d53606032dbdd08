package io.statesync.http;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.NotModified;
import io.statesync.ProtocolException;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.http.RawServer.Request;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class HttpStatePullTest {
    private static final String SEVEN = "{\"revision\":\"7\",\"epoch\":\"3\",\"data\":\"x\"}";

    private ScriptedServer server;
    private HttpStateClient client;
    private final Semaphore held = new Semaphore(0);

    @BeforeEach
    void start() throws IOException {
        server = new ScriptedServer();
        client = HttpStateClient.builder(server.base())
                .maxSnapshotBytes(1000)
                .pullConcurrency(2)
                .batch(8)
                .build();
    }

    @AfterEach
    void stop() throws IOException {
        held.release(1000);
        client.close();
        server.close();
    }

    private void answer(int status, String body, String... headers) {
        server.on("GET /snapshot", (request, to) -> to.reply(status, body, headers));
    }

    private CompletableFuture<PullResult<String>> begin(FakePullRequest request) throws Exception {
        return client.topic(request.topic(), JacksonCodec.json(String.class))
                .provider()
                .getSnapshot(request)
                .<PullResult<String>>thenApply(result -> result)
                .toCompletableFuture();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private PullResult<String> pull(FakePullRequest request) throws Exception {
        return get(begin(request));
    }

    private static SnapshotEnvelope<String> seven() {
        return new SnapshotEnvelope<>(Revision.of(7), Revision.of(3), "x");
    }

    // --- one

    @Test
    void aPullSaysWhatIsHeldAndWanted() throws Exception {
        answer(200, SEVEN);
        FakePullRequest request = FakePullRequest.of("a &ä+")
                .holding(StateVersion.ofUnsigned(3, 6))
                .wanting(StateVersion.ofUnsigned(3, -1));
        assertThat(pull(request)).isEqualTo(seven());
        Request sent = server.requests("GET /snapshot").get(0);
        assertThat(sent.target())
                .isEqualTo(
                        "/state/snapshot?topic=a%20%26%C3%A4%2B&minRevision=18446744073709551615&minEpoch=3&wait=5000");
        assertThat(sent.headers()).containsEntry("if-none-match", "W/\"3.6\"").containsEntry("accept-encoding", "gzip");
    }

    @Test
    void aPullNamesTheStreamThatIsOpen() throws Exception {
        answer(200, SEVEN);
        get(client.topic("a", JacksonCodec.json(String.class))
                .subscriber()
                .subscribe(new RecordingHandler())
                .toCompletableFuture());
        pull(FakePullRequest.of("a"));
        assertThat(server.requests("GET /snapshot").get(0).target()).isEqualTo("/state/snapshot?topic=a&stream=s1");
        assertThat(server.requests("GET /snapshot").get(0).headers()).doesNotContainKey("if-none-match");
    }

    @Test
    void aStatus304IsNotModified() throws Exception {
        answer(304, "");
        assertThat(pull(FakePullRequest.of("a").holding(StateVersion.ofUnsigned(3, 6))))
                .isSameAs(NotModified.instance());
    }

    @Test
    void nullIsAState() throws Exception {
        answer(200, "{\"data\":null,\"revision\":\"7\"}");
        assertThat(pull(FakePullRequest.of("a"))).isEqualTo(SnapshotEnvelope.of(Revision.of(7), null));
    }

    @Test
    void anErrorNamesTopicAndStatus() throws Exception {
        answer(404, "{\"type\":\"urn:statesync:no-such-topic\"}");
        assertThatThrownBy(() -> pull(FakePullRequest.of("a")))
                .cause()
                .isInstanceOf(HttpStateException.class)
                .hasMessageStartingWith("GET " + server.server.uri("/state/snapshot")
                        + ": status 404, of topic \"a\", no-such-topic: ");
    }

    @Test
    void aWrongBaseUrlIsGuessed() throws Exception {
        answer(404, "<html>nothing here</html>");
        assertThatThrownBy(() -> pull(FakePullRequest.of("a")))
                .hasMessageContaining("no state servlet seems to answer there: is the base URL right?");
    }

    @Test
    void anAnswerThatIsNoSnapshotBreaksTheProtocol() throws Exception {
        for (String body : List.of(
                "",
                "[]",
                "{\"revision\":\"7\"}",
                "{\"data\":1}",
                "{\"revision\":\"07\",\"data\":\"x\"}",
                "{\"revision\":7,\"data\":\"x\"}",
                "{\"revision\":\"7\",\"revision\":\"7\",\"data\":\"x\"}",
                SEVEN + "x")) {
            answer(200, body);
            assertThatThrownBy(() -> pull(FakePullRequest.of("a")))
                    .as(body)
                    .cause()
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void dataThatTheCodecCannotReadIsAFailedPull() throws Exception {
        answer(200, "{\"revision\":\"7\",\"data\":{}}");
        assertThatThrownBy(() -> pull(FakePullRequest.of("a"))).cause().isInstanceOf(IOException.class);
    }

    @Test
    void aSnapshotBeyondTheLimitFailsInflatedOrNot() throws Exception {
        answer(200, "x".repeat(1001));
        assertThatThrownBy(() -> pull(FakePullRequest.of("a"))).hasMessageContaining("maxSnapshotBytes=1000");
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
            gzip.write(" ".repeat(100_000).getBytes(StandardCharsets.UTF_8));
        }
        server.on("GET /snapshot", (request, to) -> to.reply(200, bomb.toByteArray(), "Content-Encoding: gzip"));
        assertThatThrownBy(() -> pull(FakePullRequest.of("a"))).hasMessageContaining("maxSnapshotBytes=1000");
    }

    @Test
    void anotherTopicThanTheBindingsIsRefused() {
        assertThatThrownBy(() -> client.topic("a", JacksonCodec.json(String.class))
                        .provider()
                        .getSnapshot(FakePullRequest.of("b")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // --- many

    private static String topics(Request request) {
        return request.body().replaceAll("[^a-z0-9]+", " ").trim();
    }

    /** Snapshots are held until they are released; many are answered by {@code answers}, one after the other. */
    private void holdSnapshots(String... answers) {
        server.on("GET /snapshot", (request, to) -> {
            held.acquire();
            to.reply(200, SEVEN);
        });
        List<String> left = new ArrayList<>(List.of(answers));
        server.on("POST /snapshots", (request, to) -> to.reply(200, "{\"snapshots\":[" + left.remove(0) + "]}"));
    }

    private static String snapshot(String topic) {
        return "{\"topic\":\"" + topic + "\",\"revision\":\"7\",\"epoch\":\"3\",\"data\":\"x\"}";
    }

    private List<CompletableFuture<PullResult<String>>> pulls(int from, int to) throws Exception {
        List<CompletableFuture<PullResult<String>>> pulls = new ArrayList<>();
        for (int i = from; i < to; i++) {
            pulls.add(begin(FakePullRequest.of("t" + i)));
        }
        return pulls;
    }

    @Test
    void whatWaitsGoesTogetherWhenAPlaceIsFree() throws Exception {
        String eight = IntStream.range(2, 10).mapToObj(i -> snapshot("t" + i)).collect(Collectors.joining(","));
        holdSnapshots(eight);
        List<CompletableFuture<PullResult<String>>> pulls = pulls(0, 11);
        await().atMost(1, MINUTES).until(() -> server.requests("GET /snapshot").size() == 2);
        assertThat(server.requests("POST /snapshots")).isEmpty();
        held.release(3);
        for (CompletableFuture<PullResult<String>> each : pulls) {
            assertThat(get(each)).isEqualTo(seven());
        }
        assertThat(server.requests("GET /snapshot")).hasSize(3);
        assertThat(server.requests("POST /snapshots"))
                .extracting(HttpStatePullTest::topics)
                .containsExactly("topics topic t2 topic t3 topic t4 topic t5 topic t6 topic t7 topic t8 topic t9");
    }

    @Test
    void eachOfManyHasAnOutcomeOfItsOwn() throws Exception {
        holdSnapshots("{\"topic\":\"t2\",\"status\":304},{\"topic\":\"t3\",\"status\":404}," + snapshot("t4") + ","
                + snapshot("other") + ",{\"topic\":\"t6\",\"revision\":\"1\",\"data\":\"" + "x".repeat(1000) + "\"}");
        pulls(0, 2);
        List<CompletableFuture<PullResult<String>>> pulls = new ArrayList<>();
        pulls.add(begin(FakePullRequest.of("t2").holding(StateVersion.ofUnsigned(3, 6))));
        pulls.addAll(pulls(3, 7));
        held.release(2);
        assertThat(get(pulls.get(0))).isSameAs(NotModified.instance());
        assertThatThrownBy(() -> get(pulls.get(1))).hasMessageContaining("status 404, of topic \"t3\"");
        assertThat(get(pulls.get(2))).isEqualTo(seven());
        assertThatThrownBy(() -> get(pulls.get(3))).hasMessageContaining("asked for topic \"t5\", and got \"other\"");
        assertThatThrownBy(() -> get(pulls.get(4))).hasMessageContaining("maxSnapshotBytes=1000, of topic \"t6\"");
        assertThat(server.requests("POST /snapshots").get(0).body())
                .startsWith("{\"topics\":[{\"topic\":\"t2\",\"revision\":\"6\",\"epoch\":\"3\"},{\"topic\":\"t3\"},");
    }

    @Test
    void whatAnAnswerHadNoRoomForIsAskedForAgain() throws Exception {
        holdSnapshots(snapshot("t2"), snapshot("t3") + "," + snapshot("t4"));
        pulls(0, 2);
        List<CompletableFuture<PullResult<String>>> pulls = pulls(2, 5);
        held.release(2);
        for (CompletableFuture<PullResult<String>> each : pulls) {
            assertThat(get(each)).isEqualTo(seven());
        }
        assertThat(server.requests("POST /snapshots"))
                .extracting(HttpStatePullTest::topics)
                .containsExactly("topics topic t2 topic t3 topic t4", "topics topic t3 topic t4");
    }

    @Test
    void whatIsRefusedTogetherIsAskedForAlone() throws Exception {
        holdSnapshots();
        server.on("POST /snapshots", (request, to) -> to.reply(404, "a server that knows no batches"));
        pulls(0, 2);
        List<CompletableFuture<PullResult<String>>> pulls = pulls(2, 5);
        held.release(5);
        for (CompletableFuture<PullResult<String>> each : pulls) {
            assertThat(get(each)).isEqualTo(seven());
        }
        assertThat(server.requests("POST /snapshots")).hasSize(1);
        assertThat(server.requests("GET /snapshot")).hasSize(5);
    }

    @Test
    void anEmptyAnswerIsNone() throws Exception {
        holdSnapshots("");
        pulls(0, 2);
        List<CompletableFuture<PullResult<String>>> pulls = pulls(2, 4);
        held.release(2);
        assertThatThrownBy(() -> get(pulls.get(0))).hasMessageContaining("asked for 2 snapshots, and got 0");
        assertThatThrownBy(() -> get(pulls.get(1))).hasMessageContaining("asked for 2 snapshots, and got 0");
    }

    // --- the end

    @Test
    void cancellingFreesThePlaceAndEndsTheRequest() throws Exception {
        server.on("GET /snapshot", (request, to) -> {
            if (request.target().contains("t9")) {
                to.reply(200, SEVEN);
            } else {
                to.awaitEnd();
            }
        });
        FakePullRequest one = FakePullRequest.of("t0");
        CompletableFuture<PullResult<String>> first = begin(one);
        var unused = begin(FakePullRequest.of("t1"));
        await().atMost(1, MINUTES).until(() -> server.requests("GET /snapshot").size() == 2);
        FakePullRequest waits = FakePullRequest.of("t2");
        CompletableFuture<PullResult<String>> second = begin(waits);
        CompletableFuture<PullResult<String>> last = begin(FakePullRequest.of("t9"));
        waits.cancel();
        one.cancel();
        assertThat(get(last)).isEqualTo(seven());
        assertThat(first).isCompletedExceptionally();
        assertThat(second).isCompletedExceptionally();
        assertThat(server.requests("POST /snapshots")).isEmpty();
        await().atMost(1, MINUTES).until(() -> server.server.openConnections() == 2);
    }

    @Test
    void manyEndWhenNobodyWaitsForThemAnyMore() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        holdSnapshots();
        server.on("POST /snapshots", (request, to) -> {
            to.awaitEnd();
            ended.countDown();
        });
        pulls(0, 2);
        FakePullRequest one = FakePullRequest.of("t2");
        FakePullRequest other = FakePullRequest.of("t3");
        CompletableFuture<PullResult<String>> first = begin(one);
        CompletableFuture<PullResult<String>> second = begin(other);
        held.release(1);
        await().atMost(1, MINUTES)
                .until(() -> server.requests("POST /snapshots").size() == 1);
        one.cancel();
        assertThat(first).isCompletedExceptionally();
        assertThat(second).isNotDone();
        other.cancel();
        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void closingFailsWhatIsUnderWayAndWhatWaits() throws Exception {
        holdSnapshots();
        List<CompletableFuture<PullResult<String>>> pulls = pulls(0, 5);
        await().atMost(1, MINUTES).until(() -> server.requests("GET /snapshot").size() == 2);
        client.close();
        for (CompletableFuture<PullResult<String>> each : pulls) {
            assertThatThrownBy(() -> get(each))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("the client was closed");
        }
        assertThatThrownBy(() -> begin(FakePullRequest.of("a"))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void badOptionsAreNamed() {
        HttpStateClient.Builder builder = HttpStateClient.builder(server.base());
        assertThatThrownBy(() -> builder.batch(0)).hasMessageContaining("batch");
        assertThatThrownBy(() -> builder.pullConcurrency(0)).hasMessageContaining("pullConcurrency");
        assertThatThrownBy(() -> builder.maxSnapshotBytes(0)).hasMessageContaining("maxSnapshotBytes");
        assertThatThrownBy(() -> builder.inline(-1)).hasMessageContaining("inline");
        assertThatThrownBy(() -> builder.requestTimeout(Duration.ZERO)).hasMessageContaining("requestTimeout");
        assertThatThrownBy(() -> HttpStateClient.to(server.server.uri("/x?y=z")))
                .hasMessageContaining("base");
    }
}
