package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.Authority;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class JmsSnapshotResponderTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final RevisionedStore<String> store = RevisionedStore.<String>builder(TOPIC)
            .validator(value -> {
                if (value.equals("bad")) {
                    throw new IllegalArgumentException("it is bad");
                }
            })
            .open(() -> "first");
    private final Stuck stuck = new Stuck();
    private Broker broker;
    private JmsConnection connection;
    private JmsSnapshotResponder responder;
    private JmsStateClient client;
    private Connection byHand;
    private Session session;

    /** A source that never answers, until it is told to. */
    private static final class Stuck implements Authority<String> {
        private final CompletableFuture<SnapshotEnvelope<String>> answer = new CompletableFuture<>();

        @Override
        public String topic() {
            return "stuck";
        }

        @Override
        public CompletionStage<SnapshotEnvelope<String>> snapshot() {
            return answer;
        }

        @Override
        public CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) {
            return new CompletableFuture<>();
        }

        @Override
        public InvalidationSubscriber subscriber() {
            return handler -> CompletableFuture.completedFuture(() -> {});
        }

        @Override
        public SnapshotProvider<String> provider() {
            return request -> answer;
        }
    }

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
        connection = JmsConnection.to(broker.inVm());
        responder = JmsSnapshotResponder.builder(connection)
                .topic(store, JacksonCodec.json(String.class))
                .topic(stuck, JacksonCodec.json(String.class))
                .authorizer((user, topic, action) -> {
                    if (topic.equals("faulty")) {
                        throw new IllegalStateException("the authorizer fails");
                    }
                    return !topic.equals("secret")
                            && (action == JmsAuthorizer.Action.READ || topic.equals(TOPIC) || topic.equals("none"));
                })
                .maxInFlight(2)
                .maxRequestLength(1000)
                .build();
        client = JmsStateClient.to(broker.inVm());
        byHand = broker.inVm().createConnection();
        byHand.start();
        session = byHand.createSession();
    }

    @AfterEach
    void stop() throws Exception {
        byHand.close();
        client.close();
        connection.close();
    }

    private Message ask(Message request) throws Exception {
        Queue replyTo = session.createTemporaryQueue();
        request.setJMSReplyTo(replyTo);
        request.setJMSCorrelationID("mine");
        session.createProducer(session.createQueue("statesync.requests")).send(request);
        try (MessageConsumer consumer = session.createConsumer(replyTo)) {
            return consumer.receive(LIMIT.toMillis());
        }
    }

    private String ask(String request) throws Exception {
        Message answer = ask(session.createTextMessage(request));
        assertThat(answer).isInstanceOf(TextMessage.class);
        assertThat(answer.getJMSCorrelationID()).isEqualTo("mine");
        assertThat(answer.getJMSDeliveryMode()).isEqualTo(DeliveryMode.NON_PERSISTENT);
        assertThat(answer.getJMSExpiration()).isPositive();
        return ((TextMessage) answer).getText();
    }

    private WriteResult<String> propose(String topic, StateVersion base, String value) throws Exception {
        return client.topic(topic, JacksonCodec.json(String.class))
                .proposer()
                .propose(Proposal.of(base, value))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @Test
    void whatIsAskedByHandIsAnsweredAsTheProtocolSays() throws Exception {
        StateVersion at = store.version();
        String where = "\"revision\":\"" + at.revision() + "\",\"epoch\":\"" + at.epoch() + "\"";
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\"}"))
                .isEqualTo("{\"status\":200," + where + ",\"data\":\"first\"}");
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\",\"heldRevision\":\"" + at.revision()
                        + "\",\"heldEpoch\":\"" + at.epoch() + "\",\"other\":[1]}"))
                .isEqualTo("{\"status\":304}");
        assertThat(ask("{\"topic\":\"none\",\"type\":\"pull\"}"))
                .startsWith("{\"status\":404,\"type\":\"no-such-topic\"");
        assertThat(ask("{\"topic\":\"secret\",\"type\":\"pull\"}")).startsWith("{\"status\":404,");
        assertThat(ask("{\"topic\":\"faulty\",\"type\":\"pull\"}")).startsWith("{\"status\":404,");
        assertThat(ask("{\"topic\":\"stuck\",\"type\":\"proposal\",\"data\":\"x\"}"))
                .startsWith("{\"status\":403,\"type\":\"not-allowed\"");
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"proposal\",\"data\":\"bad\"}"))
                .isEqualTo("{\"status\":422,\"type\":\"rejected\",\"detail\":\"it is bad\"}");
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"proposal\",\"baseRevision\":\"77\",\"data\":\"x\"}"))
                .isEqualTo("{\"status\":409," + where + ",\"data\":\"first\"}");
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"proposal\",\"baseRevision\":\"" + at.revision()
                        + "\",\"data\":\"second\"}"))
                .startsWith("{\"status\":200,\"revision\":\"" + at.revision().next() + "\"");
        assertThat(store.get()).isEqualTo("second");
    }

    @Test
    void whatIsNoRequestIsAnsweredSoIfItSaysWhere() throws Exception {
        String bad = "{\"status\":400,\"type\":\"bad-request\"";
        assertThat(ask("no JSON")).startsWith(bad);
        assertThat(ask("{\"type\":\"pull\"}")).startsWith(bad);
        assertThat(ask("{\"topic\":\" \",\"type\":\"pull\"}")).startsWith(bad);
        assertThat(ask("{\"topic\":\"settings\"}")).startsWith(bad);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\",\"heldRevision\":\"x\"}"))
                .startsWith(bad);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"proposal\"}")).startsWith(bad);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"proposal\",\"data\":1,\"baseEpoch\":\"1\"}"))
                .startsWith(bad);
        assertThat(ask("{\"topic\":\"" + "x".repeat(600) + "\",\"type\":\"pull\"}"))
                .startsWith(bad);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\",\"x\":\"" + "x".repeat(1000) + "\"}"))
                .startsWith("{\"status\":413,\"type\":\"too-large\"");
        assertThat(((TextMessage) ask(session.createObjectMessage("x"))).getText())
                .startsWith(bad);
        session.createProducer(session.createQueue("statesync.requests")).send(session.createTextMessage("x"));
        await().atMost(LIMIT).until(() -> broker.messages("statesync.requests") == 0);
    }

    @Test
    void aSourceThatDoesNotAnswerHoldsUpNobodyAndTooManyAreTurnedAway() throws Exception {
        var first = client.topic("stuck", JacksonCodec.json(String.class))
                .provider()
                .getSnapshot(FakePullRequest.of("stuck"))
                .toCompletableFuture();
        await().atMost(LIMIT).until(() -> responder.inFlight() == 1);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\"}")).startsWith("{\"status\":200");
        await().atMost(LIMIT).until(() -> responder.inFlight() == 1); // that answer is sent
        var second = client.topic("stuck", JacksonCodec.json(String.class))
                .provider()
                .getSnapshot(FakePullRequest.of("stuck"))
                .toCompletableFuture();
        await().atMost(LIMIT).until(() -> responder.inFlight() == 2);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\"}")).startsWith("{\"status\":503,\"type\":\"busy\"");
        assertThatThrownBy(() -> propose(TOPIC, null, "x")).hasCauseInstanceOf(NotSentException.class);
        stuck.answer.complete(SnapshotEnvelope.of(StateVersion.ofUnsigned(0, 1), "at last"));
        assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(second.get(60, TimeUnit.SECONDS));
        await().atMost(LIMIT).until(() -> responder.inFlight() == 0);
        assertThat(ask("{\"topic\":\"settings\",\"type\":\"pull\"}")).startsWith("{\"status\":200");
    }

    @Test
    void answersMeanWhatTheySay() throws Exception {
        assertThat(propose(TOPIC, null, "bad")).isEqualTo(new WriteResult.Rejected<>("it is bad"));
        assertThat(propose("stuck", null, "x")).isInstanceOf(WriteResult.Rejected.class);
        assertThat(propose("secret", null, "x")).isInstanceOf(WriteResult.Rejected.class);
        assertThat(propose(TOPIC, null, "x".repeat(2000))).isInstanceOf(WriteResult.Rejected.class);
        assertThat(propose(TOPIC, StateVersion.ofUnsigned(1, 1), "x")).isInstanceOf(WriteResult.Conflict.class);
        assertThat(propose(TOPIC, store.version(), "x")).isEqualTo(new WriteResult.Accepted<>(store.version()));
        assertThatThrownBy(() -> client.topic("secret", JacksonCodec.json(String.class))
                        .provider()
                        .getSnapshot(FakePullRequest.of("secret"))
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(JmsStateException.class)
                .hasMessageContaining("status 404");
    }
}
