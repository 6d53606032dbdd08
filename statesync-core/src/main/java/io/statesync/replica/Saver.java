package io.statesync.replica;

import io.statesync.Proposal;
import io.statesync.WriteResult;
import io.statesync.internal.Conflator;
import io.statesync.replica.Change.SetTo;
import io.statesync.replica.Change.Updated;
import io.statesync.replica.Sending.InDoubt;
import io.statesync.replica.Sending.Pause;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Saves the newest pending writes, one save at a time. */
final class Saver<T extends @Nullable Object> extends Conflator {
    private final WriteQueue<T> queue;
    private final @Nullable BiFunction<T, Object, T> reducer;
    private final Supplier<Model<T>> models;
    private final Errors<T> errors;
    private final Queue<Consumer<@Nullable Throwable>> waiting = new ConcurrentLinkedQueue<>();
    private final Queue<CompletableFuture<Void>> askers = new ConcurrentLinkedQueue<>();
    private volatile boolean loaded;
    private volatile boolean abandoned; // closed before what was kept was read
    private volatile @Nullable Model<T> last; // the one that the replica was closed at
    private List<QueuedWrite<T>> saved = List.of(); // by the run under way only, once loaded

    Saver(
            WriteQueue<T> queue,
            @Nullable BiFunction<T, Object, T> reducer,
            java.util.concurrent.Executor executor,
            Supplier<Model<T>> models,
            Errors<T> errors) {
        super(executor);
        this.queue = queue;
        this.reducer = reducer;
        this.models = models;
        this.errors = errors;
    }

    /** Tells whether everything that is pending now is saved: null, or what failed. */
    void afterSave(Consumer<@Nullable Throwable> action) {
        waiting.add(action);
        signal();
    }

    /** Done when everything that is pending now is saved. */
    CompletableFuture<Void> saved() {
        CompletableFuture<Void> future = new CompletableFuture<>();
        askers.add(future);
        signal();
        return future;
    }

    /**
     * The replica is closed: what was pending is kept for the next one.
     *
     * @return whether it is; not before what was kept is read
     */
    boolean keep(Model<T> before) {
        if (!loaded) {
            abandoned = true;
            signal();
            return false;
        }
        last = before;
        signal();
        return true;
    }

    @Override
    protected void run() {
        Model<T> end = last;
        Model<T> model = end != null ? end : models.get();
        if (!loaded || model.life == Model.Life.CLOSED) {
            if (abandoned) {
                answer(drain(askers), new CancellationException("closed before its queue was read: nothing was saved"));
            }
            return; // what is kept must not be replaced before it was read, nor lost with a replica
        }
        List<CompletableFuture<Void>> asked = drain(askers);
        List<Consumer<@Nullable Throwable>> covered = drain(waiting);
        Throwable failure = null;
        try {
            List<QueuedWrite<T>> now = queued(model);
            if (!isSame(now, saved)) {
                queue.save(now);
                saved = now;
            }
        } catch (Throwable t) { // the user's queue; what is pending waits until it can be saved
            failure = t;
            errors.report(ReplicaPhase.QUEUE, t);
        }
        for (Consumer<@Nullable Throwable> action : covered) {
            action.accept(failure);
        }
        answer(asked, failure);
    }

    private static <E> List<E> drain(Queue<E> queue) {
        List<E> drained = new ArrayList<>();
        for (E next = queue.poll(); next != null; next = queue.poll()) {
            drained.add(next);
        }
        return drained;
    }

    private static void answer(List<CompletableFuture<Void>> askers, @Nullable Throwable failure) {
        for (CompletableFuture<Void> asker : askers) {
            if (failure == null) {
                asker.complete(null);
            } else {
                asker.completeExceptionally(failure);
            }
        }
    }

    @Override
    protected void refused(Throwable error) {
        failed(error);
        answer(drain(askers), error);
    }

    @Override
    protected void failed(Throwable error) {
        errors.report(ReplicaPhase.QUEUE, error);
    }

