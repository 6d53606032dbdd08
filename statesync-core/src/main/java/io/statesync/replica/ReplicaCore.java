package io.statesync.replica;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.TimeSource;
import io.statesync.WriteResult;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The current model, and what follows from each transition. The parts of a replica share it.
 *
 * <p>There is no lock: a transition is a function of the model, tried until nobody was faster, and what follows from it is
 * done by the thread that made it.
 */
final class ReplicaCore<T extends @Nullable Object> {
    private static final VarHandle MODEL;

    /** For which replica this thread runs functions of the user, which must not write. */
    private static final ThreadLocal<@Nullable ReplicaCore<?>> RUNNING = new ThreadLocal<>();

    /** What this thread has to run after the task that it is running for a replica, if it is running one. */
    private static final ThreadLocal<@Nullable Deque<Runnable>> TASKS = new ThreadLocal<>();

    static {
        try {
            MODEL = MethodHandles.lookup().findVarHandle(ReplicaCore.class, "model", Model.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final String topic;
    final Executor executor;
    final TimeSource time;
    final Errors<T> errors;
    final Chain<T> chain;
    private final Consumer<Model<T>> onChange;
    private final Queue<Runnable> owed = new ConcurrentLinkedQueue<>();
    private volatile Model<T> model; // replaced through MODEL only
    private volatile Consumer<Throwable> onBroken = error -> {};

    ReplicaCore(
            String topic,
            Executor executor,
            TimeSource time,
            Errors<T> errors,
            Chain<T> chain,
            Model<T> first,
            Consumer<Model<T>> onChange) {
        this.topic = topic;
        this.executor = executor;
        this.time = time;
        this.errors = errors;
        this.chain = chain;
        this.model = first;
        this.onChange = onChange;
    }

    /** What ends the replica if it cannot go on. */
    void onBroken(Consumer<Throwable> action) {
        onBroken = action;
    }

    Model<T> model() {
        return model;
    }

    /**
     * Makes a transition.
     *
     * @param transition the model after it, or the same for none; called again if somebody was faster
     * @return whether there was one, and it was made from the model that {@code transition} saw last
     */
    boolean change(UnaryOperator<Model<T>> transition) {
        return change(transition, () -> {});
    }

    /** Makes a transition, with something that is done before everything else that follows from it. */
    boolean change(UnaryOperator<Model<T>> transition, Runnable first) {
        while (true) {
            Model<T> before = model;
            Model<T> after = running(() -> transition.apply(before));
            if (after == before) {
                return false;
            }
            if (MODEL.compareAndSet(this, before, after)) {
                first.run();
                follow(before, after);
                return true;
            }
        }
    }

    /** Runs what calls functions of the user, and marks it, so that they cannot write. */
    <R extends @Nullable Object> R running(Supplier<R> functions) {
        ReplicaCore<?> around = RUNNING.get();
        RUNNING.set(this);
        try {
            return functions.get();
        } finally {
            if (around == null) {
                RUNNING.remove();
            } else {
                RUNNING.set(around);
            }
        }
    }

    /** Whether this thread is running functions of the user for this replica. */
    boolean isRunning() {
        return RUNNING.get() == this;
    }

    private void follow(Model<T> before, Model<T> after) {
        Sending.Pause wait = before.sending.anyWait();
        if (wait != null && wait != after.sending.anyWait()) {
            wait.end();
        }
        for (Model.Failed<T> failure : after.failed) {
            fail(failure.change(), failure.error());
        }
        Model.Held<T> held = before.held;
        if (held != null && held != after.held) { // after the outcomes, since it may send the next proposal
            owe(() -> held.applied().complete(null));
        }
        onChange.accept(after);
    }

    /** Ends writes with their outcome, on the executor. */
    void finish(List<? extends Change<T>> changes, WriteResult<T> outcome) {
        if (changes.isEmpty()) {
            return;
        }
        owe(() -> {
            int writes = 0;
            for (Change<T> change : changes) {
                change.outcomes().forEach(one -> one.complete(outcome));
                writes += change.outcomes().size();
            }
            int told = writes;
            errors.tell(listener -> outcome(listener, outcome, told));
        });
    }

    @SuppressWarnings("unchecked") // a listener of a supertype takes outcomes of the subtype
    private static <T extends @Nullable Object> void outcome(
            ReplicaListener<? super T> listener, WriteResult<T> outcome, int writes) {
        ((ReplicaListener<T>) listener).onOutcome(outcome, writes);
    }

    @SuppressWarnings("unchecked") // a listener of a supertype takes conflicts of the subtype
    void conflict(T local, SnapshotEnvelope<T> current) {
        errors.tell(listener -> ((ReplicaListener<T>) listener).onConflict(local, current));
    }

    /** The version of a snapshot: without an epoch, in that of what is known (contract X3). */
    StateVersion versionOf(SnapshotEnvelope<?> snapshot) {
        return snapshot.version(model().confirmed.version());
    }

    /** Ends writes that were not proposed. */
    void fail(Change<T> change, Throwable error) {
        List<Outcome<T>> outcomes = change.outcomes();
        owe(() -> outcomes.forEach(one -> one.fail(error)));
    }

    /** What comes in, as it may be taken over; null if it may not. */
    @Nullable
    Confirmed<T> incoming(SnapshotEnvelope<T> snapshot, StateVersion version) {
        SnapshotEnvelope<T> passed = chain.incoming(snapshot);
        return passed == null ? null : new Confirmed<>(version, passed.data(), true, time.now());
    }

    /** Runs what somebody waits for on the executor; if that drops it, closing the replica does. */
    private void owe(Runnable task) {
        owed.add(task);
        dispatch(this::payOne);
    }

    private void payOne() {
        Runnable task = owed.poll();
        if (task != null) {
            task.run();
        }
    }

    /** Does what the executor has not done yet, in its order. */
    void payAll() {
        for (Runnable task = owed.poll(); task != null; task = owed.poll()) {
            guarded(task);
        }
    }

    /** Runs a task on the executor. A replica whose executor refuses, or whose own code throws, is closed. */
    void dispatch(Runnable task) {
        try {
            executor.execute(() -> run(task));
        } catch (Throwable t) { // whatever an executor throws, the task will not run there
            broken(t);
            run(task);
        }
    }

    /** One task after the other on each thread, so that an executor that runs them at once makes no recursion. */
    private void run(Runnable task) {
        Deque<Runnable> around = TASKS.get();
        if (around != null) {
            around.add(() -> guarded(task));
            return;
        }
        Deque<Runnable> tasks = new ArrayDeque<>();
        TASKS.set(tasks);
        try {
            guarded(task);
            for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
                next.run();
            }
        } finally {
            TASKS.remove();
        }
    }

    /** Runs the replica's own code. */
    void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable t) { // a broken time source, or a defect: better closed, and said so, than stuck
            broken(t);
        }
    }

    /** The engine is stopped, by its owner or because it broke: without it the replica would stand still. */
    void engineStopped() {
        if (model.life != Model.Life.CLOSED) {
            broken(new IllegalStateException("the engine of replica " + topic + " was stopped"));
        }
    }

    private void broken(Throwable error) {
        errors.broken(error);
        onBroken.accept(error);
    }
}
