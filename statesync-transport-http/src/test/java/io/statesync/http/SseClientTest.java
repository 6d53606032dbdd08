package io.statesync.http;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class SseClientTest {
    private static final Backoff SECONDS = Backoff.exponential(Duration.ofSeconds(1), 2, Duration.ofSeconds(30))
            .withoutJitter();

    private final VirtualTime time = new VirtualTime();
    private final RecordingListener heard = new RecordingListener();
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private RawServer server;
    private int leases;

    @BeforeEach
    void start() throws IOException {
        leases = SharedHttpClients.leases();
        server = new RawServer((request, to) -> to.reply(500, ""));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable closeable : toClose) {
            closeable.close();
        }
        server.close();
        await().atMost(1, MINUTES).until(() -> SharedHttpClients.leases() == leases);
    }

    private SseClient.Builder builder() {
        return SseClient.builder(server.uri("/events?a=b")).backoff(SECONDS).timeSource(time);
    }

    private SseClient open() {
        return open(builder());
    }

    private SseClient open(SseClient.Builder builder) {
        return open(builder, heard);
    }

    private SseClient open(SseClient.Builder builder, SseClient.Listener listener) {
        SseClient client = builder.open(listener);
        toClose.add(client);
        return client;
    }

    /** Streams of events, one for each connection; the last is left open. */
    private void serve(String... streams) {
        BlockingQueue<String> left = new LinkedBlockingQueue<>(List.of(streams));
        server.script((request, to) -> {
            String stream = left.take();
            to.stream();
            to.raw(stream);
            if (left.isEmpty()) {
                to.awaitEnd();
            } else {
                to.cut();
            }
        });
    }

    private void advanceTo(String delay) throws InterruptedException {
        await().atMost(1, MINUTES)
                .until(() -> time.untilNext() != null && Duration.parse(delay).equals(time.untilNext()));
        time.advance(Duration.parse(delay));
    }

    // --- a stream

    @Test
    void tellsWhatTheStreamSaysInOrder() throws Exception {
        serve("retry: 5\n:hello\nid: 1\ndata: a\n\nevent: x\ndata: b\n\n");
        SseClient client = open();
        heard.expect("open", "comment hello", "message a 1", "x b 1");
        assertThat(server.requests.get(0).headers())
                .containsEntry("accept", "text/event-stream")
                .containsEntry("cache-control", "no-store")
                .doesNotContainKey("last-event-id");
        client.close();
        assertThat(client.lastEventId()).isEqualTo("1");
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
    }

    @Test
    void sendsMethodBodyAndHeadersWithEachAttempt() throws Exception {
        serve("data: a\n\n", "data: b\n\n");
        open(builder()
                .method("REPORT", "body".getBytes(StandardCharsets.UTF_8))
                .header("X-Fixed", "f")
                .headers(refresh -> CompletableFuture.completedFuture(Map.of("X-Fresh", "s" + server.requests.size())))
                .lastEventId("41"));
        heard.expect("open", "message a 41", "error PT1S");
        advanceTo("PT1S");
        heard.expect("open", "message b 41");
        assertThat(server.requests).allSatisfy(request -> {
            assertThat(request.method()).isEqualTo("REPORT");
            assertThat(request.body()).isEqualTo("body");
            assertThat(request.headers()).containsEntry("x-fixed", "f").containsEntry("last-event-id", "41");
        });
        assertThat(server.requests).extracting(r -> r.headers().get("x-fresh")).containsExactly("s0", "s1");
    }

    @Test
    void aBusyListenerStopsTheReading() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch blocked = new CountDownLatch(1);
        CompletableFuture<Void> writing = new CompletableFuture<>();
        String event = "data: " + "x".repeat(100_000) + "\n\n";
        server.script((request, to) -> {
            to.stream();
            for (int i = 0; i < 300; i++) {
                to.raw(event);
            }
            writing.complete(null);
            to.awaitEnd();
        });
        RecordingListener slow = new RecordingListener() {
            @Override
            public void onEvent(SseEvent event) {
                blocked.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                log.add("event");
            }
        };
        open(builder().readTimeout(Duration.ofSeconds(10)), slow);
        blocked.await();
        time.advance(Duration.ofMinutes(10)); // nothing is asked for, so silence is no sign of death
        assertThat(writing).isNotDone();
        assertThat(slow.errors).isEmpty();
        go.countDown();
        slow.expect("open");
        for (int i = 0; i < 300; i++) {
            slow.expect("event");
        }
    }

    @Test
    void whatAListenerThrowsEndsNothing() throws Exception {
        serve("data: a\n\ndata: b\n\n");
        open(builder(), new RecordingListener() {
            @Override
            public void onEvent(SseEvent event) {
                heard.onEvent(event);
                throw new IllegalStateException("listener");
            }
        });
        heard.expect("message a ", "message b ");
    }

    // --- coming back

    @Test
    void comesBackWithTheLastIdAndALongerWaitEachTime() throws Exception {
        serve("id: 1\ndata: a\n\n", "data: b\n\n", "id\ndata: c\n\n", "data: d\n\n");
        open();
        heard.expect("open", "message a 1", "error PT1S");
        advanceTo("PT1S");
        heard.expect("open", "message b 1", "error PT2S");
        advanceTo("PT2S");
        heard.expect("open", "message c ", "error PT4S");
        advanceTo("PT4S");
        heard.expect("open", "message d ");
        assertThat(server.requests)
                .extracting(request -> request.headers().get("last-event-id"))
                .containsExactly(null, "1", "1", null);
    }

    @Test
    void anIdOfAnUnfinishedEventIsNotSent() throws Exception {
        serve("id: 1\n\nid: 2\ndata: a\n", "");
        open();
        heard.expect("open", "error PT1S");
        advanceTo("PT1S");
        heard.expect("open");
        assertThat(server.requests.get(1).headers()).containsEntry("last-event-id", "1");
    }

    @Test
    void retryIsTheFirstWaitFromThenOn() throws Exception {
        serve("retry: 70\n\n", "", "");
        open();
        heard.expect("open", "error PT0.07S");
        advanceTo("PT0.07S");
        heard.expect("open", "error PT0.14S");
    }

    @Test
    void withJitterRetryIsTheShortestWait() {
        SseOptions options = new SseOptions(
                Duration.ofSeconds(1), Backoff.standard(), Duration.ZERO, false, 1, 1, time, Runnable::run);
        for (int i = 0; i < 1000; i++) {
            assertThat(options.delay(1, 5000L, null)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(10));
            assertThat(options.delay(40, 5000L, null)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(35));
        }
        assertThat(options.delay(1, Long.MAX_VALUE, null)).isBetween(Duration.ofHours(1), Duration.ofHours(2));
        assertThat(options.delay(1, 0L, null)).isLessThanOrEqualTo(Duration.ofMillis(2));
    }

    @Test
    void onlyAHealthySpellStartsTheWaitAnew() throws Exception {
        BlockingQueue<RawServer.Connection> connections = new LinkedBlockingQueue<>();
        server.script((request, to) -> {
            to.stream();
            to.raw("data: x\n\n");
            connections.add(to);
            to.awaitEnd();
        });
        open();
        heard.expect("open", "message x ");
        connections.take().cut();
        heard.expect("error PT1S");
        advanceTo("PT1S");
        heard.expect("open", "message x ");
        time.advance(Duration.ofSeconds(29));
        connections.take().cut();
        heard.expect("error PT2S");
        advanceTo("PT2S");
        heard.expect("open", "message x ");
        time.advance(Duration.ofSeconds(30));
        connections.take().cut();
        heard.expect("error PT1S");
    }

    @Test
    void aSilentStreamIsGivenUpAndACommentIsASignOfLife() throws Exception {
        BlockingQueue<RawServer.Connection> connections = new LinkedBlockingQueue<>();
        CountDownLatch ended = new CountDownLatch(1);
        server.script((request, to) -> {
            to.stream();
            connections.add(to);
            to.awaitEnd();
            ended.countDown();
        });
        open(builder().readTimeout(Duration.ofSeconds(45)));
        heard.expect("open");
        RawServer.Connection connection = connections.take();
        for (int i = 0; i < 3; i++) {
            await().atMost(1, MINUTES).until(() -> time.pending() == 1);
            time.advance(Duration.ofSeconds(44));
            connection.raw(":" + i + "\n");
            heard.expect("comment " + i);
        }
        await().pollInterval(Duration.ofMillis(5)).atMost(1, MINUTES).until(() -> {
            time.advance(Duration.ofSeconds(1)); // the silence counts from when more is asked for
            return !heard.log.isEmpty();
        });
        heard.expect("error PT1S");
        assertThat(heard.error()).hasMessageContaining("nothing came on the event stream for PT45S");
        ended.await();
    }

    @Test
    void anAnswerThatDoesNotBeginIsGivenUp() throws Exception {
        CountDownLatch there = new CountDownLatch(1);
        server.script((request, to) -> {
            there.countDown();
            to.awaitEnd();
        });
        open();
        there.await();
        time.advance(Duration.ofSeconds(30));
        heard.expect("error PT1S");
        assertThat(heard.error()).hasMessageContaining(server.uri("/events") + ": no answer within PT30S");
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
    }

    @Test
    void aLineBeyondTheLimitIsALostStream() throws Exception {
        serve("data: " + "x".repeat(200) + "\n\n", "data: ok\n\n");
        open(builder().maxLineBytes(100));
        heard.expect("open", "error PT1S");
        assertThat(heard.error()).hasMessageContaining("maxLineBytes=100");
        advanceTo("PT1S");
        heard.expect("open", "message ok ");
    }

    // --- other answers

    @Test
    void after204NothingComes() throws Exception {
        server.script((request, to) -> to.reply(204, ""));
        SseClient client = open();
        heard.expect("closed");
        assertThat(client.isClosed()).isTrue();
        assertThat(time.pending()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 408, 429, 500, 503})
    void anErrorIsReportedAndTriedAgain(int status) throws Exception {
        server.script((request, to) -> to.reply(status, "why", "Retry-After: 0"));
        open();
        heard.expect("error PT1S");
        assertThat(heard.error())
                .isInstanceOf(HttpStateException.class)
                .hasMessage("GET " + server.uri("/events") + ": status " + status + ", body \"why\"");
        advanceTo("PT1S");
        heard.expect("error PT2S");
    }

    @Test
    void retryAfterMakesTheWaitLonger() throws Exception {
        server.script((request, to) -> to.reply(429, "", "Retry-After: 17"));
        open();
        heard.expect("error PT17S");
    }

    @Test
    void retryAfterMayBeADate() throws Exception {
        server.script((request, to) -> to.reply(503, "", "Retry-After: Thu, 01 Jan 2026 00:00:20 GMT"));
        open();
        heard.expect("error PT20S");
    }

    @Test
    void aWrongContentTypeIsReportedAndTriedAgain() throws Exception {
        server.script((request, to) -> to.reply(200, "data: a\n\n", "Content-Type: text/plain"));
        open();
        heard.expect("error PT1S");
        assertThat(heard.error()).hasMessageContaining("Content-Type \"text/plain\" where text/event-stream");
    }

    @Test
    void contentTypeMayHaveParametersAndOtherCase() throws Exception {
        server.script((request, to) -> to.reply(200, "data: a\n\n", "Content-Type: Text/Event-Stream; charset=latin1"));
        open();
        heard.expect("open", "message a ", "error PT1S");
    }

    @Test
    void aClientThatGivesUpSaysSoAndEnds() throws Exception {
        server.script((request, to) -> to.reply(404, ""));
        SseClient client = open(builder().giveUpOnRefusal(true));
        heard.expect("error null", "closed");
        assertThat(client.isClosed()).isTrue();
        assertThat(time.pending()).isZero();
    }

    @Test
    void whatPassesIsNoReasonToGiveUp() throws Exception {
        server.script((request, to) -> to.reply(503, ""));
        open(builder().giveUpOnRefusal(true));
        heard.expect("error PT1S");
    }

    @Test
    void aRefreshedTokenMends401() throws Exception {
        server.script((request, to) -> {
            if ("new".equals(request.headers().get("authorization"))) {
                to.stream();
                to.raw("data: a\n\n");
                to.awaitEnd();
            } else {
                to.reply(401, "");
            }
        });
        open(builder()
                .headers(refresh ->
                        CompletableFuture.completedFuture(Map.of("Authorization", refresh ? "new" : "old"))));
        heard.expect("open", "message a ");
    }

    // --- close

    @Test
    void closingFromACallbackStopsEverything() throws Exception {
        serve("data: a\n\ndata: b\n\n");
        AtomicReference<SseClient> client = new AtomicReference<>();
        CountDownLatch set = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        client.set(open(builder(), new RecordingListener() {
            @Override
            public void onEvent(SseEvent event) {
                heard.onEvent(event);
                try {
                    set.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                client.get().close();
                closed.countDown();
            }
        }));
        set.countDown();
        closed.await();
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
        heard.expect("message a ");
        assertThat(heard.log).isEmpty();
    }

    @Test
    void closingWhileItWaitsEndsTheWait() throws Exception {
        SseClient client = open();
        heard.expect("error PT1S");
        await().atMost(1, MINUTES).until(() -> time.pending() == 1);
        client.close();
        await().atMost(1, MINUTES).until(() -> time.pending() == 0);
        time.advance(Duration.ofHours(1));
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void closingWhileItConnectsEndsTheConnection() throws Exception {
        CountDownLatch there = new CountDownLatch(1);
        server.script((request, to) -> {
            there.countDown();
            to.awaitEnd();
        });
        SseClient client = open();
        there.await();
        client.close();
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
        assertThat(time.pending()).isZero();
        assertThat(heard.log).isEmpty();
    }

    @Test
    void closingWhileTheHeadersAreAskedForSendsNothing() throws Exception {
        CompletableFuture<Map<String, String>> headers = new CompletableFuture<>();
        CountDownLatch asked = new CountDownLatch(1);
        SseClient client = open(builder().headers(refresh -> {
            asked.countDown();
            return headers;
        }));
        asked.await();
        client.close();
        headers.complete(Map.of());
        assertThat(server.requests).isEmpty();
        assertThat(time.pending()).isZero();
    }

    @Test
    void anExecutorThatRefusesEndsTheClient() throws Exception {
        serve("data: a\n\n");
        SseClient client = open(builder().executor(task -> {
            throw new java.util.concurrent.RejectedExecutionException("full");
        }));
        await().atMost(1, MINUTES).until(client::isClosed);
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
    }

    @Test
    void badOptionsAreNamed() {
        assertThatThrownBy(() -> SseClient.builder(URI.create("ftp://x/y"))).hasMessageContaining("uri must be");
        assertThatThrownBy(() -> builder().readTimeout(Duration.ZERO)).hasMessageContaining("readTimeout");
        assertThatThrownBy(() -> builder().maxLineBytes(0)).hasMessageContaining("maxLineBytes");
        assertThatThrownBy(() -> builder().header("X-Token", "secret\n"))
                .hasMessageContaining("\"X-Token\"")
                .hasMessageNotContaining("secret");
    }
}
