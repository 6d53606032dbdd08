package io.statesync.examples;

import io.statesync.jms.JmsAuthorizer;
import io.statesync.jms.JmsConnection;
import io.statesync.jms.JmsInvalidationPublisher;
import io.statesync.jms.JmsSnapshotResponder;
import io.statesync.source.Authority;
import jakarta.jms.ConnectionFactory;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The same topics over a message broker: one that there is, or one of its own. */
final class JmsSide implements Closeable {
    /** Where Artemis listens if nobody says otherwise. */
    static final String OWN = "tcp://127.0.0.1:61616";

    private static final int INLINE = 4096;
    private static final Duration ANNOUNCE = Duration.ofSeconds(5);

    private final Deque<AutoCloseable> open = new ArrayDeque<>(); // what is to be closed first comes first
    private final String url;

    /**
     * Serves from now on.
     *
     * @param url the broker's; null to start one in this process
     * @throws IOException if no broker can be started
     */
    JmsSide(Collection<? extends Authority<JsonNode>> topics, @Nullable String url, boolean readOnly)
            throws IOException {
        this.url = url == null ? OWN : url;
        if (url == null) {
            open.push(broker(OWN));
        }
        JmsConnection connection =
                JmsConnection.builder(factory(this.url)).backoff(Remote.BACKOFF).build();
        open.push(connection);
        JmsInvalidationPublisher.Builder publisher =
                JmsInvalidationPublisher.builder(connection).inline(INLINE).announceEvery(ANNOUNCE);
        JmsSnapshotResponder.Builder responder = JmsSnapshotResponder.builder(connection)
                .authorizer(readOnly ? JmsAuthorizer.readOnly() : JmsAuthorizer.allowAll());
        topics.forEach(topic -> {
            publisher.topic(topic, JsonFile.codec());
            responder.topic(topic, JsonFile.codec());
        });
        open.push(publisher.build());
        open.push(responder.build());
    }

    /** Connections of Artemis's; the library makes lost ones anew, so Artemis need not. */
    static ConnectionFactory factory(String url) {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url);
        factory.setReconnectAttempts(0);
        return factory;
    }

    /** A broker that keeps nothing, and listens at a URL. */
    static AutoCloseable broker(String url) throws IOException {
        URI at = URI.create(url);
        try (ServerSocket free = new ServerSocket(at.getPort(), 1, InetAddress.getLoopbackAddress())) {
            free.setReuseAddress(true);
        } catch (IOException e) {
            throw new IOException(
                    "port " + at.getPort() + " of " + at.getHost() + " is in use; if that is a broker, --jms " + url
                            + " uses it",
                    e);
        }
        EmbeddedActiveMQ server = new EmbeddedActiveMQ();
        try {
            server.setConfiguration(new ConfigurationImpl()
                    .setPersistenceEnabled(false)
                    .setSecurityEnabled(false)
                    .setJMXManagementEnabled(false)
                    .addAcceptorConfiguration("tcp", url));
            server.start();
        } catch (Exception e) {
            throw new IOException("the broker does not start: " + e.getMessage(), e);
        }
        return server::stop;
    }

    /** The broker's URL. */
    String url() {
        return url;
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (AutoCloseable each = open.poll(); each != null; each = open.poll()) {
            try {
                each.close();
            } catch (Exception e) {
                failure = new IOException("the broker does not stop: " + e.getMessage(), e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
