package io.statesync.http.server;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.http.server.internal.Answer;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.RequestEnvelope;
import io.statesync.source.internal.Served;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST proposals}. */
final class Propose {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final Hub hub;

    Propose(Hub hub) {
        this.hub = hub;
    }

    CompletableFuture<Answer> answer(Call call) throws Problem, IOException {
        RequestEnvelope sent = new RequestEnvelope();
        call.body(sent::field);
        String name = call.topic(sent.topic());
        if (sent.data() == null) {
            throw Problem.badRequest("field \"data\" is missing");
        }
        if (sent.baseEpoch() != null && sent.baseRevision() == null) {
            throw Problem.badRequest("field \"baseEpoch\" needs a \"baseRevision\"");
        }
        checkLength("sourceId", sent.sourceId());
        checkLength("proposalId", sent.proposalId());
        call.mustRead(name);
        if (!call.may(Action.WRITE, name)) {
            throw Problem.notAllowed(name);
        }
        Served<?> served = hub.find(name);
        if (served == null) {
            throw Problem.noSuchTopic(name);
        }
        return propose(served, sent);
    }

    private void checkLength(String field, @Nullable String value) throws Problem {
        int limit = hub.options().maxTopicLength();
        if (value != null && value.length() > limit) {
            throw Problem.badRequest(
                    "field \"" + field + "\" is " + value.length() + " long, and must not be longer than " + limit);
        }
    }

    private <T extends @Nullable Object> CompletableFuture<Answer> propose(Served<T> served, RequestEnvelope sent)
            throws Problem {
        T value;
        try {
            value = served.codec().decode(Objects.requireNonNull(sent.data(), "data"));
        } catch (IOException | RuntimeException e) {
            throw Problem.rejected("the data is not a state of this topic: " + e.getMessage());
        }
        Revision revision =
                sent.baseRevision() == null ? null : Query.revision("field baseRevision", sent.baseRevision());
        Revision epoch = sent.baseEpoch() == null ? null : Query.revision("field baseEpoch", sent.baseEpoch());
        if (revision == null || epoch != null) {
            StateVersion base = revision == null || epoch == null ? null : StateVersion.of(epoch, revision);
            return ask(served, new Proposal<>(base, value, sent.sourceId(), sent.proposalId()));
        }
        return served.snapshot()
                .thenCompose(current -> ask(
                        served,
                        new Proposal<>(
                                StateVersion.of(current.version(null).epoch(), revision),
                                value,
                                sent.sourceId(),
                                sent.proposalId())));
    }

    private <T extends @Nullable Object> CompletableFuture<Answer> ask(Served<T> served, Proposal<T> proposal) {
        CompletableFuture<WriteResult<T>> result;
        try {
            result = served.authority().propose(proposal).toCompletableFuture();
        } catch (Throwable t) { // a source of the user's
            result = CompletableFuture.failedFuture(t);
        }
        return result.handle((outcome, failure) -> failure == null
                ? answer(served, outcome)
                : unknown(served.authority().topic(), failure));
    }

    private <T extends @Nullable Object> Answer answer(Served<T> served, WriteResult<T> outcome) {
        if (outcome instanceof WriteResult.Accepted<T> accepted) {
            return Answer.json(200, Wire.utf8(Wire.version(accepted.version())));
        }
        if (outcome instanceof WriteResult.Conflict<T> conflict) {
            SnapshotEnvelope<T> current = conflict.current();
            try {
                return Answer.json(
                        409, Envelope.snapshot(current, served.codec().encode(current.data())));
            } catch (IOException | RuntimeException e) {
                log.error(
                        "the state cannot be encoded topic={}",
                        Texts.quote(served.authority().topic()),
                        e);
                return Problem.sourceFailed().answer();
            }
        }
        if (outcome instanceof WriteResult.Rejected<T> rejected) {
            return Problem.rejected(rejected.reason()).answer();
        }
        return unknown(served.authority().topic(), ((WriteResult.Unknown<T>) outcome).cause());
    }

    private static Answer unknown(String topic, @Nullable Throwable cause) {
        boolean notSent = cause instanceof NotSentException;
        if (notSent) {
            log.warn("a write did not reach the source, and is answered 502 topic={}", Texts.quote(topic), cause);
            return Problem.sourceFailed().answer();
        }
        log.error("what became of a write is not known topic={}", Texts.quote(topic), cause);
        return Problem.unknownOutcome().answer();
    }
}
