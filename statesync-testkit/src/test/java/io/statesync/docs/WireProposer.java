package io.statesync.docs;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Takes proposals over an imaginary wire. */
final class WireProposer {
    /** The wire: it cannot be opened, or it answers later. */
    interface Wire {
        CompletableFuture<Reply> send(Request request) throws IOException;
    }

    /** A proposal as it travels: a base without an epoch of its own is in epoch 0. */
    record Request(String baseEpoch, String baseRevision, String data, String sourceId, String proposalId) {}

    /** An answer: {@code accepted} at a version, {@code conflict} with what the source is at, or {@code rejected}. */
    record Reply(String outcome, String epoch, String revision, String data, String reason) {}

    private final Wire wire;

    WireProposer(Wire wire) {
        this.wire = wire;
    }

    // snippet: WirePropose
    CompletionStage<WriteResult<Settings>> propose(Proposal<Settings> proposal) throws NotSentException {
        StateVersion base = proposal.base(); // null: whatever the source is at; a replica always has one
        Request request = new Request(
                base == null ? null : base.epoch().toString(),
                base == null ? null : base.revision().toString(),
                proposal.value().theme(),
                proposal.sourceId(),
                proposal.proposalId());
        CompletableFuture<Reply> reply;
        try {
            reply = wire.send(request);
        } catch (IOException e) {
            throw new NotSentException(
                    "not connected", e); // certainly not sent: the replica may coalesce it with later writes
        }
        return reply.thenApply(this::result); // one that fails: nobody knows, so it is asked again under its id
    }

    private WriteResult<Settings> result(Reply reply) {
        return switch (reply.outcome()) {
            case "accepted" ->
                new WriteResult.Accepted<>(
                        StateVersion.of(Revision.parse(reply.epoch()), Revision.parse(reply.revision())));
            case "conflict" ->
                new WriteResult.Conflict<>(
                        SnapshotEnvelope.parse(reply.revision(), reply.epoch(), new Settings(reply.data())));
            case "rejected" -> new WriteResult.Rejected<>(reply.reason());
            default -> new WriteResult.Unknown<>(new IOException("not understood: " + reply.outcome()));
        };
    }
    // end
}
