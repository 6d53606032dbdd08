package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A provider that reconnects by itself, and for ever. */
@Timeout(300)
class JmsReconnectingProviderTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Backoff QUICK = Backoff.exponential(Duration.ofMillis(20), 2, Duration.ofMillis(200));

    private final Threads threads = new Threads();
    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private Broker broker;
    private JmsConnection source;
    private Follower follower;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
        source = JmsConnection.builder(broker.reconnecting()).backoff(QUICK).build();
        JmsInvalidationPublisher.builder(source)
                .topic(store, JacksonCodec.json(String.class))
                .announceEvery(Duration.ofSeconds(1))
                .build();
        JmsSnapshotResponder.builder(source)
                .topic(store, JacksonCodec.json(String.class))
                .build();
        follower = new Follower(
                JmsStateClient.builder(broker.reconnecting()).backoff(QUICK).build(), TOPIC);
        await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
    }

    @AfterEach
    void nothingIsLeft() {
        follower.close();
        source.close();
        threads.awaitNoMore();
    }

    @Test
    void aBrokerThatIsRestartedIsFollowedWithoutANewWrite() throws Exception {
        for (int i = 0; i < 2; i++) {
            broker.stop();
            store.set("while it was away " + i);
            broker.start();
            await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
        }
        store.set("once more");
        await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
    }

    /** The provider goes on looking for the broker, until it is closed. */
    @Test
    void closingWhileTheProviderReconnectsLeavesNothing() throws Exception {
        nothingIsLeft();
        Threads besides = new Threads();
        VirtualTime time = new VirtualTime();
        JmsConnection closing = JmsConnection.builder(broker.reconnecting())
                .timeSource(time)
                .backoff(QUICK)
                .build();
        JmsInvalidationSubscriber.on(closing)
                .subscribe(new RecordingHandler())
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        broker.stop();
        closing.close();
        assertThat(closing.state()).isEqualTo(JmsConnection.State.CLOSED);
        besides.awaitNoMore(() -> time.advance(Duration.ofSeconds(10)));
        broker.start();
    }
}
