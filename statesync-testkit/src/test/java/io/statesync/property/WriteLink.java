package io.statesync.property;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateProposer;
import io.statesync.Subscription;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.property.WriteStep.Kind;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One replica's transport, which is prompt and reliable but for what is planned. */
final class WriteLink implements WritableBinding<Tokens> {
    private final WriteWorld world;
    private final String name;
    private final Runnable onNotSent;
    private final List<InvalidationHandler> handlers = new ArrayList<>();
    private final Deque<WriteStep> events = new ArrayDeque<>();
    private final Deque<WriteStep> pulls = new ArrayDeque<>();
    private final Deque<WriteStep> proposals = new ArrayDeque<>();
    private boolean connected = true;
    private boolean silent;

    /**
     * A transport.
     *
     * @param onNotSent called before a proposal is answered as not sent
     */
    WriteLink(WriteWorld world, String name, Runnable onNotSent) {
        this.world = world;
        this.onNotSent = onNotSent;
        this.name = name;
    }

    void plan(WriteStep fault) {
        Kind kind = fault.kind();
        (kind.isOfEvents() ? events : kind.isOfPulls() ? pulls : proposals).add(fault);
    }

    /** Loses the connection; silently, or the replica is told. */
    void disconnect(boolean silently) {
        connected = false;
        silent = silently;
        if (!silently) {
            List.copyOf(handlers).forEach(InvalidationHandler::disconnected);
        }
    }

    /** Is connected (again), and says so. */
    void connect() {
        connected = true;
        List.copyOf(handlers).forEach(InvalidationHandler::reconnected);
    }

    /** Nothing gets through any more, for good. */
    void cut() {
        connected = false;
        silent = true;
        calm();
        handlers.clear();
    }

    /** Nothing that was planned and did not happen yet will. */
    void calm() {
        events.clear();
        pulls.clear();
        proposals.clear();
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> {
            handlers.add(handler);
            Subscription subscription = () -> handlers.remove(handler);
            return CompletableFuture.completedFuture(subscription);
        };
    }

    @Override
    public SnapshotProvider<Tokens> provider() {
        return this::pull;
    }

    @Override
    public StateProposer<Tokens> proposer() {
        return this::propose;
    }

    void publish(InvalidationEvent event, SnapshotEnvelope<Tokens> snapshot) {
        if (!connected) {
            return;
        }
        WriteStep fault = events.poll();
        Kind kind = fault == null ? null : fault.kind();
        Runnable tell = () -> List.copyOf(handlers).forEach(handler -> handler.event(event));
        if (kind == Kind.EVENT_LATE) {
            world.later(fault.millis(), tell);
        } else if (kind == Kind.SNAPSHOT_PUSHED) {
            List.copyOf(handlers).forEach(handler -> handler.snapshot(snapshot));
        } else if (kind != Kind.EVENT_DROPPED) {
            tell.run();
        }
        if (kind == Kind.EVENT_TWICE) {
            world.later(fault.millis(), tell);
        }
    }

    private CompletionStage<? extends PullResult<Tokens>> pull(PullRequest request) throws Exception {
        WriteStep fault = pulls.poll();
        Kind kind = fault == null ? null : fault.kind();
        if (kind == Kind.PULL_HANGS || (!connected && silent)) {
            return new CompletableFuture<>();
        }
        if (kind == Kind.PULL_FAILS || !connected) {
            IOException failure = new IOException("pull failed");
            if (fault != null && fault.otherwise()) {
                throw failure;
            }
            return CompletableFuture.failedFuture(failure);
        }
        if (kind == Kind.PULL_LAGS) {
            return CompletableFuture.completedFuture(world.source().past(1 + fault.number()));
        }
        if (kind == Kind.PULL_LATE) {
            SnapshotEnvelope<Tokens> early = fault.otherwise() ? world.source().current() : null;
            CompletableFuture<PullResult<Tokens>> late = new CompletableFuture<>();
            world.later(
                    fault.millis(),
                    () -> late.complete(early != null ? early : world.source().current()));
            return late;
        }
        return world.source().pull(request);
    }

    private CompletionStage<? extends WriteResult<Tokens>> propose(Proposal<Tokens> proposal) throws Exception {
        WriteStep fault = proposals.poll();
        Kind kind = fault == null ? null : fault.kind();
        world.trace(
                name + " proposes " + proposal.value() + " on " + proposal.base() + (kind == null ? "" : " " + kind));
        if (kind == null ? !connected && !silent : kind == Kind.NOT_SENT) {
            onNotSent.run();
            NotSentException notSent = new NotSentException("not sent", null);
            if (fault != null && fault.otherwise()) {
                throw notSent;
            }
            return CompletableFuture.failedFuture(notSent);
        }
        CompletableFuture<WriteResult<Tokens>> answer = new CompletableFuture<>();
        if (!connected && kind == null) {
            return answer;
        }
        if (kind == null) {
            return arrive(proposal);
        }
        strike(proposal, fault, answer);
        return answer;
    }

    private void strike(Proposal<Tokens> proposal, WriteStep fault, CompletableFuture<WriteResult<Tokens>> answer) {
        switch (fault.kind()) {
            case PROPOSAL_FAILS -> answer.completeExceptionally(new IOException("lost"));
            case PROPOSAL_LATE ->
                world.later(fault.millis(), () -> arrive(proposal).thenAccept(answer::complete));
            case PROPOSAL_TWICE -> {
                arrive(proposal).thenAccept(answer::complete);
                world.later(fault.millis(), () -> arrive(proposal));
            }
            case ANSWER_LOST -> arrive(proposal);
            case ANSWER_FAILS -> {
                arrive(proposal);
                answer.completeExceptionally(new IOException("answer lost"));
            }
            case ANSWER_LATE -> {
                CompletionStage<WriteResult<Tokens>> result = arrive(proposal);
                world.later(fault.millis(), () -> result.thenAccept(answer::complete));
            }
            default -> {} // lost: never answered
        }
    }

    private CompletionStage<WriteResult<Tokens>> arrive(Proposal<Tokens> proposal) {
        CompletionStage<WriteResult<Tokens>> answer = world.source().propose(proposal);
        world.trace("source answers " + name + " " + answer);
        return answer;
    }
}
