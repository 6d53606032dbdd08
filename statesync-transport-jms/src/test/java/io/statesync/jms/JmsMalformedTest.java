package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import io.statesync.testkit.RecordingHandler;
import jakarta.jms.Message;
import jakarta.jms.Session;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that are none of ours: acknowledged, reported once, and never delivered again. */
@Timeout(300)
class JmsMalformedTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final AtomicBoolean deserialised = new AtomicBoolean();

    private Broker broker;

    /** What would show if anybody read it. */
    private static final class Trap implements Serializable {
        @Serial
        private static final long serialVersionUID = 1L;

        @Serial
        private void readObject(ObjectInputStream in) {
            deserialised.set(true);
        }
    }

    /** Makes a message. */
    private interface Making {
        Message make(Session session) throws Exception;
    }

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
    }

    private void sendEvent(Making making, String topicProperty) throws Exception {
        broker.send((session, producer) -> {
            try {
                Message message = making.make(session);
                if (topicProperty != null) {
                    message.setStringProperty("topic", topicProperty);
                }
                producer.send(session.createTopic("statesync.events"), message);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private static List<Making> malformed() {
        return List.of(
                session -> session.createObjectMessage(new Trap()),
                session -> {
                    var bytes = session.createBytesMessage();
                    bytes.writeUTF("{\"topic\":\"settings\",\"revision\":\"9\"}");
                    return bytes;
                },
                session -> session.createMapMessage(),
                session -> session.createStreamMessage(),
                Session::createMessage,
                session -> session.createTextMessage(null),
                session -> session.createTextMessage(""),
                session -> session.createTextMessage("no JSON"),
                session -> session.createTextMessage("[1]"),
                session -> session.createTextMessage("{\"revision\":\"9\"}"),
                session -> session.createTextMessage("{\"topic\":\"settings\"}"),
                session -> session.createTextMessage("{\"topic\":\"settings\",\"revision\":9}"),
                session -> session.createTextMessage("{\"topic\":\"settings\",\"revision\":\"-1\"}"),
                session -> session.createTextMessage("{\"topic\":\"other\",\"revision\":\"9\"}"),
                session ->
                        session.createTextMessage("{\"topic\":\"settings\",\"topic\":\"settings\",\"revision\":\"9\"}"),
                session -> session.createTextMessage("{\"topic\":\"settings\",\"revision\":\"x\",\"data\":\"y\"}"),
                session -> session.createTextMessage("{\"topic\":\"settings\",\"data\":\"y\"}"),
                session -> session.createTextMessage(
                        "{\"topic\":\"settings\",\"revision\":\"9\",\"data\":\"" + "x".repeat(300_000) + "\"}"));
    }

    @Test
    void eachIsAcknowledgedReportedOnceAndNotDeliveredAgain() throws Exception {
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<String> store = registry.store(TOPIC, () -> "first");
        try (JmsConnection connection = JmsConnection.to(broker.inVm());
                Follower follower = new Follower(
                        JmsStateClient.builder(broker.tcp())
                                .maxMessageLength(200_000)
                                .build(),
                        TOPIC,
                        Duration.ofSeconds(30))) {
            List<SyncError> errors = follower.errors;
            JmsInvalidationPublisher.builder(connection)
                    .registry(registry, topic -> JacksonCodec.json(String.class))
                    .build();
            JmsSnapshotResponder.builder(connection)
                    .registry(registry, topic -> JacksonCodec.json(String.class))
                    .build();
            await().atMost(LIMIT).until(() -> follower.state().equals("first"));
            errors.clear();
            List<Making> all = malformed();
            for (int i = 0; i < all.size(); i++) {
                int expected = i + 1;
                sendEvent(all.get(i), TOPIC);
                await().atMost(LIMIT)
                        .untilAsserted(() -> assertThat(errors)
                                .as("after message %s", expected)
                                .hasSize(expected));
            }
            store.set("second");
            await().atMost(LIMIT).until(() -> follower.state().equals("second"));
            await().atMost(LIMIT).until(() -> broker.messages() == 0);
            assertThat(errors)
                    .hasSize(all.size())
                    .allSatisfy(error -> assertThat(error.phase()).isEqualTo(SyncPhase.PROTOCOL));
            assertThat(deserialised).isFalse();
        }
    }

    @Test
    void whatSaysNothingOfItsTopicIsToldToAll() throws Exception {
        try (JmsConnection connection = JmsConnection.to(broker.inVm())) {
            JmsInvalidationSubscriber subscriber = JmsInvalidationSubscriber.on(connection);
            RecordingHandler one = new RecordingHandler();
            RecordingHandler other = new RecordingHandler();
            subscriber.topic("one").subscribe(one).toCompletableFuture().get(60, TimeUnit.SECONDS);
            subscriber.topic("other").subscribe(other).toCompletableFuture().get(60, TimeUnit.SECONDS);
            sendEvent(session -> session.createTextMessage("no JSON"), null);
            assertThat(one.awaitCalls(calls -> calls.size() == 1, LIMIT)).isTrue();
            assertThat(other.awaitCalls(calls -> calls.size() == 1, LIMIT)).isTrue();
        }
    }

    @Test
    void aTopicCannotWidenTheSelectorOfTheBroker() throws Exception {
        String injecting = "a' OR '1'='1";
        try (JmsConnection connection = JmsConnection.to(broker.inVm())) {
            JmsInvalidationSubscriber subscriber = JmsInvalidationSubscriber.builder(connection)
                    .selectInBroker(true)
                    .build();
            RecordingHandler handler = new RecordingHandler();
            subscriber.topic(injecting).subscribe(handler).toCompletableFuture().get(60, TimeUnit.SECONDS);
            sendEvent(session -> session.createTextMessage("no JSON"), "a");
            sendEvent(session -> session.createTextMessage("no JSON"), TOPIC);
            sendEvent(
                    session -> session.createTextMessage("{\"topic\":\"a' OR '1'='1\",\"revision\":\"1\"}"), injecting);
            StateVersion version = StateVersion.ofUnsigned(0, 1);
            assertThat(handler.awaitCalls(
                            calls -> calls.stream().anyMatch(call -> call.tellsOf(injecting, version)), LIMIT))
                    .isTrue();
            assertThat(handler.calls()).hasSize(1);
        }
    }
}
