package io.statesync.jms;

import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.internal.CuttingProxy;
import io.statesync.testkit.internal.SettableSource;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.function.IntFunction;

/** A source, its publisher and responder at a broker, and a client behind a proxy that can be cut. */
final class PublishedSource implements AutoCloseable {
    static final String TOPIC = "set/tings ä'%2F&=+?#";
    static final Backoff QUICK = Backoff.fixed(Duration.ofMillis(20));

    final SettableSource source = new SettableSource(TOPIC);
    final Broker broker = Broker.shared();
    final CuttingProxy proxy = new CuttingProxy(broker.port());
    final JmsConnection connection =
            JmsConnection.builder(broker.tcp()).backoff(QUICK).build();
    final JmsInvalidationPublisher publisher;
    final JmsSnapshotResponder responder;
    final JmsStateClient client;

    PublishedSource(int inline, boolean selectInBroker, IntFunction<ConnectionFactory> provider) throws Exception {
        publisher = JmsInvalidationPublisher.builder(connection)
                .topic(source, JacksonCodec.json(String.class))
                .inline(inline)
                .build();
        responder = JmsSnapshotResponder.builder(connection)
                .topic(source, JacksonCodec.json(String.class))
                .build();
        client = JmsStateClient.builder(provider.apply(proxy.port()))
                .backoff(QUICK)
                .selectInBroker(selectInBroker)
                .build();
    }

    void set(StateVersion version) {
        source.set(version, "data of " + version);
    }

    /** The client's connection is broken, and it knows. */
    void cut() throws Exception {
        proxy.cut();
        awaitNotOpen(client.connection());
    }

    static void awaitNotOpen(JmsConnection connection) {
        await().atMost(Duration.ofSeconds(30)).until(() -> connection.state() != JmsConnection.State.OPEN);
    }

    @Override
    public void close() throws Exception {
        client.close();
        publisher.close();
        responder.close();
        connection.close();
        proxy.close();
    }
}