    private static <T extends @Nullable Object> List<QueuedWrite<T>> queued(Model<T> model) {
        Flight<T> flight = model.sending.flight();
        List<QueuedWrite<T>> writes = new ArrayList<>();
        for (Change<T> change : model.changes) {
            Proposal<T> proposal = flight != null && writes.size() < flight.count ? flight.sent : null;
            if (change instanceof SetTo<T> set) {
                writes.add(new QueuedWrite.Value<>(set.value(), set.base(), proposal));
            } else if (change instanceof Updated<T> update) {
                writes.add(new QueuedWrite.Action<>(Objects.requireNonNull(update.action()), proposal));
            }
        }
        return writes;
    }

    /** Not by the users' equals: a state may be equal to another that must be saved all the same. */
    private static boolean isSame(List<? extends QueuedWrite<?>> some, List<? extends QueuedWrite<?>> others) {
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            same = isSame(some.get(i), others.get(i));
        }
        return same;
    }

    private static boolean isSame(QueuedWrite<?> one, QueuedWrite<?> other) {
        if (one.proposal() != other.proposal()) {
            return false;
        }
        if (one instanceof QueuedWrite.Value<?> value && other instanceof QueuedWrite.Value<?> otherValue) {
            return value.value() == otherValue.value() && value.base().equals(otherValue.base());
        }
        return one instanceof QueuedWrite.Action<?> action
                && other instanceof QueuedWrite.Action<?> otherAction
                && action.action() == otherAction.action();
    }

    /** Puts what was kept before everything else; saves from now on. */
    @Nullable
    Pause restore(ReplicaCore<T> core) throws Exception {
        List<QueuedWrite<T>> kept = List.copyOf(queue.load());
        List<Change<T>> changes = new ArrayList<>();
        for (QueuedWrite<T> write : kept) {
            changes.add(change(write));
        }
        Flight<T> flight = kept.isEmpty() ? null : flight(kept);
        Pause pause = flight == null ? null : new Pause();
        Sending<T> sending = flight == null || pause == null ? new Sending.Idle<>() : new InDoubt<>(flight, 1, pause);
        saved = kept;
        core.change(now -> now.life == Model.Life.CLOSED ? now : now.restored(changes, sending));
        loaded = true; // not earlier: a close in between must not replace what is kept
        signal();
        return pause;
    }

    private Change<T> change(QueuedWrite<T> write) {
        if (write instanceof QueuedWrite.Value<T> value) {
            return new SetTo<>(value.value(), value.base(), List.of(unheard()));
        }
        Object action = ((QueuedWrite.Action<T>) write).action();
        BiFunction<T, Object, T> made = reducer;
        if (made == null) {
            throw new IllegalStateException("the queue holds an action, and there is no reducer to make it: "
                    + action.getClass().getName());
        }
        return new Updated<>(state -> made.apply(state, action), action, List.of(unheard()));
    }

    /** Nobody has the future of a write of an earlier process: its failure is reported instead. */
    private Outcome<T> unheard() {
        Outcome<T> outcome = new Outcome<>();
        var unused = outcome.future().exceptionally(error -> {
            if (!(error instanceof CancellationException)) {
                errors.report(ReplicaPhase.QUEUE, error);
            }
            return new WriteResult.Unknown<>(error);
        });
        return outcome;
    }

    private static <T extends @Nullable Object> @Nullable Flight<T> flight(List<QueuedWrite<T>> kept) {
        Proposal<T> proposal = kept.get(0).proposal();
        if (proposal == null || proposal.proposalId() == null || proposal.base() == null) {
            return null;
        }
        int count = 0;
        while (count < kept.size() && isPart(kept.get(count), proposal.proposalId())) {
            count++;
        }
        boolean rebasable = kept.get(0) instanceof QueuedWrite.Action;
        T local = kept.get(0) instanceof QueuedWrite.Value<T> value ? value.value() : proposal.value();
        Flight<T> flight = new Flight<>(proposal.proposalId(), proposal.base(), local, count, rebasable);
        flight.sent = proposal;
        return flight;
    }

    private static boolean isPart(QueuedWrite<?> write, String proposalId) {
        Proposal<?> proposal = write.proposal();
        return proposal != null && proposalId.equals(proposal.proposalId());
    }
}
