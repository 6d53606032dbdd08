package io.statesync.jms;

import io.statesync.InvalidationSubscriber;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.Authority;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.AuthorityContract;
import io.statesync.testkit.FakePullRequest;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** A store behind a broker, asked for writes. */
@Timeout(300)
abstract class JmsProposerContract extends AuthorityContract<String> {
    private static final String TOPIC = "settings";

    private final IntFunction<ConnectionFactory> provider;
    private Broker broker;
    private JmsConnection connection;
    private JmsStateClient client;

    JmsProposerContract(IntFunction<ConnectionFactory> provider) {
        this.provider = provider;
    }

    /** What is at the other end of a binding. */
    private record Remote(WritableBinding<String> binding) implements Authority<String> {
        @Override
        public String topic() {
            return TOPIC;
        }

        @Override
        public CompletionStage<SnapshotEnvelope<String>> snapshot() {
            try {
                return binding.provider().getSnapshot(FakePullRequest.of(TOPIC)).thenApply(answer ->
                        (SnapshotEnvelope<String>) answer);
            } catch (Exception e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        @Override
        @SuppressWarnings("unchecked")
        public CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) {
            try {
                return (CompletionStage<WriteResult<String>>) binding.proposer().propose(proposal);
            } catch (Exception e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        @Override
        public InvalidationSubscriber subscriber() {
            return binding.subscriber();
        }

        @Override
        public SnapshotProvider<String> provider() {
            return binding.provider();
        }
    }

    @Override
    protected Authority<String> createAuthority() throws Exception {
        broker = Broker.shared();
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, data(0));
        connection = JmsConnection.to(broker.inVm());
        JmsInvalidationPublisher publisher = JmsInvalidationPublisher.builder(connection)
                .topic(store, JacksonCodec.json(String.class))
                .announceEvery(Duration.ofHours(1))
                .build();
        JmsSnapshotResponder.builder(connection)
                .topic(store, JacksonCodec.json(String.class))
                .authorizer(JmsAuthorizer.allowAll())
                .build();
        client = JmsStateClient.to(provider.apply(broker.port()));
        publisher.flush().get(1, TimeUnit.MINUTES); // nobody hears of the first version
        return new Remote(client.topic(TOPIC, JacksonCodec.json(String.class)));
    }

    @Override
    protected Duration patience() {
        return Duration.ofMinutes(1);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        connection.close();
    }

    @Override
    protected String data(int n) {
        return "data " + n;
    }
}
