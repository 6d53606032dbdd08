package io.statesync.jms;

import io.statesync.NotModified;
import io.statesync.ProtocolException;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotProvider;
import io.statesync.StateCodec;
import io.statesync.internal.Checks;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.RequestEnvelope;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A provider that asks a {@link JmsSnapshotResponder}: a request to a queue, and an answer to a temporary queue that all
 * requests of the connection share.
 *
 * <p>A pull waits for its answer as long as its time-out, and for the connection if there is none. It fails at once when the
 * connection is lost, or when an attempt to make it that began after the pull fails. Nobody answers what has expired.
 *
 * @param <T> the type of the state
 */
public final class JmsSnapshotProvider<T extends @Nullable Object> implements SnapshotProvider<T> {
    static final String REQUESTS = "statesync.requests";

    private final JmsConnection connection;
    private final String topic;
    private final StateCodec<T> codec;
    private final String queue;

    private JmsSnapshotProvider(JmsConnection connection, String topic, StateCodec<T> codec, String queue) {
        this.connection = Objects.requireNonNull(connection, "connection");
        this.topic = TopicNames.checked(topic);
        this.codec = Objects.requireNonNull(codec, "codec");
        this.queue = Checks.notBlank("requests", queue);
    }

    /** A provider that asks through the queue {@code statesync.requests}. */
    public static <T extends @Nullable Object> JmsSnapshotProvider<T> of(
            JmsConnection connection, String topic, StateCodec<T> codec) {
        return of(connection, topic, codec, REQUESTS);
    }

    /**
     * A provider.
     *
     * @param codec reads the states, which are JSON
     * @param requests the queue that the source answers
     */
    public static <T extends @Nullable Object> JmsSnapshotProvider<T> of(
            JmsConnection connection, String topic, StateCodec<T> codec, String requests) {
        return new JmsSnapshotProvider<>(connection, topic, codec, requests);
    }

    @Override
    public CompletionStage<PullResult<T>> getSnapshot(PullRequest pull) {
        if (!pull.topic().equals(topic)) {
            throw new IllegalArgumentException(
                    "a provider of topic " + Texts.quote(topic) + " was asked for topic " + Texts.quote(pull.topic()));
        }
        Request request =
                connection.requester.ask(queue, topic, RequestEnvelope.pull(topic, pull.heldVersion()), pull.timeout());
        CompletableFuture<PullResult<T>> answer = new CompletableFuture<>();
        var unused = request.whenComplete((text, error) -> {
            if (error != null) {
                answer.completeExceptionally(Failures.unwrapped(error));
            } else {
                decode(text, answer);
            }
        });
        forgetWith(answer, request);
        pull.onCancel(() -> answer.cancel(true));
        return answer;
    }

    /** Whoever cancels the answer waits for it no more. */
    private static void forgetWith(CompletableFuture<?> answer, Request request) {
        var unused = answer.whenComplete((done, error) -> request.cancel(true));
    }

    private void decode(String text, CompletableFuture<PullResult<T>> answer) {
        try {
            decoder(connection).of(text.length()).execute(() -> {
                try {
                    answer.complete(read(text));
                } catch (Throwable t) { // the codec is user code
                    answer.completeExceptionally(t);
                }
            });
        } catch (Throwable e) { // refused
            answer.completeExceptionally(e);
        }
    }

    static DecodeOn decoder(JmsConnection connection) {
        return new DecodeOn(connection.ownExecutor ? connection.executor : null);
    }

    private PullResult<T> read(String text) throws Exception {
        Envelope answer = Envelope.parse(text.getBytes(StandardCharsets.UTF_8));
        return switch (answer.status()) {
            case 200 -> answer.snapshot(codec);
            case 304 -> NotModified.instance();
            case 0 -> throw new ProtocolException("the answer has no status");
            default -> throw new JmsStateException(topic, answer.status(), answer.detail());
        };
    }

    /** Names the topic. */
    @Override
    public String toString() {
        return "JmsSnapshotProvider[" + Texts.quote(topic) + "]";
    }
}
