package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Subscriptions that the broker knows by a name. */
@Timeout(300)
class JmsNamedSubscriptionTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private static Threads threads;

    private final List<JmsConnection> open = new ArrayList<>();
    private Broker broker;

    @BeforeAll
    static void count() {
        threads = new Threads();
    }

    @AfterAll
    static void nothingIsLeft() {
        threads.awaitNoMore();
    }

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
    }

    @AfterEach
    void stop() {
        open.forEach(JmsConnection::close);
    }

    private JmsConnection connection() {
        JmsConnection connection = JmsConnection.to(broker.inVm());
        open.add(connection);
        return connection;
    }

    private JmsConnection connection(String clientId) {
        JmsConnection connection =
                JmsConnection.builder(broker.inVm()).clientId(clientId).build();
        open.add(connection);
        return connection;
    }

    private static RecordingHandler hear(
            JmsConnection connection, UnaryOperator<JmsInvalidationSubscriber.Builder> options) throws Exception {
        RecordingHandler handler = new RecordingHandler();
        options.apply(JmsInvalidationSubscriber.builder(connection))
                .build()
                .topic(TOPIC)
                .subscribe(handler)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        return handler;
    }

    /** Closes the connection; the broker knows. */
    private void leave(JmsConnection connection) {
        connection.close();
        open.remove(connection);
        await().atMost(LIMIT)
                .until(() -> broker.connections()
                        == open.stream()
                                .filter(each -> each.state() == JmsConnection.State.OPEN)
                                .count());
    }

    private void publish(long from, long to) throws Exception {
        publish(from, to, Duration.ofMinutes(1));
    }

    private void publish(long from, long to, Duration timeToLive) throws Exception {
        broker.send((session, producer) -> {
            producer.setTimeToLive(timeToLive.toMillis());
            for (long revision = from; revision <= to; revision++) {
                TextMessage message =
                        session.createTextMessage("{\"topic\":\"settings\",\"revision\":\"" + revision + "\"}");
                message.setStringProperty("topic", TOPIC);
                producer.send(session.createTopic("statesync.events"), message);
            }
        });
    }

    private static List<Long> heard(RecordingHandler... handlers) {
        return Stream.of(handlers)
                .flatMap(handler -> handler.calls().stream())
                .filter(call -> call.kind() == Kind.EVENT)
                .map(call -> call.version().revision().bits())
                .sorted()
                .toList();
    }

    /** Everything was delivered, these revisions, and nothing else. */
    private void awaitHeard(long from, long to, RecordingHandler... handlers) {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(heard(handlers)).hasSizeGreaterThanOrEqualTo((int) (to - from) + 1));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(broker.messages()).isZero()); // nothing comes any more
        assertThat(heard(handlers))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(from, to).boxed().toList());
    }

    @Test
    void eachMessageReachesOneOfThoseThatShareAName() throws Exception {
        JmsConnection leaving = connection();
        RecordingHandler one = hear(leaving, options -> options.shared("workers"));
        RecordingHandler other = hear(connection(), options -> options.shared("workers"));
        RecordingHandler elsewhere = hear(connection(), options -> options.shared("others"));
        RecordingHandler alone = hear(connection(), options -> options);
        publish(1, 40);
        awaitHeard(1, 40, one, other);
        awaitHeard(1, 40, elsewhere);
        awaitHeard(1, 40, alone);
        assertThat(heard(one)).isNotEmpty();
        assertThat(heard(other)).isNotEmpty();
        List<Long> before = heard(one);
        leave(leaving);
        publish(41, 60);
        awaitHeard(1, 60, one, other);
        assertThat(heard(one)).isEqualTo(before);
        assertThat(one.count(Kind.DISCONNECTED)).isEqualTo(1);
    }

    @Test
    void aSharedSubscriptionHearsNothingOfWhatWasPublishedWhileNobodyWasThere() throws Exception {
        JmsConnection first = connection();
        RecordingHandler before = hear(first, options -> options.shared("workers"));
        publish(1, 3);
        awaitHeard(1, 3, before);
        leave(first);
        publish(4, 6);
        RecordingHandler after = hear(connection(), options -> options.shared("workers"));
        publish(7, 9);
        awaitHeard(7, 9, after);
    }

    @Test
    void aDurableSubscriptionHearsWhatWasPublishedWhileItWasAway() throws Exception {
        for (int absence = 0; absence < 3; absence++) {
            JmsConnection connection = connection("replica-1");
            RecordingHandler handler = hear(connection, options -> options.durable("settings-of-1"));
            if (absence > 0) {
                awaitHeard(absence * 10L + 1, absence * 10L + 10, handler);
            }
            leave(connection);
            publish(absence * 10L + 11, absence * 10L + 20);
        }
        RecordingHandler somebodyElse = hear(connection("replica-2"), options -> options.durable("settings-of-1"));
        publish(100, 101);
        await().atMost(LIMIT).until(() -> heard(somebodyElse).size() >= 2);
        assertThat(heard(somebodyElse)).containsExactly(100L, 101L);
    }

    @Test
    void aDurableSubscriptionKeepsAMessageForItsTimeToLiveOnly() throws Exception {
        JmsConnection first = connection("replica-1");
        hear(first, options -> options.durable("settings-of-1"));
        leave(first);
        publish(1, 5, Duration.ofMillis(1));
        publish(6, 7);
        await().atMost(LIMIT).until(() -> broker.messages() == 2);
        awaitHeard(6, 7, hear(connection("replica-1"), options -> options.durable("settings-of-1")));
    }

    @Test
    void aDurableSubscriptionWithoutAClientIdFailsAndSaysWhatIsMissing() throws Exception {
        JmsConnection connection = connection();
        RecordingHandler other = hear(connection, options -> options);
        assertThatThrownBy(() -> hear(connection, options -> options.durable("settings-of-1")))
                .hasCauseInstanceOf(JMSException.class)
                .hasMessageContaining("client ID");
        assertThat(connection.attempts()).isEqualTo(1);
        assertThat(other.calls()).isEmpty(); // it is not disconnected by that
    }

    @Test
    void aClientIdThatAnotherHasFailsTheSubscriptionUntilItIsFree() throws Exception {
        JmsConnection first = connection("replica-1");
        RecordingHandler holder = hear(first, options -> options.durable("settings-of-1"));
        JmsConnection second = connection("replica-1");
        assertThatThrownBy(() -> hear(second, options -> options.durable("settings-of-1")))
                .hasCauseInstanceOf(JMSException.class)
                .hasMessageContaining("replica-1");
        publish(1, 2);
        awaitHeard(1, 2, holder); // who had it is not disturbed
        assertThat(holder.count(Kind.DISCONNECTED)).isZero();
        leave(first);
        publish(3, 4);
        awaitHeard(3, 4, hear(second, options -> options.durable("settings-of-1")));
    }

    @Test
    void aSharedDurableSubscriptionIsSharedAndKept() throws Exception {
        JmsConnection first = connection();
        JmsConnection second = connection();
        RecordingHandler one = hear(first, options -> options.sharedDurable("workers"));
        RecordingHandler other = hear(second, options -> options.sharedDurable("workers"));
        publish(1, 40);
        awaitHeard(1, 40, one, other);
        leave(first);
        publish(41, 50);
        awaitHeard(1, 50, one, other);
        leave(second);
        publish(51, 60);
        RecordingHandler back = hear(connection(), options -> options.sharedDurable("workers"));
        awaitHeard(51, 60, back);
    }
}
