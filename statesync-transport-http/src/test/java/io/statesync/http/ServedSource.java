package io.statesync.http;

import io.statesync.Backoff;
import io.statesync.StateVersion;
import io.statesync.http.server.JettyServer;
import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.internal.CuttingProxy;
import io.statesync.testkit.internal.SettableSource;
import java.time.Duration;

/** A source, its server, a proxy that can be cut, and a client. */
final class ServedSource implements AutoCloseable {
    static final String TOPIC = "set/tings ä%2F&=+?#";

    final SettableSource source = new SettableSource(TOPIC);
    final StateServlet servlet = StateServlet.builder()
            .topic(source, JacksonCodec.json(String.class))
            .retry(Duration.ofMillis(10))
            .build();
    final JettyServer jetty;
    final CuttingProxy proxy;
    final HttpStateClient client;

    ServedSource(int inline) throws Exception {
        jetty = new JettyServer(servlet);
        proxy = new CuttingProxy(jetty.port());
        client = HttpStateClient.builder(proxy.uri("/state"))
                .inline(inline)
                .backoff(Backoff.fixed(Duration.ofMillis(10)))
                .build();
    }

    void set(StateVersion version) {
        source.set(version, "data of " + version);
    }

    @Override
    public void close() throws Exception {
        client.close();
        proxy.close();
        servlet.close();
        jetty.close();
    }
}
