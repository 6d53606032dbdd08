package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Proposal;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests whose time has passed: nobody works for who is gone. */
@Timeout(300)
class JmsExpiredRequestTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final List<JmsAuthorizer.Action> asked = new CopyOnWriteArrayList<>();
    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final List<AutoCloseable> open = new ArrayList<>();
    private Broker broker;
    private JmsStateClient client;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
        client = open(JmsStateClient.to(broker.inVm()));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private <C extends AutoCloseable> C open(C opened) {
        open.add(opened);
        return opened;
    }

    private JmsSnapshotResponder.Builder responder(JmsConnection connection) {
        return JmsSnapshotResponder.builder(open(connection))
                .topic(store, JacksonCodec.json(String.class))
                .sessions(1);
    }

    private boolean record(JmsAuthorizer.Action action) {
        asked.add(action);
        return true;
    }

    private CompletableFuture<? extends WriteResult<String>> propose(Duration timeout) throws Exception {
        return JmsStateProposer.of(
                        client.connection(), TOPIC, JacksonCodec.json(String.class), "statesync.requests", timeout)
                .propose(Proposal.of(null, "too late"))
                .toCompletableFuture();
    }

    private CompletableFuture<? extends PullResult<String>> pull() throws Exception {
        return client.topic(TOPIC, JacksonCodec.json(String.class))
                .provider()
                .getSnapshot(FakePullRequest.of(TOPIC))
                .toCompletableFuture();
    }

    private void assertPulls(String state) throws Exception {
        assertThat(((SnapshotEnvelope<String>) pull().get(60, TimeUnit.SECONDS)).data())
                .isEqualTo(state);
    }

    @Test
    void whatExpiredBeforeAResponderCameIsNotDone() throws Exception {
        CompletableFuture<?> late = propose(Duration.ofMillis(200));
        assertThatThrownBy(() -> late.get(60, TimeUnit.SECONDS)).hasMessageContaining("no answer within");
        responder(JmsConnection.to(broker.inVm()))
                .authorizer((user, topic, action) -> record(action))
                .build();
        assertPulls("first"); // which comes after what was there before
        assertThat(asked).containsExactly(JmsAuthorizer.Action.READ);
        assertThat(store.get()).isEqualTo("first");
    }

    @Test
    void whatExpiredBehindASlowRequestIsNotDone() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        responder(JmsConnection.to(broker.inVm()))
                .authorizer((user, topic, action) -> {
                    record(action);
                    return slow.await(60, TimeUnit.SECONDS);
                })
                .build();
        CompletableFuture<?> first = pull();
        await().atMost(LIMIT).until(() -> asked.size() == 1);
        CompletableFuture<?> late = propose(Duration.ofMillis(200)); // the responder's provider has it already
        assertThatThrownBy(() -> late.get(60, TimeUnit.SECONDS)).hasMessageContaining("no answer within");
        slow.countDown();
        first.get(60, TimeUnit.SECONDS);
        assertPulls("first");
        assertThat(asked).containsExactly(JmsAuthorizer.Action.READ, JmsAuthorizer.Action.READ);
        assertThat(store.get()).isEqualTo("first");
    }

    /** Whatever the broker and the provider let through. */
    @Test
    void aResponderJudgesByItsOwnClock() throws Exception {
        CompletableFuture<?> pulling = pull();
        await().atMost(LIMIT).until(() -> broker.messages("statesync.requests") == 1);
        VirtualTime future = new VirtualTime(Instant.now().plus(Duration.ofHours(1)));
        JmsConnection ahead =
                JmsConnection.builder(broker.inVm()).timeSource(future).build();
        JmsSnapshotResponder judging = responder(ahead)
                .authorizer((user, topic, action) -> record(action))
                .build();
        await().atMost(LIMIT).until(() -> broker.messages("statesync.requests") == 0); // it has been acknowledged
        judging.close();
        ahead.close();
        await().atMost(LIMIT).until(() -> broker.connections() == 1); // the client's
        responder(JmsConnection.to(broker.inVm()))
                .authorizer((user, topic, action) -> record(action))
                .build();
        assertPulls("first");
        assertThat(pulling).isNotDone();
        assertThat(asked).hasSize(1); // the second pull
    }
}
