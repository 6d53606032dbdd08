package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class JmsInvalidationPublisherTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final RecordingHandler handler = new RecordingHandler();
    private Broker broker;
    private JmsConnection listening;

    /** A source that others write, and that says nothing of it. */
    private static StoreBehind silent(RevisionedStore<String> store) {
        return new StoreBehind(store, handler -> CompletableFuture.completedFuture(() -> {}));
    }

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
        listening = JmsConnection.to(broker.inVm());
        JmsInvalidationSubscriber.on(listening)
                .topic(TOPIC, JacksonCodec.json(String.class))
                .subscribe(handler)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        listening.close();
    }

    private void awaitTold(StateVersion version) throws Exception {
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, version)), LIMIT))
                .isTrue();
    }

    @Test
    void whatASourceKeptToItselfIsAnnounced() throws Exception {
        try (JmsConnection connection = JmsConnection.to(broker.inVm())) {
            JmsInvalidationPublisher.builder(connection)
                    .topic(silent(store), JacksonCodec.json(String.class))
                    .announceEvery(Duration.ofMillis(200))
                    .build();
            awaitTold(store.version());
            awaitTold(store.set("second"));
            awaitTold(store.set("third"));
        }
    }

    /** Nodes of one database hear of each other by what they publish themselves. */
    @Test
    void aSourceThatHearsOfItselfByWhatIsPublishedIsNotPublishedForEver() throws Exception {
        try (JmsConnection connection = JmsConnection.to(broker.inVm())) {
            InvalidationSubscriber heard =
                    JmsInvalidationSubscriber.on(connection).topic(TOPIC);
            for (int node = 0; node < 2; node++) {
                JmsInvalidationPublisher unused = JmsInvalidationPublisher.builder(connection)
                        .topic(new StoreBehind(store, heard), JacksonCodec.json(String.class))
                        .announceEvery(Duration.ofHours(1))
                        .build();
            }
            JmsInvalidationPublisher unused = JmsInvalidationPublisher.builder(connection)
                    .topic(store, JacksonCodec.json(String.class))
                    .announceEvery(Duration.ofHours(1))
                    .build();
            awaitTold(store.version());
            for (int i = 0; i < 20; i++) {
                store.set("value " + i);
                awaitTold(store.version());
            }
            // Each of three publishers says each version once, and once more when it begins.
            assertThat(handler.count(Kind.EVENT)).isLessThanOrEqualTo(3 * 21 + 3 * 2);
        }
    }

    @Test
    void whileNothingCanBeSentTheNewestEventOfATopicWaits() throws Exception {
        HangingFactory hanging = new HangingFactory(broker.inVm());
        try (JmsConnection connection = JmsConnection.to(hanging)) {
            JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                    .topic(store, JacksonCodec.json(String.class))
                    .announceEvery(Duration.ofHours(1))
                    .build();
            for (int i = 0; i < 10_000; i++) {
                store.set("write " + i);
            }
            CompletableFuture<?> flushed = publisher.flush();
            assertThat(flushed).isNotDone();
            hanging.let();
            flushed.get(60, TimeUnit.SECONDS);
            awaitTold(store.version());
            assertThat(handler.calls()).hasSizeLessThan(10);
        }
    }

    @Test
    void aStateThatIsShortEnoughComesWithItsEvent() throws Exception {
        try (JmsConnection connection = JmsConnection.to(broker.inVm())) {
            JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                    .topic(store, JacksonCodec.json(String.class))
                    .inline(200)
                    .announceEvery(Duration.ofHours(1))
                    .build();
            publisher.flush().get(60, TimeUnit.SECONDS);
            awaitTold(store.version());
            awaitTold(store.set("short"));
            await().atMost(LIMIT).until(() -> handler.count(Kind.SNAPSHOT) == 1);
            StateVersion large = store.set("x".repeat(200));
            awaitTold(large);
            assertThat(handler.count(Kind.SNAPSHOT)).isEqualTo(1);
            publisher.close();
            assertThatThrownBy(() -> publisher.flush().get(60, TimeUnit.SECONDS))
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void aBadOptionIsNamed() {
        try (JmsConnection connection = JmsConnection.to(broker.inVm())) {
            assertThatThrownBy(
                            () -> JmsInvalidationPublisher.builder(connection).build())
                    .hasMessageContaining("name a topic or a registry");
            assertThatThrownBy(
                            () -> JmsInvalidationPublisher.builder(connection).priority(10))
                    .hasMessageContaining("priority")
                    .hasMessageContaining("10");
            assertThatThrownBy(() -> JmsInvalidationSubscriber.builder(connection)
                            .selectInBroker(true)
                            .durable("mine")
                            .build())
                    .hasMessageContaining("selectInBroker")
                    .hasMessageContaining("mine");
        }
    }
}
