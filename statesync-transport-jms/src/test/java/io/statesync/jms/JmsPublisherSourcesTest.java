package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.InvalidationHandler;
import io.statesync.Revision;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a publisher makes of sources that block, lag or say less than others. */
@Timeout(300)
class JmsPublisherSourcesTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Duration NEVER = Duration.ofHours(1);
    private static final JacksonCodec<String> CODEC = JacksonCodec.json(String.class);

    private final RecordingHandler handler = new RecordingHandler();
    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final CountDownLatch let = new CountDownLatch(1);
    private Broker broker;
    private JmsConnection listening;
    private JmsConnection connection;

    /** A store whose events a test tells, and whose answers may be held up. */
    private static final class Told extends StoreBehind {
        private final CountDownLatch answering;
        private final CompletableFuture<InvalidationHandler> handler;

        Told(RevisionedStore<String> store, CountDownLatch answering) {
            this(store, answering, new CompletableFuture<>());
        }

        private Told(
                RevisionedStore<String> store,
                CountDownLatch answering,
                CompletableFuture<InvalidationHandler> handler) {
            super(store, heard -> {
                handler.complete(heard);
                return CompletableFuture.completedFuture(() -> {});
            });
            this.answering = answering;
            this.handler = handler;
        }

        @Override
        public SnapshotProvider<String> provider() {
            return request -> {
                answering.await(); // as no provider should
                return store.provider().getSnapshot(request);
            };
        }

        InvalidationHandler handler() throws Exception {
            return handler.get(60, TimeUnit.SECONDS);
        }
    }

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
        listening = JmsConnection.to(broker.inVm());
        connection = JmsConnection.to(broker.inVm());
        JmsInvalidationSubscriber.on(listening)
                .topic(TOPIC, CODEC)
                .subscribe(handler)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        let.countDown();
        connection.close();
        listening.close();
    }

    private void awaitTold(StateVersion version) throws Exception {
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, version)), LIMIT))
                .isTrue();
    }

    @Test
    void aSourceThatBlocksHoldsUpNoOtherTopicAndNoFlush() throws Exception {
        JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                .topic(new Told(RevisionedStore.of("stuck", "first"), let), CODEC)
                .topic(store, CODEC)
                .announceEvery(Duration.ofMillis(100))
                .build();
        awaitTold(store.version());
        for (int i = 0; i < 10; i++) {
            StateVersion version = store.set("write " + i);
            publisher.flush().get(60, TimeUnit.SECONDS);
            awaitTold(version);
        }
    }

    @Test
    void aWriteBeforeAFlushIsSentByIt() throws Exception {
        try (JmsInvalidationPublisher first = JmsInvalidationPublisher.builder(connection)
                .topic(store, CODEC)
                .announceEvery(NEVER)
                .build()) {
            first.flush().get(60, TimeUnit.SECONDS);
            for (int i = 0; i < 50; i++) {
                JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                        .topic(RevisionedStore.of("other", ""), CODEC)
                        .topic(store, CODEC)
                        .announceEvery(NEVER)
                        .build();
                first.close(); // from here on it is the new one that tells
                publisher.flush().get(60, TimeUnit.SECONDS);
                StateVersion version = store.set("write " + i);
                publisher.flush().get(60, TimeUnit.SECONDS);
                publisher.close();
                awaitTold(version);
            }
        }
    }

    @Test
    void anEventWithoutAnEpochIsPublished() throws Exception {
        Told told = new Told(store, new CountDownLatch(0));
        JmsInvalidationPublisher.builder(connection)
                .topic(told, CODEC)
                .announceEvery(NEVER)
                .build();
        awaitTold(store.version());
        told.handler().event(TOPIC, "77");
        awaitTold(StateVersion.of(store.version().epoch(), Revision.ofUnsigned(77)));
    }

    @Test
    void newsOfASourceThatAnswersWithWhatWasBeforeIsPublishedWithoutItsState() throws Exception {
        Told told = new Told(store, new CountDownLatch(0));
        JmsInvalidationPublisher.builder(connection)
                .topic(told, CODEC)
                .inline(1000)
                .announceEvery(NEVER)
                .build();
        awaitTold(store.version());
        StateVersion next = StateVersion.of(store.version().epoch(), Revision.ofUnsigned(2));
        told.handler().event(TOPIC, "2", next.epoch().toString());
        awaitTold(next);
        assertThat(handler.count(Kind.SNAPSHOT)).isZero();
    }

    @Test
    void aWriterIsNotHeldUpByABrokerThatTakesNothingWhateverItsStoreDeliversOn() throws Exception {
        ConnectionFactory full = Hooked.factory(broker.inVm(), (name, arguments) -> {
            if (name.equals("MessageProducer.send")) {
                await().atMost(LIMIT).until(() -> let.getCount() == 0);
            }
        });
        RevisionedStore<String> direct =
                RevisionedStore.<String>builder(TOPIC).deliverOn(Runnable::run).open(() -> "first");
        try (JmsConnection slow = JmsConnection.to(full)) {
            JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(slow)
                    .topic(direct, CODEC)
                    .announceEvery(NEVER)
                    .build();
            await().atMost(LIMIT).until(() -> slow.state() == JmsConnection.State.OPEN);
            for (int i = 0; i < 1000; i++) {
                direct.set("write " + i);
            }
            CompletableFuture<?> flushed = publisher.flush();
            assertThat(flushed).isNotDone();
            let.countDown();
            flushed.get(60, TimeUnit.SECONDS);
            awaitTold(direct.version());
        }
    }

    @Test
    void aTopicThatIsNoUnicodeIsRefusedAndNotPublished() throws Exception {
        String half = "half \ud800";
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<String> bad = registry.store(half, () -> "first");
        RevisionedStore<String> good = registry.store(TOPIC, () -> "first");
        JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                .registry(registry, topic -> CODEC)
                .announceEvery(Duration.ofMillis(100))
                .build();
        RecordingHandler all = new RecordingHandler();
        JmsInvalidationSubscriber.on(listening)
                .subscribe(all)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        bad.set("second");
        awaitTold(good.set("second"));
        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(all.calls()).noneMatch(call -> call.tellsOf(half, bad.version()));
        assertThatThrownBy(() -> JmsInvalidationPublisher.builder(connection).topic(bad, CODEC))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("half a surrogate pair");
        assertThatThrownBy(() -> JmsSnapshotProvider.of(connection, half, CODEC))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("half a surrogate pair");
    }
}
