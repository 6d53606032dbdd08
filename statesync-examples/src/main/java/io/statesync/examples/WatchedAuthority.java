package io.statesync.examples;

import io.statesync.InvalidationSubscriber;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.WriteResult;
import io.statesync.examples.Timeline.Kind;
import io.statesync.source.Authority;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An authority whose answers to proposals are told to a timeline. */
record WatchedAuthority<T extends @Nullable Object>(Authority<T> authority, Timeline timeline) implements Authority<T> {
    @Override
    public String topic() {
        return authority.topic();
    }

    @Override
    public CompletionStage<SnapshotEnvelope<T>> snapshot() {
        return authority.snapshot();
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return authority.subscriber();
    }

    @Override
    public SnapshotProvider<T> provider() {
        return authority.provider();
    }

    @Override
    public CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        return authority
                .propose(proposal)
                .whenComplete((result, failure) -> tell(proposal.sourceId(), result, failure));
    }

    private void tell(@Nullable String by, @Nullable WriteResult<T> result, @Nullable Throwable failure) {
        if (result instanceof WriteResult.Accepted<T> accepted) {
            timeline.add(Kind.ACCEPTED, topic(), accepted.version(), by, null);
        } else if (result instanceof WriteResult.Conflict<T> conflict) {
            timeline.add(Kind.CONFLICT, topic(), conflict.current().version(null), by, null);
        } else if (result instanceof WriteResult.Rejected<T> rejected) {
            timeline.add(Kind.REJECTED, topic(), null, by, rejected.reason());
        } else {
            Throwable cause = result instanceof WriteResult.Unknown<T> unknown ? unknown.cause() : failure;
            timeline.add(Kind.ERROR, topic(), null, by, "propose: " + (cause == null ? "unknown" : describe(cause)));
        }
    }

    private static String describe(Throwable cause) {
        return JsonFile.describe(cause);
    }
}
