package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import jakarta.jms.Connection;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
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
@Timeout(300)
class JmsFullBrokerTest {
    private static final String TOPIC = "settings";
    private static final String REQUESTS = "statesync.requests";
    private static final String OTHER_REQUESTS = "other.requests";
    private static final String EVENTS = "full.events";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private static Threads threads;
    private static Broker broker;

    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final List<AutoCloseable> open = new ArrayList<>();

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
        threads.awaitNoMore();
        broker.close();
    }

    @BeforeEach
    void start() throws Exception {
        for (String queue : List.of(REQUESTS, OTHER_REQUESTS)) {
            if (broker.messages(queue) > 0) {
                broker.drop(queue);
            }
        }
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(broker.connections()).isZero());
    }

    private <C extends AutoCloseable> C open(C opened) {
        open.add(opened);
        return opened;
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

    /** A client that has asked before. */
    private JmsStateClient client(int maxPending) {
        JmsStateClient client = open(JmsStateClient.builder(broker.inVm())
                .maxPending(maxPending)
                .proposalTimeout(Duration.ofMillis(300))
                .build());
        CompletableFuture<?> before = JmsSnapshotProvider.of(
                        client.connection(), TOPIC, JacksonCodec.json(String.class), OTHER_REQUESTS)
                .getSnapshot(FakePullRequest.of(TOPIC))
                .toCompletableFuture();
        await().atMost(LIMIT).until(() -> broker.messages(OTHER_REQUESTS) > 0);
        assertThat(before.cancel(true)).isTrue();
        return client;
    }

    /** Asks. Nobody is held up by that. */
    private CompletableFuture<WriteResult<String>> propose(JmsStateClient client) throws Exception {
        return client.topic(TOPIC, JacksonCodec.json(String.class))
                .proposer()
                .propose(Proposal.of(null, "mine"))
                .<WriteResult<String>>thenApply(result -> result)
                .toCompletableFuture();
    }

    private static RecordingHandler subscribe(JmsConnection connection, String destination) throws Exception {
        RecordingHandler handler = new RecordingHandler();
        JmsInvalidationSubscriber.builder(connection)
                .destination(destination)
                .build()
                .topic(TOPIC)
                .subscribe(handler)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        return handler;
    }

    private static void awaitTold(RecordingHandler handler, StateVersion version) throws Exception {
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, version)), LIMIT))
                .isTrue();
    }

    // ---- requests

    /** The first whom the broker keeps waiting; others wait behind. */
    private CompletableFuture<WriteResult<String>> proposeFirst(JmsStateClient client) throws Exception {
        CompletableFuture<WriteResult<String>> first = propose(client);
        await().atMost(LIMIT).until(() -> Threads.anyIn("ClientProducerCredits")); // the provider's
        return first;
    }

    private static void assertTimedOut(CompletableFuture<?> asked, Class<?> how) {
        Throwable outcome = catchThrowable(() -> asked.get(60, TimeUnit.SECONDS));
        assertThat(outcome).hasMessageContaining("no answer within PT0.3S");
        assertThat(outcome.getCause()).isInstanceOf(how);
    }

    @Test
    void requestsThatTheBrokerDoesNotTakeTimeOutAndEventsAreHeardMeanwhile() throws Exception {
        JmsStateClient client = client(10);
        JmsConnection source = open(JmsConnection.to(broker.inVm()));
        JmsInvalidationPublisher.builder(source)
                .topic(store, JacksonCodec.json(String.class))
                .build();
        RecordingHandler handler = subscribe(client.connection(), "statesync.events");
        fillRequests();
        CompletableFuture<?> first = proposeFirst(client);
        List<CompletableFuture<WriteResult<String>>> behind = List.of(propose(client), propose(client));
        awaitTold(handler, store.set("second"));
        behind.forEach(each -> assertTimedOut(each, NotSentException.class));
        awaitTold(handler, store.set("third"));
        assertThat(handler.count(Kind.DISCONNECTED)).isZero();
        broker.drop(REQUESTS);
        assertTimedOut(first, IOException.class);
        JmsSnapshotResponder.builder(source)
                .topic(store, JacksonCodec.json(String.class))
                .authorizer(JmsAuthorizer.allowAll())
                .build();
        await().atMost(LIMIT).until(() -> {
            CompletableFuture<WriteResult<String>> again = propose(client);
            return again.handle((result, error) -> error == null).get(60, TimeUnit.SECONDS);
        });
        assertThat(store.get()).isEqualTo("mine");
        assertThat(client.connection().attempts()).isEqualTo(1);
    }

    @Test
    void whatWaitsForTheBrokerIsBoundedAndClosingDoesNotWaitForIt() throws Exception {
        JmsStateClient client = client(2);
        fillRequests();
        CompletableFuture<?> first = proposeFirst(client);
        assertTimedOut(propose(client), NotSentException.class);
        assertThatThrownBy(() -> propose(client).get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(NotSentException.class)
                .hasMessageContaining("maxPending=2");
        client.close();
        assertThatThrownBy(() -> first.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(IOException.class);
        await().atMost(LIMIT)
                .until(() -> !Threads.anyIn("ClientProducerCredits")); // who waited for the broker is let go
        // It is full as before: what the provider sent of it as it was closed has expired.
        await().atMost(LIMIT).until(() -> broker.messages(REQUESTS) == 20);
    }

    @Test
    void anEngineWhosePullTheBrokerDoesNotTakeReportsItAndGoesOnTrying() throws Exception {
        JmsStateClient client = client(10);
        fillRequests();
        List<SyncError> errors = new CopyOnWriteArrayList<>();
        RevisionSync<String> engine = open(StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .source(client.topic(TOPIC, JacksonCodec.json(String.class)))
                .applier(snapshot -> {})
                .startup(Startup.KEEP_TRYING)
                .pullTimeout(Duration.ofMillis(300))
                .catchUp(Backoff.fixed(Duration.ofMillis(20)))
                .onError(errors::add)
                .build()));
        var unused = engine.start();
        await().atMost(LIMIT).until(() -> errors.size() >= 3);
        assertThat(errors).allSatisfy(error -> assertThat(error.phase()).isEqualTo(SyncPhase.GET_SNAPSHOT));
        broker.drop(REQUESTS);
        JmsSnapshotResponder.builder(open(JmsConnection.to(broker.inVm())))
                .topic(store, JacksonCodec.json(String.class))
                .build();
        await().atMost(LIMIT).until(() -> store.version().equals(engine.localVersion()));
    }

    // ---- events

    /** Somebody who takes no events, though they are kept for them. */
    private Connection neglectEvents() throws Exception {
        Connection connection = open(broker.inVm().createConnection());
        Session session = connection.createSession();
        session.createConsumer(session.createTopic(EVENTS)); // the connection is not started
        fill(sending -> sending.createTopic(EVENTS));
        return connection;
    }

    private JmsInvalidationPublisher publisher(JmsConnection connection) {
        return JmsInvalidationPublisher.builder(connection)
                .destination(EVENTS)
                .topic(store, JacksonCodec.json(String.class))
                .build();
    }

    @Test
    void writersAreNotHeldUpByATopicThatIsFullAndTheNewestIsPublishedOnceItIsNot() throws Exception {
        Connection neglecting = neglectEvents();
        JmsConnection connection = open(JmsConnection.to(broker.inVm()));
        JmsInvalidationPublisher publisher = publisher(connection);
        CompletableFuture<?> flushed = publisher.flush();
        for (int i = 0; i < 10_000; i++) {
            store.set("write " + i);
        }
        assertThat(flushed).isNotDone();
        RecordingHandler handler = subscribe(connection, EVENTS); // over the same connection
        neglecting.close(); // the broker has room
        awaitTold(handler, store.version());
        flushed.get(60, TimeUnit.SECONDS);
        assertThat(handler.calls()).hasSizeLessThan(10);
    }

    @Test
    void aPublisherThatWaitsForTheBrokerIsClosedAndItsConnectionServesOthers() throws Exception {
        neglectEvents();
        JmsConnection connection = open(JmsConnection.to(broker.inVm()));
        RecordingHandler before = subscribe(connection, "statesync.events");
        JmsInvalidationPublisher publisher = publisher(connection);
        CompletableFuture<?> flushed = publisher.flush();
        store.set("second");
        publisher.close();
        assertThatThrownBy(() -> flushed.get(60, TimeUnit.SECONDS)).hasMessageContaining("closed");
        RecordingHandler after = subscribe(connection, "other.events");
        assertThat(connection.attempts()).isEqualTo(1);
        assertThat(before.count(Kind.DISCONNECTED)).isZero();
        assertThat(after.calls()).isEmpty();
        assertThat(store.set("third")).isEqualTo(store.version());
    }

    @Test
    void aConnectionWhosePublisherWaitsForTheBrokerIsClosed() throws Exception {
        neglectEvents();
        JmsConnection connection = JmsConnection.to(broker.inVm());
        CompletableFuture<?> flushed = publisher(connection).flush();
        store.set("second");
        await().atMost(LIMIT).until(() -> connection.state() == JmsConnection.State.OPEN);
        connection.close();
        assertThatThrownBy(() -> flushed.get(60, TimeUnit.SECONDS)).hasMessageContaining("closed");
        await().atMost(LIMIT).until(() -> broker.connections() == 1); // who takes no events
        assertThat(store.set("third")).isEqualTo(store.version());
    }
}
