package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.Proposal;
import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
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
import io.statesync.testkit.VirtualTime;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A broker that knows who is who. */
@Timeout(300)
class JmsSecurityTest {
    private static final String TOPIC = "settings";
    private static final String NEWCOMER = "newcomer";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Backoff QUICK = Backoff.exponential(Duration.ofMillis(20), 2, Duration.ofMillis(200));

    private static Threads threads;
    private static SecuredBroker secured;

    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final List<String> users = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private JmsConnection source;
    private JmsInvalidationPublisher publisher;

    @BeforeAll
    static void startBroker() throws Exception {
        threads = new Threads();
        secured = new SecuredBroker();
    }

    @AfterAll
    static void nothingIsLeft() throws Exception {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(secured.broker.connections()).isZero());
        secured.close();
        threads.awaitNoMore();
    }

    @BeforeEach
    void publish() {
        secured.guestMayListen(false); // as at first
        source = JmsConnection.builder(secured.broker.inVm())
                .credentials(SecuredBroker.SOURCE, SecuredBroker.PASSWORD)
                .backoff(QUICK)
                .build();
        open.add(source);
        publisher = JmsInvalidationPublisher.builder(source)
                .topic(store, JacksonCodec.json(String.class))
                .announceEvery(Duration.ofMillis(500))
                .build();
        JmsSnapshotResponder.builder(source)
                .topic(store, JacksonCodec.json(String.class))
                .authorizer((user, topic, action) -> {
                    users.add(String.valueOf(user));
                    return switch (String.valueOf(user)) {
                        case SecuredBroker.FOLLOWER -> true;
                        case SecuredBroker.GUEST, NEWCOMER -> action == JmsAuthorizer.Action.READ;
                        default -> false;
                    };
                })
                .build();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private JmsStateClient client(ConnectionFactory factory, String user, String password) {
        JmsStateClient client = JmsStateClient.builder(factory)
                .credentials(user, password)
                .backoff(QUICK)
                .build();
        open.add(client);
        return client;
    }

    private JmsStateClient client(String user) {
        return client(secured.broker.inVm(), user, SecuredBroker.PASSWORD);
    }

    private static String pull(JmsStateClient client) throws Exception {
        PullResult<String> answer = client.topic(TOPIC, JacksonCodec.json(String.class))
                .provider()
                .getSnapshot(FakePullRequest.of(TOPIC))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        return ((SnapshotEnvelope<String>) answer).data();
    }

    private static WriteResult<String> propose(JmsStateClient client, String value) throws Exception {
        return client.topic(TOPIC, JacksonCodec.json(String.class))
                .proposer()
                .propose(Proposal.of(null, value))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static RecordingHandler subscribe(JmsStateClient client) throws Exception {
        RecordingHandler handler = new RecordingHandler();
        client.topic(TOPIC, JacksonCodec.json(String.class))
                .subscriber()
                .subscribe(handler)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        return handler;
    }

    // ---- who connects

    @Test
    void aFollowerAndASourceNeedNoMoreRightsThanTheDocsSay() throws Exception {
        Follower follower = new Follower(client(SecuredBroker.FOLLOWER), TOPIC, LIMIT);
        open.add(0, follower);
        await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
        store.set("second");
        await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
        assertThat(follower.errors).isEmpty();
    }

    @Test
    void wrongCredentialsFailWhatWaitsForThemAndAreNotQuoted() {
        JmsStateClient client = client(secured.broker.inVm(), SecuredBroker.FOLLOWER, "mistyped");
        assertThatThrownBy(() -> subscribe(client))
                .hasCauseInstanceOf(JMSSecurityException.class)
                .hasMessageContaining(SecuredBroker.FOLLOWER)
                .hasMessageNotContaining("mistyped");
        assertThatThrownBy(() -> pull(client))
                .hasStackTraceContaining("JMSSecurityException")
                .hasMessageContaining(SecuredBroker.FOLLOWER)
                .hasMessageNotContaining("mistyped");
    }

    /** While time stands still nothing is tried: there is a pause before each attempt. */
    @Test
    void anEngineWithWrongCredentialsGoesOnTryingAtItsPaceUntilTheyAreRight() throws Exception {
        VirtualTime time = new VirtualTime();
        Backoff slow = Backoff.fixed(Duration.ofSeconds(5));
        JmsStateClient client = JmsStateClient.builder(secured.broker.inVm())
                .credentials(NEWCOMER, SecuredBroker.PASSWORD)
                .backoff(slow)
                .timeSource(time)
                .build();
        open.add(client);
        List<SyncError> errors = new CopyOnWriteArrayList<>();
        try (RevisionSync<String> engine = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .source(client.topic(TOPIC, JacksonCodec.json(String.class)))
                .applier(snapshot -> {})
                .startup(Startup.KEEP_TRYING)
                .catchUp(slow)
                .time(time)
                .onError(errors::add)
                .build())) {
            var unused = engine.start();
            int advances = 0;
            while (errors.size() < 4) {
                time.advance(Duration.ofSeconds(6));
                advances++;
                long seen = advances;
                await().atMost(LIMIT).until(() -> isSettled(client, time));
                assertThat(client.connection().attempts())
                        .isLessThanOrEqualTo(2 * seen + 2); // to subscribe, and to pull
            }
            assertThat(errors.get(0).phase()).isEqualTo(SyncPhase.SUBSCRIBE);
            assertThat(errors.get(0).error()).isInstanceOf(JMSSecurityException.class);
            secured.users.addUser(NEWCOMER, SecuredBroker.PASSWORD);
            secured.users.addRole(NEWCOMER, SecuredBroker.FOLLOWER);
            await().atMost(LIMIT).until(() -> {
                time.advance(Duration.ofSeconds(6));
                return store.version().equals(engine.localVersion());
            });
        } finally {
            secured.users.removeUser(NEWCOMER);
        }
    }

    private static boolean isSettled(JmsStateClient client, VirtualTime time) {
        return client.connection().state() != JmsConnection.State.CONNECTING && time.pending() > 0;
    }

    // ---- who may do what

    @Test
    void whoMayNotListenMayAskOnAndListensWithoutANewConnectionOnceItMay() throws Exception {
        JmsStateClient guest = client(SecuredBroker.GUEST);
        assertThat(pull(guest)).isEqualTo("first");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> subscribe(guest))
                    .hasCauseInstanceOf(JMSSecurityException.class)
                    .hasMessageContaining("statesync.events");
            assertThat(pull(guest)).isEqualTo("first");
        }
        assertThat(guest.connection().state()).isEqualTo(JmsConnection.State.OPEN);
        secured.guestMayListen(true);
        RecordingHandler handler = subscribe(guest);
        StateVersion version = store.set("second");
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, version)), LIMIT))
                .isTrue();
        assertThat(pull(guest)).isEqualTo("second");
        assertThat(guest.connection().attempts()).isEqualTo(1);
    }

    @Test
    void anEngineThatMayNotListenFollowsOnceItMay() throws Exception {
        Follower follower = new Follower(client(SecuredBroker.GUEST), TOPIC, LIMIT);
        open.add(0, follower);
        await().atMost(LIMIT).until(() -> follower.errors.size() >= 3);
        assertThat(follower.errors).allSatisfy(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.SUBSCRIBE);
            assertThat(error.error()).isInstanceOf(JMSSecurityException.class);
            assertThat(error.willRetry()).isTrue();
        });
        secured.guestMayListen(true);
        await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
        store.set("second");
        await().atMost(LIMIT).untilAsserted(() -> follower.assertAt(store));
    }

    /** Artemis tells nobody that it refused an event that is not persistent. */
    @Test
    void aSourceThatMayNotPublishAnswersOnAndTheNextAnnouncementMakesItGoodOnceItMay() throws Exception {
        JmsStateClient follower = client(SecuredBroker.FOLLOWER);
        RecordingHandler handler = subscribe(follower);
        secured.sourceMayPublish(false);
        StateVersion refused = store.set("refused");
        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(pull(follower)).isEqualTo("refused");
        assertThat(handler.hasHeardOf(TOPIC, refused)).isFalse();
        secured.sourceMayPublish(true);
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, refused)), LIMIT))
                .isTrue();
        assertThat(source.attempts()).isEqualTo(1);
    }

    // ---- who the broker says it is

    @Test
    void theAuthorizerHearsWhoAsksAndDecidesByThat() throws Exception {
        JmsStateClient follower = client(SecuredBroker.FOLLOWER);
        JmsStateClient guest = client(SecuredBroker.GUEST);
        assertThat(pull(follower)).isEqualTo("first");
        assertThat(pull(guest)).isEqualTo("first");
        assertThat(users).containsExactly(SecuredBroker.FOLLOWER, SecuredBroker.GUEST);
        assertThat(propose(guest, "the guest's"))
                .isInstanceOfSatisfying(
                        WriteResult.Rejected.class,
                        refused -> assertThat(refused.toString()).contains("403"));
        assertThat(store.get()).isEqualTo("first");
        assertThat(propose(follower, "the follower's")).isInstanceOf(WriteResult.Accepted.class);
        assertThat(pull(guest)).isEqualTo("the follower's");
    }

    @Test
    void aTopicThatAUserMayNotReadIsNotThere() throws Exception {
        secured.users.addUser("stranger", SecuredBroker.PASSWORD);
        secured.users.addRole("stranger", SecuredBroker.GUEST);
        JmsStateClient stranger = client("stranger");
        assertThatThrownBy(() -> pull(stranger))
                .hasCauseInstanceOf(JmsStateException.class)
                .satisfies(error -> assertThat(((JmsStateException) error.getCause()).status())
                        .isEqualTo(404));
        assertThat(propose(stranger, "x")).isInstanceOf(WriteResult.Rejected.class);
        assertThat(users).containsOnly("stranger");
        assertThat(store.get()).isEqualTo("first");
    }

    /** Asks for a write by hand, as the guest, and gives the answer. */
    private static String forge(ConnectionFactory factory) throws Exception {
        try (Connection connection = factory.createConnection(SecuredBroker.GUEST, SecuredBroker.PASSWORD);
                Session session = connection.createSession()) {
            connection.start();
            Queue replyTo = session.createTemporaryQueue();
            TextMessage request =
                    session.createTextMessage("{\"topic\":\"settings\",\"type\":\"proposal\",\"data\":\"forged\"}");
            request.setJMSReplyTo(replyTo);
            request.setStringProperty("JMSXUserID", SecuredBroker.FOLLOWER);
            session.createProducer(session.createQueue("statesync.requests")).send(request);
            try (MessageConsumer consumer = session.createConsumer(replyTo)) {
                return ((TextMessage) consumer.receive(LIMIT.toMillis())).getText();
            }
        }
    }

    @Test
    void whatAMessageSaysOfItsSenderTheBrokerOverrules() throws Exception {
        assertThat(forge(secured.broker.inVm())).startsWith("{\"status\":403,");
        assertThat(users).containsOnly(SecuredBroker.GUEST);
        assertThat(store.get()).isEqualTo("first");
    }

    /** Artemis validates what comes by its own protocol. Of what comes over AMQP it says what the client said. */
    @Test
    void whoAsksOverAmqpIsNobodyUnlessItSaysWhoItIs() throws Exception {
        assertThat(forge(Broker.amqp(secured.broker.port()))).startsWith("{\"status\":404,");
        assertThat(users).containsOnly("null");
        JmsConnectionFactory saying =
                new JmsConnectionFactory("amqp://127.0.0.1:" + secured.broker.port() + "?jms.populateJMSXUserID=true");
        assertThat(pull(client(saying, SecuredBroker.GUEST, SecuredBroker.PASSWORD)))
                .isEqualTo("first");
        assertThat(users).containsOnly("null", SecuredBroker.GUEST);
    }
}
