package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.Subscription;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import io.statesync.testkit.VirtualTime;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.ExceptionListener;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the provider refuses, fails at, or does not come back from. */
@Timeout(300)
class JmsProviderFailuresTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Backoff QUICK = Backoff.fixed(Duration.ofMillis(20));
    private static final JacksonCodec<String> CODEC = JacksonCodec.json(String.class);

    private final Threads threads = new Threads();
    private final RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
    private final Map<String, JMSException> failing = new ConcurrentHashMap<>(); // by call; each fails once
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private volatile ExceptionListener listener;
    private Broker broker;
    private JmsConnection source;
    private JmsConnection connection;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
        source = JmsConnection.to(broker.inVm());
        JmsSnapshotResponder.builder(source).topic(store, CODEC).build();
        await().atMost(LIMIT).until(() -> broker.queueCount() == 1); // it takes requests
        connection = JmsConnection.builder(hooked()).backoff(QUICK).build();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        connection.close();
        source.close();
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(broker.connections()).isZero());
        threads.awaitNoMore();
    }

    private ConnectionFactory hooked() {
        return Hooked.factory(broker.inVm(), (name, arguments) -> {
            calls.computeIfAbsent(name, each -> new AtomicInteger()).incrementAndGet();
            if (name.equals("Connection.setExceptionListener")) {
                listener = (ExceptionListener) arguments[0];
            }
            JMSException failure = failing.remove(name);
            if (failure != null) {
                throw failure;
            }
        });
    }

    private int calls(String name) {
        return calls.getOrDefault(name, new AtomicInteger()).get();
    }

    private CompletableFuture<PullResult<String>> pull() throws Exception {
        return JmsSnapshotProvider.of(connection, TOPIC, CODEC)
                .getSnapshot(FakePullRequest.of(TOPIC))
                .toCompletableFuture();
    }

    private static String data(PullResult<String> result) {
        return ((SnapshotEnvelope<String>) result).data();
    }

    private CompletableFuture<Subscription> subscribe(RecordingHandler handler) throws Exception {
        return JmsInvalidationSubscriber.on(connection)
                .topic(TOPIC)
                .subscribe(handler)
                .toCompletableFuture();
    }

    @Test
    void aRequestThatCannotBeSentFailsAndTheNextIsSentOverNewSessions() throws Exception {
        assertThat(data(pull().get(60, TimeUnit.SECONDS))).isEqualTo("first");
        long queues = broker.queueCount();
        for (int i = 0; i < 3; i++) {
            failing.put("MessageProducer.send", new JMSException("expected by this test"));
            assertThatThrownBy(() -> pull().get(60, TimeUnit.SECONDS)).hasMessageContaining("could not be sent");
            await().atMost(LIMIT)
                    .until(() -> data(pull().get(60, TimeUnit.SECONDS)).equals("first"));
        }
        assertThat(calls("ConnectionFactory.createConnection")).isEqualTo(1);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(broker.queueCount()).isEqualTo(queues));
    }

    @Test
    void aConsumerThatTheBrokerRefusesFailsItsSubscriptionAndNoOther() throws Exception {
        failing.put("Session.createConsumer", new JMSSecurityException("expected by this test"));
        assertThatThrownBy(() -> subscribe(new RecordingHandler()).get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(JMSSecurityException.class);
        RecordingHandler handler = new RecordingHandler();
        subscribe(handler).get(60, TimeUnit.SECONDS);
        failing.put("Session.createConsumer", new JMSSecurityException("expected by this test"));
        assertThatThrownBy(() -> JmsInvalidationSubscriber.on(connection)
                        .subscribe(new RecordingHandler())
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(JMSSecurityException.class);
        assertThat(data(pull().get(60, TimeUnit.SECONDS))).isEqualTo("first");
        assertThat(handler.count(Kind.DISCONNECTED)).isZero();
    }

    @Test
    void answersThatMayNotBeHeardAreAskedForAgainAndLeaveNoQueue() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        subscribe(handler).get(60, TimeUnit.SECONDS);
        long queues = broker.queueCount();
        failing.put("Session.createConsumer", new JMSSecurityException("expected by this test"));
        assertThatThrownBy(() -> pull().get(60, TimeUnit.SECONDS)).hasRootCauseInstanceOf(JMSSecurityException.class);
        await().atMost(LIMIT).until(() -> data(pull().get(60, TimeUnit.SECONDS)).equals("first"));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(broker.queueCount()).isEqualTo(queues + 1));
        assertThat(calls("ConnectionFactory.createConnection")).isEqualTo(1);
        assertThat(handler.count(Kind.DISCONNECTED)).isZero();
    }

    @Test
    void aPublisherThatMayNotSendYetSaysItLater() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        JmsInvalidationSubscriber.on(source)
                .topic(TOPIC)
                .subscribe(handler)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        failing.put("Session.createProducer", new JMSSecurityException("expected by this test"));
        failing.put("MessageProducer.send", new JMSException("expected by this test"));
        JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                .topic(store, CODEC)
                .announceEvery(Duration.ofHours(1))
                .build();
        publisher.flush().get(60, TimeUnit.SECONDS);
        assertThat(handler.awaitCalls(
                        seen -> seen.stream().anyMatch(call -> call.tellsOf(TOPIC, store.version())), LIMIT))
                .isTrue();
        assertThat(calls("ConnectionFactory.createConnection")).isEqualTo(1);
        publisher.close();
    }

    @Test
    void wordOfARefusedMessageIsNoLostConnectionAndAnyOtherIs() throws Exception {
        RecordingHandler handler = new RecordingHandler();
        subscribe(handler).get(60, TimeUnit.SECONDS);
        listener.onException(new JMSSecurityException("expected by this test"));
        assertThat(data(pull().get(60, TimeUnit.SECONDS))).isEqualTo("first");
        assertThat(handler.calls()).isEmpty();
        listener.onException(new JMSException("expected by this test"));
        assertThat(handler.awaitCalls(seen -> seen.stream().anyMatch(call -> call.kind() == Kind.RECONNECTED), LIMIT))
                .isTrue();
        assertThat(calls("ConnectionFactory.createConnection")).isEqualTo(2);
    }

    private static JmsConnection slow(HangingFactory hanging, VirtualTime time) {
        return JmsConnection.builder(hanging)
                .connectTimeout(Duration.ofSeconds(5))
                .backoff(QUICK)
                .timeSource(time)
                .build();
    }

    @Test
    void anAttemptToConnectThatTakesTooLongIsGivenUpAndMadeAgain() throws Exception {
        HangingFactory hanging = new HangingFactory(broker.inVm());
        VirtualTime time = new VirtualTime();
        JmsConnection slow = slow(hanging, time);
        CompletableFuture<Subscription> subscribing = JmsInvalidationSubscriber.on(slow)
                .topic(TOPIC)
                .subscribe(new RecordingHandler())
                .toCompletableFuture();
        CompletableFuture<PullResult<String>> pulling = JmsSnapshotProvider.of(slow, TOPIC, CODEC)
                .getSnapshot(FakePullRequest.of(TOPIC))
                .toCompletableFuture();
        await().atMost(LIMIT).until(() -> hanging.begun() == 1);
        assertThat(subscribing).isNotDone();
        time.advance(Duration.ofSeconds(5));
        assertThatThrownBy(() -> subscribing.get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(TimeoutException.class)
                .hasMessageContaining("connectTimeout=PT5S");
        assertThat(pulling).isNotDone(); // it came during the attempt, and waits for the next
        hanging.let();
        CompletableFuture<Subscription> again = JmsInvalidationSubscriber.on(slow)
                .topic(TOPIC)
                .subscribe(new RecordingHandler())
                .toCompletableFuture();
        await().atMost(LIMIT).until(() -> {
            time.advance(Duration.ofMillis(20));
            return again.isDone();
        });
        assertThat(again.get(60, TimeUnit.SECONDS)).isNotNull();
        assertThat(data(pulling.get(60, TimeUnit.SECONDS))).isEqualTo("first");
        slow.close();
    }

    @Test
    void aTaskThatTheExecutorDropsHoldsUpNoRequestButThoseBeforeTheNext() throws Exception {
        AtomicBoolean dropping = new AtomicBoolean();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            connection.close();
            connection = JmsConnection.builder(broker.inVm())
                    .executor(task -> {
                        if (!dropping.compareAndSet(true, false)) {
                            threads.execute(task);
                        }
                    })
                    .build();
            assertThat(data(pull().get(60, TimeUnit.SECONDS))).isEqualTo("first");
            dropping.set(true);
            CompletableFuture<PullResult<String>> dropped = pull();
            assertThat(dropping).isFalse();
            assertThat(data(pull().get(60, TimeUnit.SECONDS))).isEqualTo("first");
            assertThat(data(dropped.get(60, TimeUnit.SECONDS))).isEqualTo("first");
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void attemptsThatNothingEndsAreAFew() throws Exception {
        HangingFactory hanging = new HangingFactory(broker.inVm());
        VirtualTime time = new VirtualTime();
        JmsConnection slow = slow(hanging, time);
        List<CompletableFuture<Subscription>> asked = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            asked.add(JmsInvalidationSubscriber.on(slow)
                    .topic(TOPIC)
                    .subscribe(new RecordingHandler())
                    .toCompletableFuture());
            int begun = Math.min(3, i + 1);
            await().atMost(LIMIT).until(() -> {
                time.advance(Duration.ofSeconds(5)); // it may wait for the time of the next attempt
                return hanging.begun() >= begun;
            });
            CompletableFuture<Subscription> newest = asked.get(i);
            await().atMost(LIMIT).until(() -> {
                time.advance(Duration.ofSeconds(5));
                return newest.isCompletedExceptionally();
            });
        }
        assertThat(hanging.begun()).isEqualTo(3);
        hanging.let();
        slow.close();
    }

    @Test
    void aBrokerThatTakesNoRequestsHoldsUpNoneOfThoseWhoAsk() throws Exception {
        CountDownLatch sending = new CountDownLatch(1);
        CountDownLatch taken = new CountDownLatch(1);
        ConnectionFactory full = Hooked.factory(broker.inVm(), (name, arguments) -> {
            if (name.equals("MessageProducer.send")) {
                sending.countDown();
                await().atMost(LIMIT).until(() -> taken.getCount() == 0);
            }
        });
        VirtualTime time = new VirtualTime();
        connection.close();
        connection = JmsConnection.builder(full).maxPending(3).timeSource(time).build();
        List<CompletableFuture<PullResult<String>>> pulls = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            pulls.add(pull());
        }
        assertThatThrownBy(() -> pull().get(60, TimeUnit.SECONDS)).hasMessageContaining("wait for an answer");
        RecordingHandler handler = new RecordingHandler();
        subscribe(handler).get(60, TimeUnit.SECONDS);
        assertThat(sending.await(30, TimeUnit.SECONDS)).isTrue();
        time.advance(FakePullRequest.of(TOPIC).timeout());
        for (CompletableFuture<PullResult<String>> each : pulls) {
            assertThatThrownBy(() -> each.get(60, TimeUnit.SECONDS)).hasMessageContaining("no answer within");
        }
        // Nobody waits for those three any more, but they are still in line.
        assertThatThrownBy(() -> pull().get(60, TimeUnit.SECONDS))
                .hasMessageContaining("the broker, which takes none: maxPending=3");
        taken.countDown();
        await().atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> data(pull().get(60, TimeUnit.SECONDS)).equals("first"));
        assertThat(handler.calls()).isEmpty();
    }
}
