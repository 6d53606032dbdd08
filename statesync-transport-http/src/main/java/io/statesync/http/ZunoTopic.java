package io.statesync.http;

import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateCodec;
import io.statesync.StateProposer;
import io.statesync.StateVersion;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.http.ZunoStates.Known;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A key of a Zuno server. */
final class ZunoTopic<T extends @Nullable Object> implements WritableBinding<T> {
    /** Reasons of a server that has certainly not done the write. */
    private static final Set<String> NOT_DONE = Set.of("SOURCE_FAILED", "STOPPING");

    private final ZunoClient client;
    private final String key;
    private final StateCodec<T> codec;
    private final Supplier<? extends T> initial;
    private final Set<String> inDoubt = ConcurrentHashMap.newKeySet(); // ids of writes that may have been done

    ZunoTopic(ZunoClient client, String key, StateCodec<T> codec, Supplier<? extends T> initial) {
        this.client = client;
        this.key = key;
        this.codec = codec;
        this.initial = initial;
    }

    String key() {
        return key;
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> client.feed.subscribe(key, handler);
    }

    @Override
    public SnapshotProvider<T> provider() {
        return request -> {
            if (!request.topic().equals(key)) {
                throw new IllegalArgumentException("a binding to key " + Texts.quote(key) + " was asked for topic "
                        + Texts.quote(request.topic()));
            }
            return client.feed.pull(this, request);
        };
    }

    /** A state as the server has it; the initial one if it has none. */
    SnapshotEnvelope<T> snapshot(StateVersion version, byte @Nullable [] state) {
        try {
            return SnapshotEnvelope.of(version, state == null ? initial.get() : codec.decode(state));
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    @Override
    public StateProposer<T> proposer() {
        return this::propose;
    }

    private CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        byte[] state;
        try {
            state = codec.encode(proposal.value());
        } catch (IOException | RuntimeException e) { // the codec is user code
            return CompletableFuture.completedFuture(new Rejected<>("the value cannot be encoded: " + Texts.reason(e)));
        }
        Known known = client.feed.known(key);
        StateVersion base = proposal.base();
        Revision epoch = (known == null ? client.feed.none() : known.version()).epoch();
        long number = base == null ? -1 : base.revision().bits();
        if (base != null && !base.epoch().equals(epoch)) {
            if (known == null && !client.feed.isSynced()) {
                return CompletableFuture.failedFuture(
                        new NotSentException("nothing was heard of the server yet", null));
            }
            if (known != null && known.state() != null) { // the server counts anew: the numbers do not compare
                return CompletableFuture.completedFuture(new Conflict<>(snapshot(known.version(), known.state())));
            }
            number = 0; // it has lost the state as well, so there is nothing to conflict with
        }
        long sent = number;
        boolean wasInDoubt = inDoubt.contains(String.valueOf(proposal.proposalId()));
        return client.requests
                .send(
                        client.endpoint.post("/sync", body(proposal, state, sent)),
                        status -> status == 200 || status == 409,
                        client.maxBytes,
                        "maxEventBytes",
                        client.requestTimeout)
                .handle(Proposals::sent)
                .whenComplete((reply, error) -> doubt(proposal.proposalId(), reply))
                .thenApplyAsync(
                        reply -> result(reply, new Sent(epoch, sent, state, known, wasInDoubt)),
                        DefaultExecutor.SHARED);
    }

    private byte[] body(Proposal<T> proposal, byte[] state, long base) {
        String origin = proposal.sourceId() == null ? client.clientId() : proposal.sourceId();
        ByteArrayOutputStream out = new ByteArrayOutputStream(state.length + 200);
        out.writeBytes(("{\"storeKey\":" + Json.quote(key) + ",\"state\":").getBytes(StandardCharsets.UTF_8));
        out.writeBytes(state);
        String id = proposal.proposalId();
        out.writeBytes(((base < 0 ? "" : ",\"baseVersion\":" + base) + ",\"origin\":" + Json.quote(origin) + ",\"ts\":"
                        + client.now() + (id == null ? "" : ",\"idempotencyKey\":" + Json.quote(id)) + "}")
                .getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    /** What a server answered. */
    private static final class Answer {
        private byte @Nullable [] state;
        private long version = -1;
        private String reason = "";

        void read(String field, Json.Cursor value) {
            switch (field) {
                case "event", "current" -> {
                    if (value.isObject()) {
                        value.object(this::readRecord);
                    }
                }
                case "reason" -> reason = value.isString() ? value.text(field) : "";
                default -> {}
            }
        }

        private void readRecord(String field, Json.Cursor value) {
            if (field.equals("version")) {
                version = value.number(field);
            } else if (field.equals("state")) {
                state = value.raw();
            }
        }
    }

    /** A write whose answer did not come, or says that the server does not know, may have been done all the same. */
    private void doubt(@Nullable String id, @Nullable Reply<byte[]> reply) {
        if (id == null) {
            return;
        }
        if (reply == null || reply.status() >= 500) {
            inDoubt.add(id);
        } else {
            inDoubt.remove(id);
        }
    }

    /**
     * A write that was sent.
     *
     * @param known what was known of the key then
     * @param wasInDoubt whether it was sent before, and its outcome is not known
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Sent(
            Revision epoch,
            long base,
            byte[] state,
            @Nullable Known known,
            boolean wasInDoubt) {}

    private WriteResult<T> result(Reply<byte[]> reply, Sent sent) {
        try {
            if (reply.body() == null) {
                return refusal(reply);
            }
            Answer answer = new Answer();
            Json.readAnswer(Encodings.body(reply, client.maxBytes, "maxEventBytes"), answer::read);
            if (answer.version < 0) {
                throw new IOException(reply.method() + " " + reply.url() + ": the answer names no version");
            }
            if (reply.status() == 200) {
                return new Accepted<>(StateVersion.of(sent.epoch, Revision.of(answer.version)));
            }
            if (sent.wasInDoubt && sent.base >= 0 && client.feed.isOwn(key, answer.version, sent.base, sent.state)) {
                return new Accepted<>(StateVersion.of(sent.epoch, Revision.of(answer.version)));
            }
            Known now =
                    client.feed.conflicting(key, answer.version, answer.version == 0 ? null : answer.state, sent.known);
            return new Conflict<>(snapshot(now.version(), now.state()));
        } catch (Throwable t) { // the answer cannot be read, but the server has the write: ask again
            throw new CompletionException(t);
        }
    }

    private static <T extends @Nullable Object> WriteResult<T> refusal(Reply<byte[]> reply) throws Exception {
        Answer answer = new Answer();
        try {
            Json.readAnswer(reply.rest().getBytes(StandardCharsets.UTF_8), answer::read);
        } catch (io.statesync.ProtocolException e) {
            answer.reason = ""; // a proxy's page
        }
        return switch (reply.status()) {
            case 400, 413, 422 ->
                answer.reason.isEmpty()
                        ? Proposals.notSent(reply)
                        : new Rejected<>(answer.reason + ", " + Texts.quote(reply.rest(), 200));
            case 403 -> new Rejected<>("status 403: " + Texts.quote(reply.rest(), 200));
            case 401, 404, 405, 408, 429 -> Proposals.notSent(reply);
            case 502, 503 ->
                NOT_DONE.contains(answer.reason)
                        ? Proposals.notSent(reply)
                        : new WriteResult.Unknown<>(reply.failure());
            default -> new WriteResult.Unknown<>(reply.failure());
        };
    }
}
