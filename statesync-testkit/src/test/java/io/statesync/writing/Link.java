package io.statesync.writing;

import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotProvider;
import io.statesync.StateProposer;
import io.statesync.Subscription;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.source.RevisionedStore;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A way to a store that can be cut, and that can hold back or lose what passes. Not safe for use from several threads at
 * once.
 */
final class Link<T> implements WritableBinding<T> {
    /** What happens to proposals. */
    enum Fate {
        PASS,
        /** They wait before the store, until {@link Link#release}. */
        HELD,
        /** The store answers, and the answer waits until {@link Link#release}. */
        ANSWER_HELD,
        /** They are not sent. */
        NOT_SENT,
        /** They do not reach the store, but who asks cannot know. */
        LOST,
        /** The store answers, and the answer is lost. */
        ANSWER_LOST,
        /** The store answers, and nobody ever hears. */
        SILENT
    }

    /** All that was proposed, in order, whatever became of it. */
    final List<Proposal<T>> proposals = new ArrayList<>();

    private final RevisionedStore<T> store;
    private final List<Runnable> held = new ArrayList<>();
    private final List<InvalidationHandler> handlers = new ArrayList<>();
    private Fate fate = Fate.PASS;
    private boolean away;
    private boolean deaf;

    Link(RevisionedStore<T> store) {
        this.store = store;
    }

    void fate(Fate next) {
        fate = next;
    }

    void hold() {
        fate = Fate.HELD;
    }

    /** Lets what is held pass, in its order, and what comes later. */
    void release() {
        fate = Fate.PASS;
        List<Runnable> now = List.copyOf(held);
        held.clear();
        now.forEach(Runnable::run);
    }

    /** The connection is lost: nothing passes, and everybody hears it. */
    void cut() {
        away = true;
        List.copyOf(handlers).forEach(InvalidationHandler::disconnected);
    }

    /** The connection is there again. */
    void mend() {
        away = false;
        List.copyOf(handlers).forEach(InvalidationHandler::reconnected);
    }

    /** Events are lost from now on. */
    void deafen() {
        deaf = true;
    }

    /** The ids of all that was proposed. */
    List<String> ids() {
        return proposals.stream().map(Proposal::proposalId).toList();
    }

    /** The values of all that was proposed. */
    List<T> values() {
        return proposals.stream().map(Proposal::value).toList();
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> {
            handlers.add(handler);
            CompletionStage<Subscription> subscribed = store.subscriber().subscribe(hearing(handler));
            return subscribed.thenApply(subscription -> () -> {
                handlers.remove(handler);
                subscription.close();
            });
        };
    }

    private InvalidationHandler hearing(InvalidationHandler handler) {
        return (InvalidationHandler) Proxy.newProxyInstance(
                Link.class.getClassLoader(), new Class<?>[] {InvalidationHandler.class}, (proxy, method, arguments) -> {
                    try {
                        return away || deaf ? null : method.invoke(handler, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    public SnapshotProvider<T> provider() {
        return this::pull;
    }

    private CompletionStage<? extends PullResult<T>> pull(PullRequest request) throws Exception {
        if (away) {
            throw new IOException("away");
        }
        return store.provider().getSnapshot(request);
    }

    @Override
    public StateProposer<T> proposer() {
        return this::propose;
    }

    private CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        proposals.add(proposal);
        CompletableFuture<WriteResult<T>> answer = new CompletableFuture<>();
        switch (away ? Fate.NOT_SENT : fate) {
            case PASS -> store.propose(proposal).thenAccept(answer::complete);
            case HELD -> held.add(() -> store.propose(proposal).thenAccept(answer::complete));
            case ANSWER_HELD -> {
                CompletionStage<WriteResult<T>> decided = store.propose(proposal);
                held.add(() -> decided.thenAccept(answer::complete));
            }
            case NOT_SENT -> answer.completeExceptionally(new NotSentException("away", null));
            case LOST -> answer.completeExceptionally(new IOException("lost"));
            case ANSWER_LOST -> {
                store.propose(proposal);
                answer.completeExceptionally(new IOException("answer lost"));
            }
            case SILENT -> store.propose(proposal);
        }
        return answer;
    }
}
