package io.statesync.http;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.RequestEnvelope;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Takes proposals to the source, and says what became of them. */
final class Proposals {
    private final Requests requests;
    private final Endpoint endpoint;
    private final Duration requestTimeout;
    private final long maxBytes;
    private final Executor decoder;

    Proposals(Requests requests, Endpoint endpoint, Duration requestTimeout, long maxBytes, Executor decoder) {
        this.requests = requests;
        this.endpoint = endpoint;
        this.requestTimeout = requestTimeout;
        this.maxBytes = maxBytes;
        this.decoder = decoder;
    }

    <T extends @Nullable Object> CompletableFuture<WriteResult<T>> propose(
            String topic, StateCodec<T> codec, Proposal<T> proposal) {
        byte[] body;
        try {
            body = RequestEnvelope.proposal(topic, false, codec.encode(proposal.value()), proposal);
        } catch (IOException | RuntimeException e) { // the codec is user code
            return CompletableFuture.completedFuture(
                    new WriteResult.Rejected<>("the value cannot be encoded: " + Texts.reason(e)));
        }
        Exchange<byte[]> exchange = requests.send(
                endpoint.post("/proposals", body),
                status -> status == 200 || status == 409,
                maxBytes,
                "maxSnapshotBytes",
                requestTimeout);
        return exchange.handle(Proposals::sent).thenApplyAsync(reply -> result(topic, codec, proposal, reply), decoder);
    }

    /** The answer to a proposal that was sent. */
    static Reply<byte[]> sent(@Nullable Reply<byte[]> reply, @Nullable Throwable error) {
        if (reply != null) {
            return reply;
        }
        if (Requests.wasNotSent(error) && error != null) {
            throw new CompletionException(new NotSentException(Texts.reason(error), error));
        }
        throw error instanceof CompletionException e ? e : new CompletionException(error);
    }

    private <T extends @Nullable Object> WriteResult<T> result(
            String topic, StateCodec<T> codec, Proposal<T> proposal, Reply<byte[]> reply) {
        try {
            if (reply.body() == null) {
                return refusal(topic, requests.headers == null, reply);
            }
            Envelope answer = Envelope.parse(Encodings.body(reply, maxBytes, "maxSnapshotBytes"));
            return reply.status() == 200
                    ? new WriteResult.Accepted<>(version(answer, proposal.base()))
                    : new WriteResult.Conflict<>(answer.snapshot(codec));
        } catch (Throwable t) { // the answer cannot be read, but the source has it: ask again
            throw new CompletionException(t);
        }
    }

    private static StateVersion version(Envelope answer, @Nullable StateVersion base) throws ProtocolException {
        String epoch = answer.epoch();
        Revision own = base == null ? Revision.ZERO : base.epoch();
        return StateVersion.of(epoch == null ? own : Revision.parse(epoch), Revision.parse(answer.revision()));
    }

    /**
     * What an error means. Only an answer that surely comes from the source's server, or a 403, says that the write is not to
     * be; what a proxy says while the server is away must not cost a write. Nor may credentials that have run out: only who
     * sends none is told at once that it needs some.
     *
     * @param anonymous whether the client was given no headers to send
     */
    private static <T extends @Nullable Object> WriteResult<T> refusal(
            String topic, boolean anonymous, Reply<byte[]> reply) throws NotSentException {
        ProblemBody problem = ProblemBody.of(reply.rest());
        boolean known = !problem.type().isEmpty();
        String reason = problem.detail().isEmpty() ? Texts.quote(reply.rest(), 200) : problem.detail();
        String named = "topic " + Texts.quote(topic) + ", status " + reply.status() + ": " + reason;
        return switch (reply.status()) {
            case 422 -> new WriteResult.Rejected<>(reason);
            case 403, 413 -> new WriteResult.Rejected<>(named);
            case 400, 415 -> known ? new WriteResult.Rejected<>(named) : notSent(reply);
            case 404 -> problem.type().equals("no-such-topic") ? new WriteResult.Rejected<>(named) : notSent(reply);
            case 401 ->
                anonymous && known
                        ? new WriteResult.Rejected<>(named + "; the client sends no credentials: give it headers")
                        : notSent(reply);
            case 405, 429 -> notSent(reply);
            default -> new WriteResult.Unknown<>(reply.failure());
        };
    }

    static <T extends @Nullable Object> WriteResult<T> notSent(Reply<byte[]> reply) throws NotSentException {
        HttpStateException failure = reply.failure();
        throw new NotSentException(Texts.reason(failure), failure);
    }
}
