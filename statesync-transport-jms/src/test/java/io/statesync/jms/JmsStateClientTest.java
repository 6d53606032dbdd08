package io.statesync.jms;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class JmsStateClientTest {
    private static final String TOPIC = "it's a topic";

    private Broker broker;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
    }

    @Test
    void aReplicaFollowsAndWritesAStore() throws Exception {
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<String> store = registry.store(TOPIC, () -> "first");
        try (JmsConnection connection = JmsConnection.to(broker.tcp());
                JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                        .registry(registry, topic -> JacksonCodec.json(String.class))
                        .build();
                JmsSnapshotResponder responder = JmsSnapshotResponder.builder(connection)
                        .registry(registry, topic -> JacksonCodec.json(String.class))
                        .authorizer(JmsAuthorizer.allowAll())
                        .build();
                JmsStateClient client = JmsStateClient.to(broker.tcp());
                StateReplica<String> replica = StateReplica.<String>builder(TOPIC)
                        .source(client.topic(TOPIC, JacksonCodec.json(String.class)))
                        .build()) {
            replica.start().get(60, TimeUnit.SECONDS);
            assertThat(replica.get()).isEqualTo("first");
            store.set("second");
            await().atMost(1, MINUTES).until(() -> replica.get().equals("second"));
            assertThat(replica.set("third").get(60, TimeUnit.SECONDS).isAccepted())
                    .isTrue();
            assertThat(store.get()).isEqualTo("third");
            assertThat(publisher.flush().get(60, TimeUnit.SECONDS)).isNull();
            // An answer counts until the broker has taken it, and whom it is for may have it by then.
            await().atMost(1, MINUTES)
                    .untilAsserted(() -> assertThat(responder.inFlight()).isZero());
        }
    }
}
