package io.statesync.http;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.WritableBinding;
import io.statesync.http.RawServer.Connection;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When the stream of a Zuno client is there, and who hears what of it. */
@Timeout(300)
class ZunoFeedTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final BlockingQueue<Connection> streams = new LinkedBlockingQueue<>();
    private RawServer server;
    private ZunoClient client;

    @BeforeEach
    void start() throws Exception {
        server = new RawServer((request, to) -> {
            to.stream();
            streams.add(to);
            to.awaitEnd();
        });
        client = ZunoClient.builder(server.uri("/zuno"))
                .backoff(Backoff.exponential(Duration.ofMillis(5), 2, Duration.ofMillis(20)))
                .build();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    private WritableBinding<Integer> key(String key) {
        return client.topic(key, JacksonCodec.json(Integer.class), () -> 0);
    }

    private CompletableFuture<? extends PullResult<Integer>> pull(String key, FakePullRequest request)
            throws Exception {
        return key(key).provider().getSnapshot(request).toCompletableFuture();
    }

    private CompletableFuture<Subscription> subscribe(String key, RecordingHandler handler) throws Exception {
        return key(key).subscriber().subscribe(handler).toCompletableFuture();
    }

    private Connection stream() throws InterruptedException {
        Connection stream = streams.poll(20, TimeUnit.SECONDS);
        assertThat(stream).as("a stream that was opened").isNotNull();
        return stream;
    }

    private static void snapshot(Connection to, String states) throws Exception {
        to.raw("id: 1\nevent: snapshot\ndata: " + states + "\n\n");
    }

    private static void assertDisconnected(RecordingHandler handler) throws InterruptedException {
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(c -> c.kind() == Kind.DISCONNECTED), PATIENCE))
                .isTrue();
    }

    private void awaitNoStream() {
        await().atMost(1, MINUTES).until(() -> server.openConnections() == 0);
    }

    @Test
    void aPullWithoutASubscriptionOpensTheStreamAndEndsIt() throws Exception {
        CompletableFuture<? extends PullResult<Integer>> pull = pull("n", FakePullRequest.of("n"));
        snapshot(stream(), "{\"n\":{\"state\":7,\"version\":3}}");

        assertThat(pull.get(60, TimeUnit.SECONDS)).isInstanceOfSatisfying(SnapshotEnvelope.class, snapshot -> {
            assertThat(snapshot.data()).isEqualTo(7);
            assertThat(snapshot.version(null).revision()).hasToString("3");
        });
        awaitNoStream();
    }

    @Test
    void aPullThatWaitsOutlivesTheLastSubscription() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        CompletableFuture<Subscription> subscribed = subscribe("n", handler);
        Connection stream = stream();
        snapshot(stream, "{}");
        Subscription subscription = subscribed.get(60, TimeUnit.SECONDS);
        stream.cut();
        Connection next = stream();
        assertDisconnected(handler);
        CompletableFuture<? extends PullResult<Integer>> pull = pull("n", FakePullRequest.of("n"));

        subscription.close();
        assertThat(pull).isNotDone();
        snapshot(next, "{\"n\":{\"state\":8,\"version\":1}}");

        assertThat(pull.get(60, TimeUnit.SECONDS)).isInstanceOf(SnapshotEnvelope.class);
        awaitNoStream();
    }

    @Test
    void aPullThatIsCancelledEndsTheStreamThatItOpened() throws Exception {
        FakePullRequest request = FakePullRequest.of("n");
        CompletableFuture<? extends PullResult<Integer>> pull = pull("n", request);
        stream();

        request.cancel();

        assertThatThrownBy(() -> pull.get(60, TimeUnit.SECONDS)).isInstanceOf(Exception.class);
        awaitNoStream();
    }

    @Test
    void whoFollowsGoesOnWithTheNextConnectionWhenTheServerDidNotWantToBeFollowed() throws Exception {
        RecordingHandler first = new RecordingHandler();
        CompletableFuture<Subscription> subscribed = subscribe("n", first);
        Connection stream = stream();
        snapshot(stream, "{\"n\":{\"state\":1,\"version\":1}}");
        subscribed.get(60, TimeUnit.SECONDS);
        RawServer.Script opens = (request, to) -> {
            to.stream();
            streams.add(to);
            to.awaitEnd();
        };
        server.script((request, to) -> to.reply(204, ""));
        stream.cut();
        assertDisconnected(first);
        await().atMost(1, MINUTES).until(() -> !client.feed.isConnected());

        CompletableFuture<Subscription> refused = subscribe("n", new RecordingHandler());
        assertThatThrownBy(() -> refused.get(60, TimeUnit.SECONDS)).hasMessageContaining("204");
        server.script(opens);
        CompletableFuture<? extends PullResult<Integer>> pull = pull("n", FakePullRequest.of("n"));
        Connection again = stream();
        snapshot(again, "{\"n\":{\"state\":2,\"version\":2}}");

        assertThat(pull.get(60, TimeUnit.SECONDS)).isInstanceOf(SnapshotEnvelope.class);
        StateVersion second = StateVersion.of(client.feed.none().epoch(), Revision.of(2));
        assertThat(first.awaitCalls(
                        calls -> calls.stream().anyMatch(c -> c.kind() == Kind.RESUMED)
                                && calls.stream().anyMatch(c -> c.tellsOf("n", second)),
                        PATIENCE))
                .isTrue();
        assertThat(first.count(Kind.DISCONNECTED)).isEqualTo(1);
    }

    @Test
    void keysThatTheServerLostAndNobodyFollowsAreForgottenAndComeBackNewer() throws Exception {
        CompletableFuture<Subscription> subscribed = subscribe("n", new RecordingHandler());
        Connection stream = stream();
        snapshot(stream, "{\"a\":{\"state\":1,\"version\":900},\"b\":{\"state\":1,\"version\":5}}");
        subscribed.get(60, TimeUnit.SECONDS);
        StateVersion before = version("a");
        assertThat(client.feed.size()).isEqualTo(2);

        stream.cut();
        Connection next = stream();
        snapshot(next, "{}");
        await().atMost(1, MINUTES).until(() -> client.feed.size() == 0);
        StateVersion gone = version("a");
        next.raw("id: 2\nevent: state\ndata: {\"storeKey\":\"a\",\"state\":2,\"version\":1}\n\n");
        await().atMost(1, MINUTES).until(() -> client.feed.size() == 1);

        assertThat(gone.isNewerThan(before)).isTrue();
        assertThat(version("a").isNewerThan(gone)).isTrue();
    }

    private StateVersion version(String key) throws Exception {
        return pull(key, FakePullRequest.of(key)).get(60, TimeUnit.SECONDS) instanceof SnapshotEnvelope<?> snapshot
                ? snapshot.version(null)
                : StateVersion.ofUnsigned(0, 0);
    }

    /** Joining and leaving at once, on four threads, while connections are cut: nobody waits for ever, and no stream stays. */
    @Test
    void whoeverJoinsAndLeavesIsAnsweredAndNoStreamStays() throws Exception {
        server.script((request, to) -> {
            to.stream();
            snapshot(to, "{\"n\":{\"state\":1,\"version\":1}}");
            if (ThreadLocalRandom.current().nextInt(3) == 0) {
                to.cut();
            } else {
                to.awaitEnd();
            }
        });
        List<CompletableFuture<?>> asked = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            asked.add(done);
            Thread thread = new Thread(() -> {
                try {
                    for (int turn = 0; turn < 100; turn++) {
                        joinPullAndLeave(turn);
                    }
                    done.complete(null);
                } catch (Throwable t) {
                    done.completeExceptionally(t);
                }
            });
            thread.start();
        }
        CompletableFuture.allOf(asked.toArray(new CompletableFuture<?>[0])).get(50, TimeUnit.SECONDS);
        awaitNoStream();
        assertThat(client.feed.isConnected()).isFalse();
    }

    private void joinPullAndLeave(int turn) throws Exception {
        CompletableFuture<Subscription> subscribed = subscribe("n", new RecordingHandler());
        if (turn % 3 == 0) {
            ended(pull("n", FakePullRequest.of("n")));
        }
        Subscription subscription = ended(subscribed);
        if (subscription != null) {
            CompletableFuture<? extends PullResult<Integer>> pull = pull("n", FakePullRequest.of("n"));
            subscription.close();
            ended(pull);
        }
    }

    /** What it ended with; null if that was a failure. */
    private static <T> T ended(CompletableFuture<T> future) throws Exception {
        return future.handle((done, error) -> done).get(60, TimeUnit.SECONDS);
    }
}
