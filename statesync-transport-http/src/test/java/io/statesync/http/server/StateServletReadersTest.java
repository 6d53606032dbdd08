package io.statesync.http.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Readers that read nothing, and readers that are gone. */
@ParameterizedClass
@EnumSource(ServletServer.Kind.class)
@Timeout(300)
class StateServletReadersTest {
    private static final int TOPICS = 20;
    private static final int LARGE = 60_000; // bytes; smaller than the servlet's limit for inline snapshots
    private static final int READERS = 200;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofSeconds(100);

    private final ServletServer.Kind container;
    private final StoreRegistry registry = StoreRegistry.create();
    private final List<RevisionedStore<String>> stores = new ArrayList<>();
    private final List<Socket> sockets = new ArrayList<>();
    private StateServlet servlet;
    private ServletServer server;
    private int round;

    StateServletReadersTest(ServletServer.Kind container) {
        this.container = container;
        for (int i = 0; i < TOPICS; i++) {
            stores.add(registry.store("topic-" + i, () -> "at first"));
        }
    }

    private void start(Duration heartbeat, Duration writeTimeout, Duration containerTimeout) throws Exception {
        servlet = StateServlet.builder()
                .registry(registry, topic -> JacksonCodec.json(String.class))
                .heartbeat(heartbeat)
                .writeTimeout(writeTimeout)
                .build();
        server = container.start(servlet, containerTimeout);
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        servlet.close();
        server.close();
        assertThat(servlet.connections()).isEmpty();
    }

    /** Opens a stream, and reads nothing of it. */
    private Socket open(String query) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        String request = "GET /state/events?" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(UTF_8));
        return socket;
    }

    private String everything() {
        StringBuilder query = new StringBuilder("inline=" + (64 << 10));
        stores.forEach(store -> query.append("&topic=").append(store.topic()));
        return query.toString();
    }

    /**
     * Opens a stream of all topics, and reads nothing of it but its first byte, which says that it was open: a container
     * with a short time-out may have ended it before anybody looks at {@link StateServlet#connections()}.
     */
    private void openWide() throws IOException {
        for (int first = -1; first < 0; ) {
            try {
                first = open(everything()).getInputStream().read();
            } catch (IOException e) {
                first = -1; // the container's time was up before it came to the request: once more
            }
        }
    }

    /** Writes, so that there is always more than the sockets' buffers hold, until something is the case. */
    private void writeUntil(Callable<Boolean> condition) {
        Awaitility.await().atMost(LIMIT).until(() -> {
            writeToAll();
            return condition.call();
        });
    }

    private boolean isBlocked() {
        return servlet.connections().stream().anyMatch(StreamInfo::blocked);
    }

    private void writeToAll() {
        round++;
        stores.forEach(store -> store.set(round + "x".repeat(LARGE)));
    }

    private void awaitNobody() {
        Awaitility.await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(servlet.connections()).isEmpty();
            assertThat(server.connections()).isZero();
        });
    }

    @Test
    void aReaderThatReadsNothingSlowsNoOther() throws Exception {
        start(LONG, LONG, LONG);
        openWide();
        writeUntil(this::isBlocked);
        try (Http http = new Http(server.base())) {
            Http.Events events = http.events("/events?" + everything());
            for (int i = 0; i < 50; i++) {
                writeToAll();
                for (int j = 0; j < TOPICS; j++) {
                    // A topic may be heard of in an older state first, where a write met the connecting.
                    String begin = "\"data\":\"" + round + "x";
                    String event = events.event();
                    while (!event.contains(begin)) {
                        event = events.event();
                    }
                }
            }
        }
        assertThat(isBlocked()).isTrue();
    }

    @Test
    void aReaderThatReadsNothingIsDisconnected() throws Exception {
        start(LONG, Duration.ofMillis(300), Duration.ofSeconds(2)); // Tomcat tries to write the rest, for so long
        openWide();
        writeUntil(() -> servlet.connections().isEmpty());
        awaitNobody();
    }

    @Test
    void aReaderThatTheContainerDisconnectsIsForgotten() throws Exception {
        start(LONG, LONG, Duration.ofSeconds(1));
        openWide();
        writeUntil(() -> servlet.connections().isEmpty());
        awaitNobody();
    }

    @Test
    void readersThatAreCutOffAreForgotten() throws Exception {
        start(Duration.ofMillis(200), LONG, LONG);
        for (int i = 0; i < READERS; i++) {
            open("topic=topic-0&topic=topic-1");
        }
        Awaitility.await()
                .atMost(LIMIT)
                .until(() -> servlet.connections().stream()
                                .filter(StreamInfo::connected)
                                .count()
                        == READERS);
        for (Socket socket : sockets) {
            socket.setSoLinger(true, 0); // closing resets it
            socket.close();
        }
        awaitNobody();
        try (Http http = new Http(server.base())) {
            assertThat(http.events("/events?topic=topic-0").event()).contains("topic-0");
        }
    }
}
