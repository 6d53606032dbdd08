package io.statesync.engine;

import io.statesync.LifecycleState;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncStatus;
import io.statesync.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The engine: the one lock, the parts that it guards, and what they share.
 *
 * <p>Every entry from outside has the same shape: take the lock, decide, {@link #leave} with the effects, let go of the
 * lock, run the effects.
 */
final class Engine<T extends @Nullable Object> implements RevisionSync<T> {
    final RevisionSyncOptions<T> options;

    /** Guards everything here and in the parts, unless it says otherwise. */
    final Outbox lock = new Outbox();

    final Target target;
    final Notifier<T> notifier;
    final Applies<T> applies;
    final Cycles<T> cycles;
    final CatchUp catchUp;
    final Starter<T> starter;
    final @Nullable Throttle throttle;
    final @Nullable CacheSaves<T> saves;
    private LifecycleState state = LifecycleState.IDLE;
    private boolean connected;
    private long decidedAt; // the time of the decision under way; 0 when nobody has asked for it

    /** The version last applied; written under the lock. */
    volatile @Nullable StateVersion local;

    /** Events that the gate dropped; needs no lock. */
    final LongAdder dropped = new LongAdder();

    long accepted;
    long coalesced;
    private long failures;
    private @Nullable SyncError lastError;
    private @Nullable Instant lastErrorAt;

    Engine(RevisionSyncOptions<T> options) {
        this.options = options;
        this.target = new Target(this);
        this.notifier = new Notifier<>(this);
        this.applies = new Applies<>(this);
        this.cycles = new Cycles<>(this);
        this.catchUp = new CatchUp(this);
        this.starter = new Starter<>(this);
        this.throttle = Throttle.of(this);
        this.saves = CacheSaves.of(this);
    }

    // --- the interface

    @Override
    public String topic() {
        return options.topic();
    }

    @Override
    public String instance() {
        return options.instance();
    }

    @Override
    public CompletableFuture<Void> start() {
        EngineFuture future = new EngineFuture(this);
        locked(() -> {
            switch (state) {
                case STOPPED ->
                    future.completeExceptionally(
                            new IllegalStateException("stopped for good: create another; instance " + instance()));
                case RUNNING -> future.complete(null);
                case IDLE, STARTING -> starter.start(future);
            }
        });
        return future;
    }

    @Override
    public CompletableFuture<Void> refresh() {
        EngineFuture future = new EngineFuture(this);
        locked(() -> {
            if (isStopped()) {
                future.complete(null);
            } else {
                cycles.request(future);
            }
        });
        return future;
    }

    @Override
    public CompletableFuture<Void> refreshIfOlderThan(Duration age) {
        if (age.isNegative()) {
            throw new IllegalArgumentException("age must not be negative: " + age);
        }
        synchronized (lock) {
            boolean fresh = isStopped() || cycles.succeededWithin(age);
            decidedAt = 0;
            if (fresh) {
                return CompletableFuture.completedFuture(null);
            }
        }
        return refresh();
    }

    @Override
    public CompletableFuture<Void> awaitRevision(Revision revision) {
        Objects.requireNonNull(revision, "revision");
        StateVersion at = local;
        return awaitVersion(StateVersion.ofUnsigned(at == null ? 0 : at.epochBits(), revision.bits()));
    }

    @Override
    public CompletableFuture<Void> awaitVersion(StateVersion version) {
        Objects.requireNonNull(version, "version");
        EngineFuture future = new EngineFuture(this);
        Target.Await await = new Target.Await(version, future);
        locked(() -> {
            StateVersion at = local;
            if (at != null && !version.isNewerThan(at)) {
                future.complete(null);
            } else if (isStopped()) {
                future.completeExceptionally(new CancellationException("stopped: instance " + instance()));
            } else {
                target.await(await);
                cycles.request();
            }
        });
        if (!future.isDone()) {
            var unused = future.whenComplete((nothing, error) -> awaitEnded(await));
        }
        return future;
    }

    /** Contract W3: a future that its caller cancelled, or that timed out, no longer counts. */
    private void awaitEnded(Target.Await await) {
        locked(() -> {
            if (target.cancel(await) && !target.behind()) {
                catchUp.settle(Outcome.ENDED_WELL);
            }
        });
    }

    @Override
    public void stop() {
        stop(new CancellationException("stopped: instance " + instance()), null);
    }

    private void stop(Throwable error, @Nullable Throwable rejection) {
        locked(() -> {
            if (!isStopped()) {
                changeState(LifecycleState.STOPPED, rejection);
                starter.stop(error);
                cycles.stop(error);
                target.forget(error);
                applies.stop();
                dropTimers();
                notifier.resend();
                if (saves != null) {
                    lock.add(Effect.of(saves::stopped));
                }
            }
        });
    }

    @Override
    public void close() {
        stop();
        long began = System.nanoTime();
        Duration limit = options.closeTimeout();
        applies.awaitEnd();
        if (saves != null && !isInCallback(Thread.currentThread())) {
            saves.awaitEnd(limit.minusNanos(System.nanoTime() - began));
        }
    }

    @Override
    public Revision localRevision() {
        StateVersion at = local;
        return at == null ? Revision.ZERO : at.revision();
    }

    @Override
    public @Nullable StateVersion localVersion() {
        return local;
    }

    @Override
    public SyncStatus status() {
        Instant now = options.time().now();
        synchronized (lock) {
            long nanos = now();
            decidedAt = 0;
            Apply<T> apply = applies.current();
            boolean behind = target.behind();
            long dropCount = dropped.sum();
            return new SyncStatus(
                    instance(),
                    topic(),
                    state,
                    local,
                    target.wanted(),
                    behind,
                    behind ? Duration.ofNanos(nanos - target.behindSince()) : null,
                    connected,
                    !cycles.isIdle(),
                    apply == null ? null : now.minusNanos(nanos - apply.began),
                    cycles.hasSucceeded() ? now.minusNanos(nanos - cycles.lastSuccessBegan()) : null,
                    lastError,
                    lastErrorAt,
                    accepted + dropCount,
                    dropCount,
                    coalesced,
                    cycles.pulls,
                    applies.applies,
                    failures,
                    notifier.lost);
        }
    }

    @Override
    public String toString() {
        return "RevisionSync[topic=" + topic() + ", instance=" + instance() + ", local=" + local + "]";
    }

    // --- what the parts share; the lock is held

    boolean isStopped() {
        return state == LifecycleState.STOPPED;
    }

    boolean isRunning() {
        return state == LifecycleState.RUNNING;
    }

    /** The time of this decision, read once however often it is asked for. */
    long now() {
        if (decidedAt == 0) {
            decidedAt = options.time().nanoTime();
        }
        return decidedAt;
    }

    /** Ends a decision: what this thread has to run after letting go of the lock. */
    Outbox.@Nullable Batch leave() {
        decidedAt = 0;
        return lock.take();
    }

    /** The version of a snapshot: without an epoch, in local's (contract X3). */
    StateVersion versionOf(SnapshotEnvelope<?> snapshot) {
        return snapshot.version(local);
    }

    /** The same; {@code likely} itself if that is the version, so that what was asked for needs no second object. */
    StateVersion versionOf(SnapshotEnvelope<?> snapshot, @Nullable StateVersion likely) {
        Revision epoch = snapshot.epoch();
        StateVersion at = local;
        long epochBits = epoch != null ? epoch.bits() : at != null ? at.epochBits() : 0;
        long revisionBits = snapshot.revision().bits();
        return likely != null && likely.epochBits() == epochBits && likely.revisionBits() == revisionBits
                ? likely
                : StateVersion.ofUnsigned(epochBits, revisionBits);
    }

    void moveLocal(StateVersion version) {
        local = version;
        target.reached(version);
    }

    void starting() {
        changeState(LifecycleState.STARTING, null);
    }

    void started() {
        changeState(LifecycleState.RUNNING, null);
    }

    /** The start failed: all that it began is dropped (contract L2). */
    void rolledBack(Throwable error) {
        changeState(LifecycleState.IDLE, null);
        dropTimers();
        applies.dropPushed();
        cycles.rolledBack();
        target.forget(error);
    }

    private void changeState(LifecycleState to, @Nullable Throwable rejection) {
        LifecycleState from = state;
        state = to;
        notifier.stateChange(from, to, rejection);
    }

    void connected(boolean now) {
        if (connected != now) {
            connected = now;
            notifier.connection(now);
        }
    }

    private void dropTimers() {
        catchUp.clear();
        if (throttle != null) {
            throttle.clear();
        }
    }

    void report(Report report) {
        SyncError error = report.toError(this);
        failures++;
        lastError = error;
        lastErrorAt = options.time().now();
        notifier.error(error);
    }

    // --- what the parts share; the lock is not held

    /** A whole decision: takes the lock, runs {@code decision}, and its effects after letting go. */
    void locked(Runnable decision) {
        Outbox.Batch batch;
        synchronized (lock) {
            try {
                decision.run();
            } catch (Throwable t) {
                broken(t);
            }
            batch = leave();
        }
        lock.run(batch);
    }

    /** A decision threw: a broken time source, or a defect. Better stopped, and said so, than stuck. The lock is held. */
    void broken(Throwable error) {
        if (isStopped()) {
            lock.add(Effect.of(() -> Logs.with(
                    this,
                    () -> Logs.LIFECYCLE.error(
                            "stopped, but not all was given up: topic={} instance={}", topic(), instance(), error))));
        } else {
            lock.add(Effect.of(() -> stop(error, error)));
        }
    }

    /** Hands a task to an executor; if it refuses, the engine stops. */
    void dispatch(Executor executor, Runnable task) {
        try {
            executor.execute(task);
        } catch (Throwable t) { // whatever an executor throws, the task will not run
            stop(t, t);
        }
    }

    /** Hands a task to the executor; if it refuses, the engine stops and the task runs here all the same. */
    void dispatchAlways(Runnable task) {
        try {
            options.executor().execute(task);
        } catch (Throwable t) { // whatever an executor throws, the task will not run there
            stop(t, t);
            task.run();
        }
    }

    /** Sets a timer; if the scheduler refuses, the engine stops. The lock is held. */
    TimeSource.Timer schedule(Runnable task, Duration delay) {
        try {
            return options.time().schedule(task, delay);
        } catch (Throwable t) { // a scheduler that cannot make a thread throws an Error
            broken(t);
            return () -> {};
        }
    }

    /** Whether this thread is running user code for this engine. */
    boolean isInCallback(Thread thread) {
        return notifier.isRunner(thread)
                || applies.isRunner(thread)
                || cycles.isRunner(thread)
                || starter.isRunner(thread);
    }
}
