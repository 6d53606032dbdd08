package io.statesync.jms;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.RequestEnvelope;
import io.statesync.source.internal.Served;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Answers requests from the sources. Nothing here waits for a source. */
final class Answers {
    private final Sources sources;

    Answers(Sources sources) {
        this.sources = sources;
    }

    // ---- pulls

    void pull(String topic, RequestEnvelope request, Reply reply) {
        String revision = request.heldRevision();
        String epoch = request.heldEpoch();
        StateVersion held = revision == null
                ? null
                : StateVersion.of(epoch == null ? Revision.ZERO : Revision.parse(epoch), Revision.parse(revision));
        var unused = sources.read(topic).whenComplete((encoded, error) -> {
            if (error != null) {
                JmsConnection.LOG.error(
                        "the source could not be read topic={}", Texts.quote(topic), Failures.unwrapped(error));
                reply.sourceFailed();
            } else if (encoded == null) {
                reply.noSuchTopic(topic);
            } else if (encoded.version().equals(held)) {
                reply.notModified();
            } else {
                snapshot(topic, encoded, reply);
            }
        });
    }

    private static void snapshot(String topic, Encoded encoded, Reply reply) {
        byte[] json;
        try {
            json = encoded.json();
        } catch (Throwable t) { // a codec of the user's
            JmsConnection.LOG.error("the state cannot be encoded topic={}", Texts.quote(topic), t);
            reply.sourceFailed();
            return;
        }
        reply.snapshot(200, json);
    }

    // ---- proposals

    void propose(String topic, RequestEnvelope request, Reply reply) {
        byte[] data = request.data();
        if (data == null) {
            throw new ProtocolException("field \"data\" is missing");
        }
        if (request.baseEpoch() != null && request.baseRevision() == null) {
            throw new ProtocolException("field \"baseEpoch\" needs a \"baseRevision\"");
        }
        Served<?> served;
        try {
            served = sources.find(topic);
        } catch (RuntimeException e) { // no codec could be had
            JmsConnection.LOG.error("a topic could not be asked topic={}", Texts.quote(topic), e);
            reply.sourceFailed();
            return;
        }
        if (served == null) {
            reply.noSuchTopic(topic);
        } else {
            propose(served, request, data, reply);
        }
    }

    private <T extends @Nullable Object> void propose(
            Served<T> served, RequestEnvelope request, byte[] data, Reply reply) {
        T value;
        try {
            value = served.codec().decode(data);
        } catch (IOException | RuntimeException e) {
            reply.rejected("the data is not a state of this topic: " + e.getMessage());
            return;
        }
        Revision revision = request.baseRevision() == null ? null : Revision.parse(request.baseRevision());
        Revision epoch = request.baseEpoch() == null ? null : Revision.parse(request.baseEpoch());
        if (revision == null || epoch != null) {
            StateVersion base = revision == null || epoch == null ? null : StateVersion.of(epoch, revision);
            ask(served, new Proposal<>(base, value, request.sourceId(), request.proposalId()), reply);
            return;
        }
        var unused = served.snapshot().whenComplete((current, error) -> {
            if (error != null) {
                JmsConnection.LOG.error(
                        "the source could not be read topic={}",
                        Texts.quote(served.authority().topic()),
                        error);
                reply.sourceFailed();
            } else {
                StateVersion base = StateVersion.of(current.version(null).epoch(), revision);
                ask(served, new Proposal<>(base, value, request.sourceId(), request.proposalId()), reply);
            }
        });
    }

    private <T extends @Nullable Object> void ask(Served<T> served, Proposal<T> proposal, Reply reply) {
        CompletableFuture<WriteResult<T>> result;
        try {
            result = served.authority().propose(proposal).toCompletableFuture();
        } catch (Throwable t) { // a source of the user's
            result = CompletableFuture.failedFuture(t);
        }
        var unused = result.whenComplete((outcome, failure) -> {
            if (failure != null) {
                unknown(served, Failures.unwrapped(failure), reply);
            } else {
                answer(served, outcome, reply);
            }
        });
    }

    private <T extends @Nullable Object> void answer(Served<T> served, WriteResult<T> outcome, Reply reply) {
        if (outcome instanceof WriteResult.Accepted<T> accepted) {
            reply.accepted(accepted.version());
        } else if (outcome instanceof WriteResult.Conflict<T> conflict) {
            conflict(served, conflict.current(), reply);
        } else if (outcome instanceof WriteResult.Rejected<T> rejected) {
            reply.rejected(rejected.reason());
        } else {
            unknown(served, outcome instanceof WriteResult.Unknown<T> unknown ? unknown.cause() : null, reply);
        }
    }

    private static <T extends @Nullable Object> void conflict(
            Served<T> served, SnapshotEnvelope<T> current, Reply reply) {
        byte[] json;
        try {
            json = Envelope.snapshot(
                    SnapshotEnvelope.of(current.version(null), ""),
                    served.codec().encode(current.data()));
        } catch (Throwable t) { // a codec of the user's
            JmsConnection.LOG.error(
                    "the state cannot be encoded topic={}",
                    Texts.quote(served.authority().topic()),
                    t);
            reply.sourceFailed();
            return;
        }
        reply.snapshot(409, json);
    }

    private static void unknown(Served<?> served, @Nullable Throwable cause, Reply reply) {
        String topic = Texts.quote(served.authority().topic());
        if (cause instanceof NotSentException) {
            JmsConnection.LOG.warn("a write did not reach the source, and is answered 502 topic={}", topic, cause);
            reply.sourceFailed();
        } else {
            JmsConnection.LOG.error("what became of a write is not known topic={}", topic, cause);
            reply.unknownOutcome();
        }
    }
}
