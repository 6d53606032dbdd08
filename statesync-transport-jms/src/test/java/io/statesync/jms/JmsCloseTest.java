package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.PullResult;
import io.statesync.Subscription;
import io.statesync.WritableBinding;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing, whatever is under way. */
@Timeout(300)
class JmsCloseTest {
    private static final String TOPIC = "settings";
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Threads threads = new Threads();
    private Broker broker;

    @BeforeEach
    void start() throws Exception {
        broker = Broker.shared();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(broker.connections()).isZero());
        threads.awaitNoMore();
    }

    private static WritableBinding<String> topic(JmsStateClient client) {
        return client.topic(TOPIC, JacksonCodec.json(String.class));
    }

    private static CompletableFuture<? extends PullResult<String>> pull(JmsStateClient client) throws Exception {
        return topic(client).provider().getSnapshot(FakePullRequest.of(TOPIC)).toCompletableFuture();
    }

    @Test
    void closingWhileConnectingDoesNotWaitAndALateConnectionIsClosed() throws Exception {
        HangingFactory hanging = new HangingFactory(broker.tcp());
        JmsStateClient client = JmsStateClient.to(hanging);
        CompletableFuture<Subscription> subscribing =
                topic(client).subscriber().subscribe(new RecordingHandler()).toCompletableFuture();
        CompletableFuture<?> pulling = pull(client);
        await().atMost(LIMIT).until(() -> hanging.begun() == 1);
        ExecutorService closers = Executors.newFixedThreadPool(4);
        List<Future<?>> closing = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closing.add(closers.submit(client::close));
        }
        for (Future<?> each : closing) {
            assertThat(each.get(60, TimeUnit.SECONDS)).isNull();
        }
        closers.shutdown();
        assertThatThrownBy(() -> subscribing.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pulling.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(IOException.class);
        hanging.let();
        await().atMost(LIMIT).until(() -> hanging.made() == 1);
        assertThatThrownBy(() -> topic(client).subscriber().subscribe(new RecordingHandler()))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void pendingRequestsFailWhenTheClientIsClosed() throws Exception {
        JmsStateClient client = JmsStateClient.to(broker.tcp());
        CompletableFuture<?> pulling = pull(client);
        CompletableFuture<?> proposing =
                topic(client).proposer().propose(Proposal.of(null, "mine")).toCompletableFuture();
        await().atMost(LIMIT).until(() -> broker.messages("statesync.requests") == 2);
        client.close();
        assertThatThrownBy(() -> pulling.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(IOException.class);
        assertThatThrownBy(() -> proposing.get(60, TimeUnit.SECONDS))
                .satisfies(error ->
                        assertThat(error.getCause()).isInstanceOf(IOException.class)); // it may have been taken
    }

    @Test
    void aProposalThatWasNotSentSaysSo() throws Exception {
        HangingFactory hanging = new HangingFactory(broker.tcp());
        JmsStateClient client = JmsStateClient.to(hanging);
        CompletableFuture<?> proposing =
                topic(client).proposer().propose(Proposal.of(null, "mine")).toCompletableFuture();
        client.close();
        assertThatThrownBy(() -> proposing.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(NotSentException.class);
        hanging.let();
    }

    @Test
    void whatWaitsForAnAnswerIsBounded() throws Exception {
        try (JmsStateClient client =
                JmsStateClient.builder(broker.tcp()).maxPending(2).build()) {
            CompletableFuture<?> first = pull(client);
            CompletableFuture<?> second = pull(client);
            assertThatThrownBy(() -> pull(client).get(60, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("maxPending=2");
            assertThat(first.cancel(true)).isTrue();
            assertThat(second).isNotDone();
            assertThat(pull(client)).isNotDone();
        }
    }

    @Test
    void aRequestWithoutAnAnswerFailsInTimeAndExpires() throws Exception {
        try (JmsStateClient client = JmsStateClient.to(broker.tcp())) {
            CompletableFuture<?> proposing = JmsStateProposer.of(
                            client.connection(),
                            TOPIC,
                            JacksonCodec.json(String.class),
                            "statesync.requests",
                            Duration.ofMillis(200))
                    .propose(Proposal.of(null, "mine"))
                    .toCompletableFuture();
            assertThatThrownBy(() -> proposing.get(60, TimeUnit.SECONDS)).hasMessageContaining("no answer within");
            await().atMost(LIMIT).until(() -> broker.messages("statesync.requests") == 0);
        }
    }

    @Test
    void replicasPublisherAndResponderLeaveNothing() throws Exception {
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "first");
        JmsConnection connection = JmsConnection.to(broker.tcp());
        JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                .topic(store, JacksonCodec.json(String.class))
                .build();
        JmsSnapshotResponder responder = JmsSnapshotResponder.builder(connection)
                .topic(store, JacksonCodec.json(String.class))
                .build();
        JmsStateClient client = JmsStateClient.to(broker.tcp());
        try (StateReplica<String> replica =
                StateReplica.<String>builder(TOPIC).source(topic(client)).build()) {
            replica.start().get(60, TimeUnit.SECONDS);
        }
        client.close();
        publisher.close();
        responder.close();
        assertThat(connection.state()).isEqualTo(JmsConnection.State.IDLE);
        connection.close();
        assertThatThrownBy(() -> JmsInvalidationPublisher.builder(connection)
                        .topic(store, JacksonCodec.json(String.class))
                        .build())
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theConnectionIsThereWhileSomebodyNeedsIt() throws Exception {
        try (JmsConnection connection = JmsConnection.to(broker.tcp())) {
            JmsInvalidationSubscriber subscriber = JmsInvalidationSubscriber.on(connection);
            assertThat(connection.state()).isEqualTo(JmsConnection.State.IDLE);
            for (int i = 0; i < 3; i++) {
                RecordingHandler handler = new RecordingHandler();
                Subscription subscription =
                        subscriber.subscribe(handler).toCompletableFuture().get(60, TimeUnit.SECONDS);
                assertThat(connection.state()).isEqualTo(JmsConnection.State.OPEN);
                subscription.close();
                assertThat(connection.state()).isEqualTo(JmsConnection.State.IDLE);
                assertThat(handler.count(Kind.DISCONNECTED)).isZero();
            }
        }
    }
}
