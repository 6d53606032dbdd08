package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.jackson.JacksonCodec;
import io.statesync.jms.JmsAuthorizer;
import io.statesync.jms.JmsConnection;
import io.statesync.jms.JmsInvalidationPublisher;
import io.statesync.jms.JmsInvalidationSubscriber;
import io.statesync.jms.JmsSnapshotResponder;
import io.statesync.jms.JmsStateClient;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The code in docs/jms.md. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JmsSnippetsTest {
    private static final Logger log = LoggerFactory.getLogger(JmsSnippetsTest.class);

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private record Theme(String name, int size) {}

    private final EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
    private final ConnectionFactory factory = new ActiveMQConnectionFactory("vm://77");

    @BeforeEach
    void start() throws Exception {
        broker.setConfiguration(new ConfigurationImpl()
                .setPersistenceEnabled(false)
                .setSecurityEnabled(false)
                .setJMXManagementEnabled(false)
                .addAcceptorConfiguration("vm", "vm://77"));
        broker.start();
    }

    @AfterEach
    void stop() throws Exception {
        broker.stop();
    }

    @Test
    void aStoreIsPublishedAndFollowed() throws Exception {
        // snippet: publishOverJms
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<Theme> theme = registry.store("theme", () -> new Theme("light", 12));

        JmsConnection connection =
                JmsConnection.builder(factory).credentials("source", "secret").build();
        JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                .registry(registry, topic -> JacksonCodec.json(Theme.class))
                .inline(16 * 1024)
                .build();
        JmsSnapshotResponder responder = JmsSnapshotResponder.builder(connection)
                .registry(registry, topic -> JacksonCodec.json(Theme.class))
                .authorizer(JmsAuthorizer.allowAll())
                .build();
        // end
        // snippet: followOverJms
        JmsStateClient client = JmsStateClient.to(factory);
        StateReplica<Theme> replica = StateReplica.<Theme>builder("theme")
                .source(client.topic("theme", JacksonCodec.json(Theme.class)))
                .build();
        replica.start().join();
        replica.update(now -> new Theme("dark", now.size())).join();
        // end
        assertThat(theme.get()).isEqualTo(new Theme("dark", 12));
        theme.set(new Theme("dark", 14));
        await().atMost(LIMIT).until(() -> replica.get().size() == 14);
        // snippet: closeJms
        try {
            publisher.flush().get(60, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            log.warn("the broker is away; what was not sent is announced after the next start");
        } finally {
            publisher.close();
            responder.close();
            connection.close();
        }
        // end
        replica.close();
        client.close();
    }

    @Test
    void eventsComeByJmsAndPullsGoElsewhere() throws Exception {
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<Theme> theme = registry.store("theme", () -> new Theme("light", 12));
        JmsConnection source = JmsConnection.to(factory);
        JmsInvalidationPublisher.builder(source)
                .registry(registry, topic -> JacksonCodec.json(Theme.class))
                .build();
        SnapshotProvider<Theme> provider = theme.provider();
        AtomicReference<Theme> applied = new AtomicReference<>();
        // snippet: mixWithJms
        JmsConnection connection = JmsConnection.to(factory);
        JmsInvalidationSubscriber subscriber = JmsInvalidationSubscriber.on(connection);
        RevisionSync<Theme> engine = StateSync.createRevisionSync(RevisionSyncOptions.<Theme>builder("theme")
                .subscriber(subscriber.topic("theme"))
                .provider(provider)
                .applier(snapshot -> applied.set(snapshot.data()))
                .build());
        // end
        engine.start().get(60, TimeUnit.SECONDS);
        theme.set(new Theme("dark", 12));
        await().atMost(LIMIT).until(() -> applied.get().name().equals("dark"));
        engine.close();
        connection.close();
        source.close();
    }
}
