package io.statesync.persistence.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.InvalidationSubscriber;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.WriteResult.Accepted;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.ReconnectingSubscriberContract;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Call;
import io.statesync.testkit.RecordingHandler.Kind;
import io.statesync.testkit.StoredSnapshots;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A subscriber that PostgreSQL notifies keeps the contract of those that reconnect; the server ends its connections. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PostgresSubscriberTest extends ReconnectingSubscriberContract {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String TOPIC = "settings";

    private final String name = "t" + UUID.randomUUID().toString().replace("-", "");
    private final PGSimpleDataSource database = TestDatabase.postgres(name);
    private final Gate gate = new Gate(name);
    private final PostgresSubscriber subscriber = PostgresSubscriber.builder(gate, name)
            .backoff(Backoff.fixed(Duration.ofMillis(5)))
            .build();
    private Connection writer;

    /** Gives connections while it is open; those that it gave can be found by their name. */
    private static final class Gate extends PGSimpleDataSource {
        private static final long serialVersionUID = 1L;
        private volatile boolean shut;
        private transient volatile CountDownLatch stuck = new CountDownLatch(0);

        Gate(String name) {
            PGSimpleDataSource real = TestDatabase.postgres(name);
            setURL(real.getURL());
            setUser(real.getUser());
            setApplicationName(name);
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (shut) {
                throw new SQLException("shut", "08001");
            }
            boolean waited = false;
            while (stuck.getCount() > 0) { // as a driver that hears of no interrupt
                try {
                    stuck.await();
                } catch (InterruptedException e) {
                    waited = true;
                }
            }
            if (waited) {
                Thread.currentThread().interrupt();
            }
            return super.getConnection();
        }
    }

    @BeforeEach
    void connect() throws SQLException {
        writer = database.getConnection();
    }

    @AfterEach
    void disconnect() throws SQLException {
        gate.stuck.countDown();
        subscriber.close();
        awaitConnections(0);
        writer.close();
    }

    @Override
    protected InvalidationSubscriber createSubscriber() {
        return subscriber.topic(TOPIC);
    }

    @Override
    protected String topic() {
        return TOPIC;
    }

    @Override
    protected void announce(StateVersion version) throws SQLException {
        send(Notification.payload(TOPIC, version, null));
    }

    private void send(String payload) throws SQLException {
        query("SELECT pg_notify(?, ?)", name, payload);
    }

    private int query(String sql, String... values) throws SQLException {
        try (PreparedStatement statement = writer.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            int rows = 0;
            try (var result = statement.executeQuery()) {
                while (result.next()) {
                    rows++;
                }
            }
            return rows;
        }
    }

    @Override
    protected void breakConnection() throws SQLException {
        gate.shut = true;
        kill();
        awaitConnections(0);
    }

    /** Ends what the subscriber has open, and says how many that were. */
    private int kill() throws SQLException {
        return query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?", name);
    }

    private void awaitConnections(int count) {
        await().atMost(PATIENCE)
                .until(() -> query("SELECT pid FROM pg_stat_activity WHERE application_name = ?", name) == count);
    }

    @Override
    protected void healConnection() {
        gate.shut = false;
    }

    private static void awaitCall(RecordingHandler handler, Predicate<Call> condition) throws InterruptedException {
        assertThat(handler.awaitCalls(calls -> calls.stream().anyMatch(condition), PATIENCE))
                .as("%s", handler.calls())
                .isTrue();
    }

    private Subscription subscribe(InvalidationSubscriber to, RecordingHandler handler) throws Exception {
        return to.subscribe(handler).toCompletableFuture().join();
    }

    @Test
    void comesBackWhenTheServerEndsItsConnectionAndSaysSo() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        subscribe(subscriber.topic(TOPIC), handler);
        for (int i = 1; i <= 3; i++) {
            awaitConnections(1); // the one before may still be ending
            assertThat(kill()).isEqualTo(1);
            int times = i;
            assertThat(handler.awaitCalls(
                            calls -> calls.stream()
                                            .filter(call -> call.kind() == Kind.RECONNECTED)
                                            .count()
                                    == times,
                            PATIENCE))
                    .isTrue();
            StateVersion version = StateVersion.of(Revision.of(i));
            announce(version);
            awaitCall(handler, call -> call.tellsOf(TOPIC, version));
        }
        assertThat(handler.calls().stream().map(Call::kind).toList())
                .containsExactly(
                        Kind.DISCONNECTED,
                        Kind.RECONNECTED,
                        Kind.EVENT,
                        Kind.DISCONNECTED,
                        Kind.RECONNECTED,
                        Kind.EVENT,
                        Kind.DISCONNECTED,
                        Kind.RECONNECTED,
                        Kind.EVENT);
    }

    @Test
    void sharesOneConnectionAmongTopicsWhileThereAreSubscriptions() throws Exception {
        RecordingHandler one = new RecordingHandler();
        RecordingHandler two = new RecordingHandler();
        RecordingHandler all = new RecordingHandler();
        Subscription first = subscribe(subscriber.topic("one"), one);
        Subscription second = subscribe(subscriber.topic("two"), two);
        Subscription third = subscribe(subscriber, all);
        awaitConnections(1);
        StateVersion version = StateVersion.of(Revision.of(7), Revision.of(8));
        send(Notification.payload("one", version, null));
        send(Notification.payload("two", version, "me"));
        awaitCall(one, call -> call.tellsOf("one", version));
        awaitCall(two, call -> call.tellsOf("two", version));
        awaitCall(all, call -> call.tellsOf("two", version));
        assertThat(one.calls()).hasSize(1);
        assertThat(two.calls()).hasSize(1);
        assertThat(all.calls()).hasSize(2);
        first.close();
        second.close();
        awaitConnections(1);
        third.close();
        awaitConnections(0);
        subscribe(subscriber.topic("one"), one);
        awaitConnections(1);
    }

    @Test
    void hearsOfTopicsThatANotificationCannotName() throws Exception {
        for (String topic : List.of("\u00e4".repeat(2_000), "\uD83D\u0000", "")) {
            RecordingHandler handler = new RecordingHandler();
            RecordingHandler other = new RecordingHandler();
            RecordingHandler all = new RecordingHandler();
            subscribe(subscriber.topic(topic), handler);
            subscribe(subscriber.topic(topic + "2"), other);
            subscribe(subscriber, all);
            StateVersion version = StateVersion.of(Revision.MAX, Revision.MAX);
            String payload = Notification.payload(topic, version, "s".repeat(8_000));
            assertThat(payload).hasSizeLessThan(8_000);
            send(payload);
            awaitCall(handler, call -> call.tellsOf(topic, version));
            boolean named = topic.length() < 100;
            awaitCall(all, call -> named ? call.tellsOf(topic, version) : call.kind() == Kind.RECONNECTED);
            assertThat(other.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hello",
                "{",
                "[]",
                "{} {}",
                "{}",
                "{\"revision\":\"1\"}",
                "{\"topic\":\"settings\"}",
                "{\"topic\":\"settings\",\"revision\":\"01\"}",
                "{\"topic\":\"settings\",\"revision\":\"1\",\"epoch\":\"-1\"}",
                "{\"topic\":\"settings\",\"revision\":{}}"
            })
    void reportsWhatItCannotReadAndGoesOn(String payload) throws Exception {
        RecordingHandler handler = new RecordingHandler();
        subscribe(subscriber.topic(TOPIC), handler);
        send(payload);
        awaitCall(handler, call -> call.kind() == Kind.MALFORMED);
        send("{\"new\":[{}],\"topic\":\"settings\",\"revision\":\"5\",\"epoch\":null}");
        awaitCall(handler, call -> call.tellsOf(TOPIC, StateVersion.of(Revision.of(5))));
    }

    @Test
    void asksASilentServerWhetherItIsThere() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        try (PostgresSubscriber asking = PostgresSubscriber.builder(gate, name)
                .checkInterval(Duration.ofMillis(1))
                .build()) {
            subscribe(asking, handler);
            await().atMost(PATIENCE)
                    .until(() -> query(
                                    "SELECT pid FROM pg_stat_activity WHERE application_name = ? AND query = 'SELECT 1'",
                                    name)
                            == 1);
            announce(StateVersion.of(Revision.of(3)));
            awaitCall(handler, call -> call.tellsOf(TOPIC, StateVersion.of(Revision.of(3))));
        }
        awaitCall(handler, call -> call.kind() == Kind.DISCONNECTED);
    }

    @Test
    void endsAtOnceWhileTheDriverHangs() throws Exception {
        gate.stuck = new CountDownLatch(1);
        CompletableFuture<Subscription> hanging =
                subscriber.subscribe(new RecordingHandler()).toCompletableFuture();
        subscriber.close();
        assertThatThrownBy(hanging::join).hasRootCauseMessage("the subscriber was closed: channel " + name);
        assertThatThrownBy(() -> subscriber.subscribe(new RecordingHandler()))
                .isInstanceOf(IllegalStateException.class);
        gate.stuck.countDown();
        awaitConnections(0);
        await().atMost(PATIENCE)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals("statesync-postgres")));
    }

    @Test
    void failsToSubscribeWhereThereIsNoPostgres() {
        try (PostgresSubscriber wrong = PostgresSubscriber.on(TestDatabase.H2.empty(), name)) {
            assertThatThrownBy(() -> subscribe(wrong, new RecordingHandler())).hasCauseInstanceOf(SQLException.class);
        }
    }

    @Test
    void carriesWhatAnAuthorityAndAStorageWriteOnceItIsCommitted() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        subscribe(subscriber, handler);
        JdbcAuthority<String> writing = JdbcAuthority.builder(TOPIC, database, JacksonCodec.json(String.class))
                .notifyChannel(name)
                .build(() -> "first");
        JdbcAuthority<String> reading = JdbcAuthority.builder(TOPIC, database, JacksonCodec.json(String.class))
                .alsoHear(subscriber.topic(TOPIC))
                .build(() -> "first");
        RecordingHandler other = new RecordingHandler();
        Subscription subscription = subscribe(reading.subscriber(), other);
        var answer = writing.propose(new Proposal<>(null, "second", "me", "id"))
                .toCompletableFuture()
                .join();
        StateVersion version = ((Accepted<String>) answer).version();
        awaitCall(other, call -> call.tellsOf(TOPIC, version));
        awaitCall(handler, call -> call.tellsOf(TOPIC, version));
        assertThat(handler.calls().get(handler.calls().size() - 1).payload().toString())
                .contains("\"sourceId\":\"me\"");
        subscription.close();
        JdbcStorage storage = JdbcStorage.builder(database).notifyChannel(name).build();
        storage.save("stored", StoredSnapshots.at(4));
        storage.save("stored", StoredSnapshots.at(3));
        storage.save("stored", StoredSnapshots.at(5));
        awaitCall(handler, call -> call.tellsOf("stored", StateVersion.of(Revision.of(5))));
        assertThat(handler.calls().stream().filter(call -> "stored".equals(call.topic())))
                .extracting(Call::version)
                .containsExactly(StateVersion.of(Revision.of(4)), StateVersion.of(Revision.of(5)));
        JdbcJournal<String> journal = JdbcJournal.builder("kept", database, JacksonCodec.json(String.class))
                .notifyChannel(name)
                .build();
        journal.commit(null, io.statesync.SnapshotEnvelope.of(Revision.of(1), "x"), null);
        awaitCall(handler, call -> call.tellsOf("kept", StateVersion.of(Revision.of(1))));
    }

    @Test
    void refusesBadOptions() {
        assertThatThrownBy(() -> PostgresSubscriber.on(database, "a\"b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("channel must be");
        PostgresSubscriber.Builder builder = PostgresSubscriber.builder(database, "c");
        for (Duration bad : List.of(Duration.ZERO, Duration.ofNanos(1), Duration.ofDays(2))) {
            assertThatThrownBy(() -> builder.checkInterval(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("checkInterval")
                    .hasMessageEndingWith(bad.toString());
        }
    }
}
