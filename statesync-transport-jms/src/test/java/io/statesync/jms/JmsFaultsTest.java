package io.statesync.jms;

import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.InvalidationEvent;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.jackson.internal.Envelope;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import io.statesync.testkit.internal.CuttingProxy;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever breaks, every replica is where the source is in the end, without a new write. */
@Timeout(300)
class JmsFaultsTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration OUTAGE = Duration.ofMillis(Integer.getInteger("statesync.jms.outageMs", 500));
    private static final Backoff QUICK = Backoff.exponential(Duration.ofMillis(20), 2, Duration.ofSeconds(1));

    private final Threads threads = new Threads();
    private final StoreRegistry registry = StoreRegistry.create();
    private final RevisionedStore<String> store = registry.store(TOPIC, () -> "0");
    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<Follower> followers = new ArrayList<>();

    @AfterEach
    void nothingIsLeft() throws Exception {
        followers.forEach(Follower::close);
        Collections.reverse(open);
        for (AutoCloseable each : open) {
            each.close();
        }
        threads.awaitNoMore();
    }

    private <C extends AutoCloseable> C open(C opened) {
        open.add(opened);
        return opened;
    }

    private void publish(ConnectionFactory factory, int inline) {
        JmsConnection connection =
                open(JmsConnection.builder(factory).backoff(QUICK).build());
        JmsInvalidationPublisher.builder(connection)
                .registry(registry, topic -> JacksonCodec.json(String.class))
                .inline(inline)
                .announceEvery(Duration.ofSeconds(1))
                .build();
        JmsSnapshotResponder.builder(connection)
                .registry(registry, topic -> JacksonCodec.json(String.class))
                .build();
    }

    private void follow(ConnectionFactory... factories) {
        for (ConnectionFactory factory : factories) {
            followers.add(new Follower(factory, TOPIC));
        }
    }

    private void awaitConverged() {
        await().atMost(LIMIT).untilAsserted(() -> followers.forEach(follower -> follower.assertAt(store)));
    }

    /** Writes without a pause, until it is closed. */
    private final class Load implements AutoCloseable {
        private final AtomicBoolean ended = new AtomicBoolean();
        private final Thread writer = new Thread(this::write, "load");

        Load() {
            writer.start();
        }

        private void write() {
            for (int i = 1; !ended.get(); i++) {
                store.set(String.valueOf(i));
                LockSupport.parkNanos(1_000_000); // the pace of the writes
            }
        }

        void awaitWrites(int more) {
            long from = store.version().revision().bits();
            await().atMost(LIMIT).until(() -> store.version().revision().bits() > from + more);
        }

        @Override
        public void close() throws Exception {
            ended.set(true);
            writer.join();
        }
    }

    @Test
    void aBrokerThatIsKilledAndStartedUnderLoad() throws Exception {
        BrokerProcess broker = open(new BrokerProcess());
        int port = broker.port();
        publish(Broker.tcp(port), 0);
        follow(Broker.tcp(port), Broker.tcp(port), Broker.amqp(port));
        awaitConverged();
        try (Load load = new Load()) {
            for (int i = 0; i < 2; i++) {
                load.awaitWrites(200);
                broker.kill();
                load.awaitWrites(200);
                broker.start();
                load.awaitWrites(200);
            }
        }
        awaitConverged();
    }

    @Test
    void aNetworkThatIsCutForAWhile() throws Exception {
        Broker broker = Broker.shared();
        CuttingProxy proxy = open(new CuttingProxy(broker.port()));
        publish(Broker.tcp(broker.port()), 16 * 1024);
        follow(Broker.tcp(proxy.port()), Broker.amqp(proxy.port()));
        awaitConverged();
        try (Load load = new Load()) {
            load.awaitWrites(50);
            proxy.cut();
            followers.forEach(follower -> PublishedSource.awaitNotOpen(follower.client.connection()));
            TimeUnit.NANOSECONDS.timedJoin(load.writer, OUTAGE.toNanos());
            load.awaitWrites(50);
        }
        proxy.heal();
        awaitConverged();
    }

    @Test
    void aPublisherThatIsCutOffSaysWhereItIsWhenItIsBack() throws Exception {
        Broker broker = Broker.shared();
        CuttingProxy proxy = open(new CuttingProxy(broker.port()));
        publish(Broker.tcp(proxy.port()), 0);
        follow(broker.inVm(), Broker.tcp(broker.port()));
        awaitConverged();
        for (int i = 0; i < 3; i++) {
            proxy.cut();
            store.set("while it was cut " + i);
            proxy.heal();
            awaitConverged();
        }
    }

    @Test
    void eventsThatComeTwiceAndInAnyOrder() throws Exception {
        Broker broker = Broker.shared();
        publish(broker.inVm(), 0);
        follow(broker.inVm(), Broker.amqp(broker.port()));
        awaitConverged();
        List<StateVersion> versions = new ArrayList<>();
        for (int i = 1; i <= 50; i++) {
            versions.add(store.set("write " + i));
        }
        versions.addAll(List.copyOf(versions));
        Collections.shuffle(versions, new Random(7));
        broker.send((session, producer) -> {
            for (StateVersion version : versions) {
                Message message =
                        session.createTextMessage(Envelope.invalidation(TOPIC, InvalidationEvent.of(TOPIC, version)));
                message.setStringProperty("topic", TOPIC);
                producer.send(session.createTopic("statesync.events"), message);
            }
        });
        awaitConverged();
    }
}
