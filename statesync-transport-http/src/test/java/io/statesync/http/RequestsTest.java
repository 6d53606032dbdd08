package io.statesync.http;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.TimeSource;
import io.statesync.http.RawServer.Connection;
import io.statesync.http.RawServer.Request;
import io.statesync.testkit.VirtualTime;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class RequestsTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final List<AutoCloseable> toClose = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : toClose) {
            closeable.close();
        }
    }

    private <C extends AutoCloseable> C closing(C closeable) {
        toClose.add(0, closeable);
        return closeable;
    }

    private RawServer server(RawServer.Script script) throws IOException {
        return closing(new RawServer(script));
    }

    private Requests requests(HeaderSupplier headers) {
        return closing(new Requests(null, LONG, Map.of(), headers, TimeSource.system(), Urls::shown));
    }

    private static HttpRequest get(URI uri) {
        return HttpRequest.newBuilder(uri).build();
    }

    private static HttpRequest post(URI uri, String body) {
        return HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    private static Exchange<byte[]> send(Requests requests, HttpRequest request) {
        return requests.send(request, status -> status == 200, 1000, "maxBytes", LONG);
    }

    private static Reply<byte[]> reply(Requests requests, HttpRequest request) throws Exception {
        return send(requests, request).get();
    }

    private static String text(Reply<byte[]> reply) throws IOException {
        return new String(reply.require(), StandardCharsets.UTF_8);
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    // --- headers

    @Test
    void theSupplierIsAskedBeforeEachRequest() throws Exception {
        RawServer server =
                server((request, to) -> to.reply(200, request.headers().get("x-token")));
        List<Boolean> asked = new ArrayList<>();
        Requests requests = requests(refresh -> {
            asked.add(refresh);
            return CompletableFuture.completedFuture(Map.of("X-Token", "t" + asked.size()));
        });
        assertThat(text(reply(requests, get(server.uri("/"))))).isEqualTo("t1");
        assertThat(text(reply(requests, get(server.uri("/"))))).isEqualTo("t2");
        assertThat(asked).containsExactly(false, false);
    }

    @Test
    void after401ItIsAskedOnceMoreAndTheRequestIsRepeatedWithItsBody() throws Exception {
        RawServer server = server((request, to) -> {
            boolean fresh = "new".equals(request.headers().get("authorization"));
            to.reply(fresh ? 200 : 401, fresh ? request.body() : "no");
        });
        Requests requests = requests(
                refresh -> CompletableFuture.completedFuture(Map.of("Authorization", refresh ? "new" : "old")));
        assertThat(text(reply(requests, post(server.uri("/"), "body")))).isEqualTo("body");
        assertThat(server.lines()).containsExactly("POST /", "POST /");
    }

    @Test
    void aSecond401IsTheAnswer() throws Exception {
        RawServer server = server((request, to) -> to.reply(401, "who are you?"));
        Requests requests = requests(refresh -> CompletableFuture.completedFuture(Map.of("Authorization", "x")));
        Reply<byte[]> reply = reply(requests, get(server.uri("/a?token=secret")));
        assertThat(server.requests).hasSize(2);
        assertThatThrownBy(reply::require)
                .isInstanceOf(HttpStateException.class)
                .hasMessage("GET " + server.uri("/a") + ": status 401, body \"who are you?\"");
    }

    @Test
    void aSupplierThatFailsFailsTheRequestAndNothingWasSent() throws Exception {
        RawServer server = server((request, to) -> to.reply(200, "x"));
        Exchange<byte[]> failed = send(
                requests(refresh -> CompletableFuture.failedFuture(new IllegalStateException("no token"))),
                get(server.uri("/")));
        assertThatThrownBy(failed::get)
                .cause()
                .satisfies(error -> assertThat(Requests.wasNotSent(error)).isTrue())
                .hasRootCauseMessage("no token");
        Requests thrower = requests(refresh -> {
            throw new IOException("no token");
        });
        assertThatThrownBy(() -> reply(thrower, get(server.uri("/")))).hasRootCauseMessage("no token");
        assertThatThrownBy(() -> reply(requests(refresh -> null), get(server.uri("/"))))
                .hasMessageContaining("header supplier");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void aHeaderThatCannotBeSentIsNamedAndItsValueIsNot() throws Exception {
        Requests requests = requests(refresh -> CompletableFuture.completedFuture(Map.of("X-Token", "secret\n")));
        assertThatThrownBy(() -> reply(requests, get(URI.create("http://127.0.0.1:1/"))))
                .hasMessageContaining("\"X-Token\"")
                .satisfies(error -> {
                    for (Throwable t = error; t != null; t = t.getCause()) {
                        assertThat(t.toString()).doesNotContain("secret");
                    }
                });
    }

    @Test
    void cancellingARequestLeavesTheSuppliersFutureAlone() throws Exception {
        CompletableFuture<Map<String, String>> shared = new CompletableFuture<>();
        CountDownLatch asked = new CountDownLatch(1);
        Exchange<byte[]> sent = send(
                requests(refresh -> {
                    asked.countDown();
                    return shared;
                }),
                get(URI.create("http://127.0.0.1:1/")));
        asked.await();
        sent.cancel(true);
        assertThat(shared).isNotDone();
    }

    // --- redirects

    @ParameterizedTest
    @CsvSource({"301,GET", "302,GET", "303,GET", "307,POST", "308,POST"})
    void aPostIsRedirectedAsBrowsersDo(int status, String method) throws Exception {
        RawServer server = server((request, to) -> {
            if (request.target().equals("/a/b")) {
                to.reply(status, "moved", "Location: ../c?x=1");
            } else {
                to.reply(
                        200,
                        request.method() + " " + request.body() + " "
                                + request.headers().get("content-type"));
            }
        });
        String expected = method.equals("POST") ? "POST body application/json" : "GET  null";
        assertThat(text(reply(requests(null), post(server.uri("/a/b"), "body"))))
                .isEqualTo(expected);
        assertThat(server.lines()).containsExactly("POST /a/b", method + " /c?x=1");
    }

    @Test
    void fiveRedirectsAreFollowedAndASixthIsNot() throws Exception {
        RawServer server = server((request, to) -> {
            int left = Integer.parseInt(request.target().substring(1));
            to.reply(left == 0 ? 200 : 302, "", "Location: /" + (left - 1));
        });
        assertThat(reply(requests(null), get(server.uri("/5"))).status()).isEqualTo(200);
        assertThatThrownBy(() -> reply(requests(null), get(server.uri("/6"))))
                .hasMessageContaining("redirected more than 5 times");
    }

    @Test
    void theSuppliersHeadersGoToTheFirstOriginOnly() throws Exception {
        RawServer other =
                server((request, to) -> to.reply(200, "" + request.headers().get("authorization")));
        RawServer server = server((request, to) -> {
            if (request.target().equals("/away")) {
                to.reply(302, "", "Location: " + other.uri("/"));
            } else if (request.target().equals("/here")) {
                to.reply(302, "", "Location: /there");
            } else {
                to.reply(200, "" + request.headers().get("authorization"));
            }
        });
        Requests requests = requests(refresh -> CompletableFuture.completedFuture(Map.of("Authorization", "secret")));
        assertThat(text(reply(requests, get(server.uri("/here"))))).isEqualTo("secret");
        assertThat(text(reply(requests, get(server.uri("/away"))))).isEqualTo("null");
    }

    @Test
    void whatIsNoUrlAndOtherSchemesAreRefused() throws Exception {
        RawServer server = server((request, to) ->
                to.reply(302, "", "Location: " + request.target().substring(1)));
        assertThatThrownBy(() -> reply(requests(null), get(server.uri("/ftp://x/y"))))
                .hasMessageContaining("no http or https URL");
        assertThatThrownBy(() -> reply(requests(null), get(server.uri("/http://%5B"))))
                .hasMessageContaining(server.uri("/").toString());
    }

    @Test
    void aClientThatFollowsRedirectsItselfIsLeftToDoSo() throws Exception {
        RawServer server = server((request, to) -> {
            boolean first = request.target().equals("/a");
            to.reply(first ? 302 : 200, "x", first ? "Location: /b" : "X: y");
        });
        HttpClient given = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        Requests requests = closing(new Requests(given, LONG, Map.of(), null, TimeSource.system(), Urls::shown));
        assertThat(text(reply(requests, get(server.uri("/a"))))).isEqualTo("x");
    }

    // --- bodies

    @Test
    void aBodyBeyondTheLimitFailsWhileItIsRead() throws Exception {
        CountDownLatch cut = new CountDownLatch(1);
        RawServer server = server((request, to) -> {
            to.raw("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + "x".repeat(2000));
            to.awaitEnd();
            cut.countDown();
        });
        assertThatThrownBy(() -> reply(requests(null), get(server.uri("/a?b"))))
                .hasMessageContaining(server.uri("/a") + ": the answer is longer than maxBytes=1000");
        assertThat(cut.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aBodyAtTheLimitPasses() throws Exception {
        RawServer server = server((request, to) -> to.reply(200, "x".repeat(1000)));
        assertThat(text(reply(requests(null), get(server.uri("/"))))).hasSize(1000);
    }

    @Test
    void gzipIsInflatedWithinTheLimit() throws Exception {
        byte[] zeros = gzip(new byte[1000]);
        RawServer server = server((request, to) -> to.reply(200, zeros, "Content-Encoding: GZIP"));
        Reply<byte[]> reply = reply(requests(null), get(server.uri("/")));
        assertThat(Encodings.decode(reply.require(), reply.headers(), 1000, "too long"))
                .isEqualTo(new byte[1000]);
        assertThatThrownBy(() -> Encodings.decode(reply.require(), reply.headers(), 999, "too long"))
                .isInstanceOf(IOException.class)
                .hasMessage("too long");
        assertThatThrownBy(() -> Encodings.decode(new byte[] {1, 2}, reply.headers(), 999, "too long"))
                .isInstanceOf(IOException.class);
    }

    @Test
    void otherEncodingsAreRefused() throws Exception {
        RawServer server = server((request, to) -> to.reply(200, "x", "Content-Encoding: br"));
        Reply<byte[]> reply = reply(requests(null), get(server.uri("/")));
        assertThatThrownBy(() -> Encodings.decode(reply.require(), reply.headers(), 999, "too long"))
                .hasMessage("Content-Encoding is not gzip: \"br\"");
    }

    @Test
    void anErrorSaysTheBeginningOfItsBodyAndNoControlCharacters() throws Exception {
        byte[] body = gzip(("a\r\nb" + "x".repeat(10_000)).getBytes(StandardCharsets.UTF_8));
        RawServer server = server((request, to) -> to.reply(500, body, "Content-Encoding: gzip"));
        assertThatThrownBy(reply(requests(null), get(server.uri("/")))::require)
                .hasMessage(
                        "GET " + server.uri("/") + ": status 500, body \"a\\u000d\\u000ab" + "x".repeat(196) + "…\"");
    }

    @Test
    void aTruncatedBodyFails() throws Exception {
        RawServer server = server((request, to) -> {
            to.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx");
            to.cut();
        });
        assertThatThrownBy(() -> reply(requests(null), get(server.uri("/")))).isInstanceOf(ExecutionException.class);
    }

    // --- the end

    @Test
    void aRequestWithoutAnAnswerFailsInTimeAndFreesItsSocket() throws Exception {
        VirtualTime time = new VirtualTime();
        CountDownLatch there = new CountDownLatch(1);
        RawServer server = server((request, to) -> {
            to.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx");
            there.countDown();
            to.awaitEnd();
        });
        Requests requests = closing(new Requests(null, LONG, Map.of(), null, time, Urls::shown));
        Exchange<byte[]> sent = send(requests, get(server.uri("/a?b=c")));
        there.await();
        time.advance(LONG);
        assertThatThrownBy(sent::get).hasMessageContaining("GET " + server.uri("/a") + ": no answer within PT30S");
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
        assertThat(time.pending()).isZero();
    }

    @Test
    void cancellingEndsTheExchange() throws Exception {
        CountDownLatch there = new CountDownLatch(1);
        RawServer server = server((request, to) -> {
            there.countDown();
            to.awaitEnd();
        });
        Exchange<byte[]> sent = send(requests(null), get(server.uri("/")));
        there.await();
        assertThat(sent.cancel(true)).isTrue();
        assertThatThrownBy(sent::get).isInstanceOf(CancellationException.class);
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
    }

    @Test
    void closingFailsWhatIsUnderWayAndWhatComesLater() throws Exception {
        CountDownLatch there = new CountDownLatch(1);
        RawServer server = server((request, to) -> {
            there.countDown();
            to.awaitEnd();
        });
        Requests requests = requests(null);
        Exchange<byte[]> sent = send(requests, get(server.uri("/")));
        there.await();
        requests.close();
        assertThatThrownBy(sent::get).hasMessageContaining("the client was closed");
        assertThatThrownBy(() -> reply(requests, get(server.uri("/")))).hasMessageContaining("the client was closed");
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
    }

    @Test
    void aRefusedConnectionIsKnownNotToHaveBeenSentAndACutOneIsNot() throws Exception {
        URI nobody;
        try (ServerSocket socket = new ServerSocket(0)) {
            nobody = URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/");
        }
        assertThatThrownBy(() -> reply(requests(null), post(nobody, "x")))
                .hasMessageContaining("POST " + nobody + ": cannot connect")
                .satisfies(error -> assertThat(Requests.wasNotSent(error)).isTrue());
        RawServer server = server((Request request, Connection to) -> to.cut());
        assertThatThrownBy(() -> reply(requests(null), post(server.uri("/"), "x")))
                .satisfies(error -> assertThat(Requests.wasNotSent(error)).isFalse());
        assertThat(server.requests).hasSize(1);
    }
}
