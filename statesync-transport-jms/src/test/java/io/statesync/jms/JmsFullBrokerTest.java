package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.StateVersion;
import io.statesync.WritableBinding;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import jakarta.jms.Connection;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A broker that is full, and has whoever sends wait. */
@Timeout(90)
class JmsFullBrokerTest {
    private static final String TOPIC = "settings";
    private static final String REQUESTS = "statesync.requests";
    private static final String EVENTS = "full.events";
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static Threads threads;
    private static Broker broker;

    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final List<AutoCloseable> open = new ArrayList<>();
    private ExecutorService callers;

    @BeforeAll
    static void startBroker() throws Exception {
        threads = new Threads();
        broker = Broker.with(JmsFullBrokerTest::setUp);
    }

    private static void setUp(Configuration configuration) {
        AddressSettings small = new AddressSettings()
                .setMaxSizeBytes(10 * 1024)
                .setAddressFullMessagePolicy(AddressFullMessagePolicy.BLOCK)
                .setExpiryAddress(null);
        configuration.addAddressSetting(REQUESTS, small).addAddressSetting(EVENTS, small);
    }

    @AfterAll
    static void nothingIsLeft() throws Exception {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(broker.connections()).isZero());
        threads.awaitNoMore();
        broker.close();
    }

    @BeforeEach
    void start() {
        callers = Executors.newCachedThreadPool();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        callers.shutdown();
        assertThat(callers.awaitTermination(30, TimeUnit.SECONDS)).isTrue(); // nobody is held up for ever
    }

    /** Where to send to. */
    private interface To {
        Destination in(Session session) throws JMSException;
    }

    /** Sends as much as an address takes at all, and more. */
    private static void fill(To to) throws Exception {
        broker.send((session, producer) -> {
            for (int i = 0; i < 20; i++) {
                producer.send(to.in(session), session.createTextMessage("x".repeat(1024)));
            }
        });
    }

    private static void fillRequests() throws Exception {
        fill(session -> session.createQueue(REQUESTS));
        await().atMost(LIMIT).until(() -> broker.messages(REQUESTS) == 20);
    }

    private JmsStateClient client(int maxPending) {
        JmsStateClient client = JmsStateClient.builder(broker.inVm())
                .maxPending(maxPending)
                .proposalTimeout(Duration.ofMillis(300))
                .build();
        open.add(client);
        return client;
    }

    private static WritableBinding<String> topic(JmsStateClient client) {
        return client.topic(TOPIC, JacksonCodec.json(String.class));
    }

    /** Asks on a thread of its own: who asks first waits for the broker. What it gives counts how often it was answered. */
    private CompletableFuture<Integer> pull(JmsStateClient client, Duration timeout) {
        CompletableFuture<Integer> asked = new CompletableFuture<>();
        AtomicInteger answers = new AtomicInteger();
        callers.execute(() -> client.connection()
                .requester
                .ask(REQUESTS, TOPIC, "{}", timeout)
                .whenComplete((text, error) -> {
                    int count = answers.incrementAndGet();
                    if (error == null) {
                        asked.complete(count);
                    } else {
                        asked.completeExceptionally(error);
                    }
                }));
        return asked;
    }

    // TODO
}
