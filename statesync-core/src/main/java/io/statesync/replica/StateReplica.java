package io.statesync.replica;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.replica.Change.Updated;
import io.statesync.replica.Model.Life;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A value that is the same as its source's: one reads it, observes it, and sets it like a variable.
 *
 * <p>By default writes are <em>optimistic</em>: the value changes at once, and {@link #meta()} says {@code dirty} until the
 * source has decided. A snapshot that comes in meanwhile goes below the pending writes: updates are made again on top of
 * it, so their functions must be pure, and a pending set stays on top. In {@linkplain ReplicaBuilder#confirmed() confirmed}
 * mode the value changes only when the source has accepted the write.
 *
 * <p>All methods may be called from any thread, also from inside observers and listeners; none waits. Each write gives a
 * future of its own, which is done when the source has decided, fails if the write could not be made, and whose
 * cancellation does not take the write back. Writes that wait together may be proposed as one and share one outcome.
 *
 * @param <T> the type of the state; immutable, since everybody gets the same object
 */
public final class StateReplica<T extends @Nullable Object> implements AutoCloseable {
    private final ReplicaCore<T> core;
    private final Sender<T> sender;
    private final Observers<T> observers;
    private final RevisionSync<T> engine;
    private final @Nullable Saver<T> saver;
    private final ReplicaBuilder<T> options;
    private @Nullable CompletableFuture<Void> restored; // guarded by this

    StateReplica(ReplicaBuilder<T> options, WritableBinding<T> source) {
        this.options = options;
        EngineSide<T> side = new EngineSide<>(source, options.listener);
        RevisionSyncOptions<T> engineOptions = options.engineOptions(side);
        Errors<T> errors = new Errors<>(options.topic, options.listener);
        this.observers = new Observers<>(
                this::model, options.observeOn != null ? options.observeOn : engineOptions.executor(), errors);
        this.core = new ReplicaCore<>(
                options.topic,
                engineOptions.executor(),
                engineOptions.time(),
                errors,
                new Chain<>(options.middleware, errors),
                Model.initial(options.optimistic, options.initial()),
                this::changed);
        this.saver = options.queue == null
                ? null
                : new Saver<>(options.queue, options.reducer, engineOptions.executor(), core::model, errors);
        this.sender = new Sender<>(core, options.senderOptions(source.proposer(), engineOptions.random()), saver);
        side.attach(core, sender);
        this.engine = StateSync.createRevisionSync(engineOptions);
        core.onBroken(this::close);
    }

    /**
     * A builder of a replica.
     *
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> ReplicaBuilder<T> builder(String topic) {
        return new ReplicaBuilder<>(topic);
    }

    /** A replica of a source, with the defaults of the builder. It is not started. */
    public static <T extends @Nullable Object> StateReplica<T> of(String topic, WritableBinding<T> source) {
        return StateReplica.<T>builder(topic).source(source).build();
    }

    /** The topic. */
    public String topic() {
        return options.topic;
    }

    // --- reading

    /**
     * The value, with pending writes in optimistic mode.
     *
     * @throws IllegalStateException if there is none: nothing came from the source yet, nothing was set, and there is no
     *     initial value
     */
    public T get() {
        return shown().shown;
    }

    private Model<T> shown() {
        Model<T> model = core.model();
        if (!model.showing) {
            throw new IllegalStateException(
                    "replica " + topic() + " has no value yet: nothing came from its source"
                            + (model.life == Life.NEW ? ", since it was not started" : "")
                            + (model.error == null ? "" : "; the last error is in its meta() and is the cause of this")
                            + ". An initialValue would be shown until then",
                    model.error);
        }
        return model;
    }

    /** Whether there is a value. */
    public boolean hasValue() {
        return core.model().showing;
    }

    /** What is known of the value beside the value. */
    public ReplicaMeta meta() {
        return core.model().meta();
    }

    /**
     * Has a listener called with the value there is, if there is one, and then whenever it is another, as {@code equals} sees
     * it. Called on the observers'
     * executor, one call at a time, with the newest value: one that is slow misses some in between, never the last.
     */
    public Observation observe(Consumer<? super T> listener) {
        return select(Function.identity(), Objects::equals, listener);
    }

    /** Has a listener called when a part of the value has changed, as {@code equals} sees it. */
    public <S extends @Nullable Object> Observation select(
            Function<? super T, ? extends S> part, Consumer<? super S> listener) {
        return select(part, Objects::equals, listener);
    }

    /**
     * Has a listener called when a part of the value has changed.
     *
     * @param part makes the part; pure, called on the observers' executor
     * @param same whether two parts are the same, so that the listener need not hear
     */
    public <S extends @Nullable Object> Observation select(
            Function<? super T, ? extends S> part,
            BiPredicate<? super S, ? super S> same,
            Consumer<? super S> listener) {
        Objects.requireNonNull(part, "part");
        return observers.<S>observe(
                model -> model.showing,
                model -> part.apply(model.shown),
                Objects.requireNonNull(same, "same"),
                Objects.requireNonNull(listener, "listener"));
    }

    /** Has a listener called with the meta state there is, and then whenever it changed; like {@link #observe}. */
    public Observation observeMeta(Consumer<? super ReplicaMeta> listener) {
        return observers.observe(
                model -> true, Model::meta, Objects::equals, Objects.requireNonNull(listener, "listener"));
    }

    /**
     * A publisher of the value, for reactive libraries. Each subscriber gets the value there is and then the newest whenever
     * it has demand: one that is slow misses some in between, never the last, and nothing is queued for it. A null value is
     * not published. It completes when the replica is closed.
     */
    public Flow.Publisher<T> publisher() {
        return observers.publisher();
    }

    // --- writing

    /**
     * Sets the value, whatever it is. If somebody else wrote meanwhile, the conflict policy decides.
     *
     * @return the outcome. It fails with a {@link WriteQueueFullException}, before anything changed, if too many writes
     *     wait already, and with a {@link CancellationException} if the replica is closed
     */
    public CompletableFuture<WriteResult<T>> set(T value) {
        return write((model, outcomes) -> model.set(value, model.base(), outcomes));
    }

    /**
     * Sets the value from the version that it was made from, which may be older than what the replica has by now: then the
     * conflict policy decides, whatever came in between. For a form that somebody fills in: see {@link #edit}.
     */
    public CompletableFuture<WriteResult<T>> set(T value, StateVersion base) {
        Objects.requireNonNull(base, "base");
        return write((model, outcomes) -> model.set(value, base, outcomes));
    }

    /**
     * Begins an edit: the value now, and the version that it is made from, which {@link Edit#save} compares with. What
     * others write in between is then a conflict and not overwritten.
     *
     * @throws IllegalStateException if there is no value
     */
    public Edit<T> edit() {
        Model<T> model = shown();
        return new Edit<>(this, model.shown, model.base());
    }

    /**
     * Replaces the value by one made from it. If somebody else wrote meanwhile, it is made again from that: nobody's update
     * is lost.
     *
     * @param function makes the next value. It must be pure, since it may be called any number of times, on any thread
     * @return the outcome, like that of {@link #set}; it also fails with what the function threw
     * @throws UnsupportedOperationException if the replica keeps its writes in a queue, which cannot hold functions: use
     *     {@link #dispatch} or {@link #set}
     */
    public CompletableFuture<WriteResult<T>> update(UnaryOperator<T> function) {
        Objects.requireNonNull(function, "function");
        if (saver != null) {
            throw new UnsupportedOperationException("replica " + topic()
                    + " keeps its writes in a queue, which cannot hold a function: dispatch(action) with a reducer, or"
                    + " set(value)");
        }
        return write((model, outcomes) -> model.updated(new Updated<>(function, null, outcomes)));
    }

    /**
     * Replaces the value by the one that the reducer makes from it and an action; otherwise like {@link #update}.
     *
     * @throws IllegalStateException if the replica has no reducer
     * @throws ClassCastException if the action is not of the reducer's type
     */
    public CompletableFuture<WriteResult<T>> dispatch(Object action) {
        UnaryOperator<T> function = options.reduction(action);
        return write((model, outcomes) -> model.updated(new Updated<>(function, action, outcomes)));
    }

    private CompletableFuture<WriteResult<T>> write(Write<T> write) {
        Outcome<T> outcome = new Outcome<>();
        if (core.isRunning()) {
            outcome.fail(new IllegalStateException(
                    "replica " + topic() + " is written to from inside a function of its own update"));
            return outcome.future();
        }
        List<Outcome<T>> outcomes = List.of(outcome);
        try {
            core.change(model -> {
                if (model.life == Life.CLOSED) {
                    throw new CancellationException("replica " + topic() + " is closed");
                }
                if (model.pendingWrites() >= options.maxPending) {
                    throw new WriteQueueFullException(topic(), options.maxPending);
                }
                return write.on(model, outcomes);
            });
        } catch (Throwable t) { // this, or the user's function: nothing has changed
            outcome.fail(t);
            return outcome.future();
        }
        core.guarded(sender::pump);
        return outcome.future();
    }

    /** A write, as a transition. */
    private interface Write<T extends @Nullable Object> {
        Model<T> on(Model<T> model, List<Outcome<T>> outcomes);
    }

    /** Done when every write made before this call has its outcome, whatever it is. */
    public CompletableFuture<Void> flush() {
        CompletableFuture<?>[] pending = core.model().changes.stream()
                .flatMap(change -> change.outcomes().stream())
                .map(Outcome::settled)
                .toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(pending);
    }

    // --- the engine

    /**
     * Starts to follow the source, and to send writes made meanwhile. The future is that of {@link RevisionSync#start()}; it
     * also fails if the queue of pending writes cannot be read, in which case the replica may be started again.
     */
    public CompletableFuture<Void> start() {
        Saver<T> queue = saver;
        return queue == null ? begin() : restored(queue).thenCompose(ignored -> begin());
    }

    private synchronized CompletableFuture<Void> restored(Saver<T> queue) {
        CompletableFuture<Void> restoring = restored;
        if (restoring == null || restoring.isCompletedExceptionally()) {
            try {
                restoring = CompletableFuture.supplyAsync(() -> restore(queue), core.executor);
            } catch (RejectedExecutionException e) {
                return CompletableFuture.failedFuture(e);
            }
            restored = restoring;
        }
        return restoring;
    }

    private @Nullable Void restore(Saver<T> queue) {
        try {
            Sending.Pause inDoubt = queue.restore(core);
            if (inDoubt != null) {
                started();
                sender.resume(inDoubt);
            }
            return null;
        } catch (Exception e) {
            throw new IllegalStateException("replica " + topic() + ": its queue of pending writes cannot be read", e);
        }
    }

    private CompletableFuture<Void> begin() {
        started();
        CompletableFuture<Void> start = engine.start();
        core.guarded(sender::pump);
        return start;
    }

    private void started() {
        core.change(model -> model.life == Life.NEW ? model.living(Life.STARTED) : model);
    }

    /** Pulls, as {@link RevisionSync#refresh()} does. */
    public CompletableFuture<Void> refresh() {
        return engine.refresh();
    }

    /**
     * Waits until the value is made from a version of at least {@code version}: at once for the version of a write of this
     * replica that was accepted. Fails as {@link RevisionSync#awaitVersion} does.
     */
    public CompletableFuture<Void> awaitVersion(StateVersion version) {
        StateVersion at = core.model().confirmed.version();
        return at != null && !version.isNewerThan(at)
                ? CompletableFuture.completedFuture(null)
                : engine.awaitVersion(version);
    }

    /** The engine that follows the source: its status, its waits. Closed with the replica. */
    public RevisionSync<T> engine() {
        return engine;
    }

    /**
     * Done when all writes that are pending now are kept by the {@link WriteQueue}: a crash does not lose them any more. Also
     * after {@link #close()}, which has them kept and does not wait; wait for this before the queue is closed, or the process
     * ends. Fails with what failed the save, and as cancelled if the replica was closed before it had read the queue; done
     * at once without a queue. Not before {@link #start()} has read the queue.
     */
    public CompletableFuture<Void> saved() {
        return saver == null ? CompletableFuture.completedFuture(null) : saver.saved();
    }

    /**
     * Ends everything, for good, without waiting. Writes that wait for their outcome end with {@link WriteResult.Unknown}
     * if they were proposed, with a {@link CancellationException} if not; {@link #flush()} first to wait for them. A
     * {@link WriteQueue} keeps them for the next replica, see {@link #saved()}, and all of them end with {@code Unknown}.
     * A cache that saves does so in the background; {@code engine().close()} waits for it. Idempotent.
     */
    @Override
    public void close() {
        close(new CancellationException("replica " + topic() + " was closed"));
    }

    private void close(Throwable cause) {
        Model<?>[] last = new Model<?>[1];
        boolean first = core.change(model -> {
            last[0] = model;
            return model.life == Life.CLOSED ? model : model.living(Life.CLOSED);
        });
        if (first) {
            @SuppressWarnings("unchecked") // it is this replica's
            Model<T> before = (Model<T>) Objects.requireNonNull(last[0]);
            abandon(before, cause);
        }
        core.payAll();
        engine.stop(); // close would wait for an apply, which may wait for this thread
    }

    private void abandon(Model<T> before, Throwable cause) {
        Saver<T> queue = saver;
        if (queue != null && queue.keep(before)) {
            core.finish(before.changes, new WriteResult.Unknown<>(cause));
            return;
        }
        Flight<T> flight = before.sending.flight();
        int proposed = flight == null ? 0 : flight.count;
        core.finish(before.changes.subList(0, proposed), new WriteResult.Unknown<>(cause));
        before.changes.subList(proposed, before.changes.size()).forEach(change -> core.fail(change, cause));
    }

    private Model<T> model() {
        return core.model();
    }

    private void changed(Model<T> model) {
        observers.changed();
        if (saver != null) {
            saver.signal();
        }
    }
}
