package io.statesync.jms;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.StateCodec;
import io.statesync.StateProposer;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.internal.Checks;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.RequestEnvelope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A proposer that asks a {@link JmsSnapshotResponder}, as a {@link JmsSnapshotProvider} does.
 *
 * <p>What the source refuses is {@code Rejected}. A proposal that certainly did not reach it, because there was no connection
 * or because the responder says so, fails with a {@link NotSentException}. All else that is no answer is {@code Unknown}.
 *
 * @param <T> the type of the state
 */
public final class JmsStateProposer<T extends @Nullable Object> implements StateProposer<T> {
    static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final JmsConnection connection;
    private final String topic;
    private final StateCodec<T> codec;
    private final String queue;
    private final Duration timeout;

    private JmsStateProposer(
            JmsConnection connection, String topic, StateCodec<T> codec, String queue, Duration timeout) {
        this.connection = Objects.requireNonNull(connection, "connection");
        this.topic = TopicNames.checked(topic);
        this.codec = Objects.requireNonNull(codec, "codec");
        this.queue = Checks.notBlank("requests", queue);
        this.timeout = Checks.positive("timeout", timeout);
    }

    /** A proposer that asks through the queue {@code statesync.requests}, and waits 30 s for an answer. */
    public static <T extends @Nullable Object> JmsStateProposer<T> of(
            JmsConnection connection, String topic, StateCodec<T> codec) {
        return of(connection, topic, codec, JmsSnapshotProvider.REQUESTS, TIMEOUT);
    }

    /**
     * A proposer.
     *
     * @param codec makes the states JSON and back
     * @param requests the queue that the source answers
     * @param timeout how long to wait for an answer
     */
    public static <T extends @Nullable Object> JmsStateProposer<T> of(
            JmsConnection connection, String topic, StateCodec<T> codec, String requests, Duration timeout) {
        return new JmsStateProposer<>(connection, topic, codec, requests, timeout);
    }

    @Override
    public CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        byte[] body;
        try {
            body = RequestEnvelope.proposal(topic, true, codec.encode(proposal.value()), proposal);
        } catch (IOException | RuntimeException e) { // the codec is user code
            return CompletableFuture.completedFuture(
                    new WriteResult.Rejected<>("the value cannot be encoded: " + Texts.reason(e)));
        }
        return connection
                .requester
                .ask(queue, topic, new String(body, StandardCharsets.UTF_8), timeout)
                .handle(JmsStateProposer::sent)
                .thenApplyAsync(text -> result(proposal, text), connection.executor);
    }

    private static String sent(@Nullable String text, @Nullable Throwable error) {
        if (text != null) {
            return text;
        }
        Throwable cause = error == null ? new IOException("no answer") : Failures.unwrapped(error);
        if (cause instanceof UnansweredException unanswered && !unanswered.sent) {
            throw new CompletionException(new NotSentException(Texts.reason(cause), cause));
        }
        throw new CompletionException(cause);
    }

    private WriteResult<T> result(Proposal<T> proposal, String text) {
        try {
            Envelope answer = Envelope.parse(text.getBytes(StandardCharsets.UTF_8));
            return switch (answer.status()) {
                case 200 -> new WriteResult.Accepted<>(version(answer, proposal.base()));
                case 409 -> new WriteResult.Conflict<>(answer.snapshot(codec));
                case 0 -> throw new ProtocolException("the answer has no status");
                default -> refusal(answer);
            };
        } catch (Throwable t) { // the answer cannot be read, but the source has it: ask again
            throw new CompletionException(t);
        }
    }

    private static StateVersion version(Envelope answer, @Nullable StateVersion base) {
        String epoch = answer.epoch();
        Revision own = base == null ? Revision.ZERO : base.epoch();
        return StateVersion.of(epoch == null ? own : Revision.parse(epoch), Revision.parse(answer.revision()));
    }

    private WriteResult<T> refusal(Envelope answer) throws NotSentException {
        JmsStateException failure = new JmsStateException(topic, answer.status(), answer.detail());
        return switch (answer.status()) {
            case 422 -> new WriteResult.Rejected<>(answer.detail() == null ? "rejected" : answer.detail());
            case 400, 403, 404, 413 -> new WriteResult.Rejected<>(Texts.reason(failure));
            case 502 -> throw new NotSentException(Texts.reason(failure), failure);
            case 503 -> {
                if ("busy".equals(answer.type())) {
                    throw new NotSentException(Texts.reason(failure), failure);
                }
                yield new WriteResult.Unknown<>(failure);
            }
            default -> new WriteResult.Unknown<>(failure);
        };
    }

    /** Names the topic. */
    @Override
    public String toString() {
        return "JmsStateProposer[" + Texts.quote(topic) + "]";
    }
}
