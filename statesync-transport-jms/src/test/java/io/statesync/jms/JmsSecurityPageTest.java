package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Session;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.deployers.impl.FileConfigurationParser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rights that docs/jms.md shows for Artemis are enough for sources and followers, and no more than they need. */
@Timeout(300)
class JmsSecurityPageTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final JacksonCodec<String> CODEC = JacksonCodec.json(String.class);

    private static Broker broker;

    @BeforeAll
    static void start() throws Exception {
        String page = Files.readString(Path.of("..", "docs", "jms.md"));
        int begin = page.indexOf("<security-settings>");
        String shown = page.substring(begin, page.indexOf("```", begin));
        Configuration parsed = new FileConfigurationParser()
                .parseMainConfig(new ByteArrayInputStream(
                        ("<core xmlns=\"urn:activemq:core\">" + shown + "</core>").getBytes(StandardCharsets.UTF_8)));
        SecurityConfiguration users = new SecurityConfiguration(
                Map.of("node", "secret", "reader", "secret"),
                Map.of("node", List.of("sources"), "reader", List.of("followers")));
        broker = Broker.secured(
                users,
                configuration -> configuration
                        .setPopulateValidatedUser(parsed.isPopulateValidatedUser())
                        .setSecurityRoles(parsed.getSecurityRoles()));
    }

    @AfterAll
    static void stop() throws Exception {
        broker.close();
    }

    @Test
    void sourcesAndFollowersCanDoTheirWork() throws Exception {
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
        Set<String> asking = ConcurrentHashMap.newKeySet();
        try (JmsConnection source = JmsConnection.builder(broker.tcp())
                .credentials("node", "secret")
                .build()) {
            JmsInvalidationPublisher.builder(source)
                    .topic(store, CODEC)
                    .inline(100)
                    .announceEvery(Duration.ofHours(1))
                    .build();
            JmsSnapshotResponder.builder(source)
                    .topic(store, CODEC)
                    .authorizer((user, topic, action) -> {
                        asking.add(String.valueOf(user));
                        return true;
                    })
                    .build();
            for (ConnectionFactory factory : List.of(broker.tcp(), Broker.amqp(broker.port()))) {
                try (JmsStateClient client = JmsStateClient.builder(factory)
                                .credentials("reader", "secret")
                                .build();
                        StateReplica<String> replica = StateReplica.<String>builder(TOPIC)
                                .source(client.topic(TOPIC, CODEC))
                                .build()) {
                    replica.start().get(60, TimeUnit.SECONDS);
                    store.set("from the source");
                    await().atMost(LIMIT).until(() -> replica.get().equals("from the source"));
                    assertThat(replica.set("from the follower")
                                    .get(60, TimeUnit.SECONDS)
                                    .isAccepted())
                            .isTrue();
                    assertThat(store.get()).isEqualTo("from the follower");
                }
            }
        }
        assertThat(asking).contains("reader");
    }

    @Test
    void nobodyCanDoTheWorkOfTheOthers() throws Exception {
        try (Connection reader = broker.tcp().createConnection("reader", "secret");
                Connection node = broker.tcp().createConnection("node", "secret");
                Session reading = reader.createSession();
                Session serving = node.createSession()) {
            var events = reading.createTopic("statesync.events");
            var requests = serving.createQueue("statesync.requests");
            assertThatThrownBy(() -> reading.createProducer(events).send(reading.createTextMessage("x")))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> reading.createConsumer(reading.createQueue("statesync.requests")))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> serving.createProducer(requests).send(serving.createTextMessage("x")))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> serving.createConsumer(serving.createTemporaryQueue()))
                    .isInstanceOf(JMSSecurityException.class);
        }
    }
}
