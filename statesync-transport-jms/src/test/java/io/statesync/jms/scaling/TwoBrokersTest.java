package io.statesync.jms.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.jackson.JacksonCodec;
import io.statesync.jms.JmsAuthorizer;
import io.statesync.jms.JmsConnection;
import io.statesync.jms.JmsInvalidationPublisher;
import io.statesync.jms.JmsSnapshotResponder;
import io.statesync.jms.JmsStateClient;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A source and its replicas at two brokers that are a cluster. */
@Timeout(600)
class TwoBrokersTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static Brokers brokers;

    private final String topic = "settings " + UUID.randomUUID(); // the brokers are those of all tests
    private final StoreRegistry registry = StoreRegistry.create();
    private final RevisionedStore<String> store = registry.store(topic, () -> "0");
    private final List<AutoCloseable> open = new ArrayList<>();
    private final List<StateReplica<String>> replicas = new ArrayList<>();

    @BeforeAll
    static void startBrokers() throws Exception {
        brokers = new Brokers(2);
    }

    @AfterAll
    static void stopBrokers() throws Exception {
        brokers.close();
    }

    @AfterEach
    void close() throws Exception {
        Collections.reverse(open);
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private <C extends AutoCloseable> C open(C opened) {
        open.add(opened);
        return opened;
    }

    private void publish(ConnectionFactory factory) {
        JmsConnection connection =
                open(JmsConnection.builder(factory).backoff(Brokers.QUICK).build());
        open(JmsInvalidationPublisher.builder(connection)
                .registry(registry, any -> JacksonCodec.json(String.class))
                .announceEvery(Duration.ofMillis(500))
                .build());
        open(JmsSnapshotResponder.builder(connection)
                .registry(registry, any -> JacksonCodec.json(String.class))
                .authorizer(JmsAuthorizer.allowAll())
                .build());
    }

    private StateReplica<String> follow(ConnectionFactory factory) {
        JmsStateClient client = open(JmsStateClient.builder(factory)
                .backoff(Brokers.QUICK)
                .proposalTimeout(Duration.ofSeconds(2))
                .build());
        StateReplica<String> replica = open(StateReplica.<String>builder(topic)
                .source(client.topic(topic, JacksonCodec.json(String.class)))
                .sendBackoff(Brokers.QUICK)
                .engine(engine -> engine.pullTimeout(Duration.ofSeconds(2)).catchUp(Brokers.QUICK))
                .build());
        replicas.add(replica);
        var unused = replica.start();
        return replica;
    }

    private void awaitConverged() {
        await().atMost(LIMIT).untilAsserted(() -> {
            for (StateReplica<String> replica : replicas) {
                assertThat(replica.meta().version()).isEqualTo(store.version());
                assertThat(replica.get()).isEqualTo(store.get());
            }
        });
    }

    @Test
    void requestsAreAnsweredAcrossTheCluster() throws Exception {
        publish(Brokers.only(brokers.port(0)));
        follow(Brokers.only(brokers.port(0)));
        StateReplica<String> across = follow(Brokers.only(brokers.port(1)));
        awaitConverged();
        for (int i = 0; i < 10; i++) {
            store.set("write " + i);
            awaitConverged();
            assertThat(across.set("across " + i).get(60, TimeUnit.SECONDS).isAccepted())
                    .isTrue();
        }
        awaitConverged();
        assertThat(store.get()).isEqualTo("across 9");
    }

    @Test
    void whicheverBrokerIsKilledEveryReplicaIsAtTheSourceInTheEnd() throws Exception {
        publish(brokers.either());
        for (int i = 0; i < 2; i++) {
            follow(brokers.either());
        }
        awaitConverged();
        for (int killed = 0; killed < 2; killed++) {
            store.set("before " + killed);
            brokers.kill(killed);
            store.set("while it is away " + killed);
            awaitConverged();
            CountDownLatch ready = brokers.start(killed);
            brokers.awaitReady(ready, killed);
        }
        awaitConverged();
    }
}
