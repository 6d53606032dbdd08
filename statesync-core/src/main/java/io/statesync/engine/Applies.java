package io.statesync.engine;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncPhase;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Applies snapshots one at a time, wherever they came from, and keeps the newest pushed one that waits (contract S2).
 * Guarded by the lock, but for the methods that say so.
 */
final class Applies<T extends @Nullable Object> {
    final Engine<T> engine;
    private @Nullable Apply<T> current;
    private @Nullable Alarm slow; // reports that the current apply takes long
    private @Nullable CompletableFuture<Void> over; // completed when the current apply ends, if a close() waits for it
    private @Nullable SnapshotEnvelope<T> pushed; // waits for the current apply
    private @Nullable StateVersion pushedVersion;
    private @Nullable Outcome deferred; // how a cycle ended while a pushed snapshot was being applied
    long applies;

    Applies(Engine<T> engine) {
        this.engine = engine;
    }

    boolean isBusy() {
        return current != null;
    }

    boolean isRunner(Thread thread) {
        Apply<T> apply = current;
        return apply != null && apply.isRunner(thread);
    }

    /** The apply under way; null if there is none. */
    @Nullable
    Apply<T> current() {
        return current;
    }

    void begin(Apply.Kind kind, SnapshotEnvelope<T> snapshot, StateVersion version) {
        Apply<T> apply = new Apply<>(this, kind, snapshot, version, engine.now());
        current = apply;
        engine.lock.add(apply);
    }

    /** A newer snapshot came unasked. */
    void push(SnapshotEnvelope<T> snapshot, StateVersion version) {
        if (current == null) {
            begin(Apply.Kind.PUSHED, snapshot, version);
        } else if (version.isNewerThan(pushedVersion)) {
            pushed = snapshot;
            pushedVersion = version;
        }
    }

    /** What the end of a cycle would decide is decided when the apply under way ends (contract K1). */
    void defer(Outcome outcome) {
        deferred = outcome;
    }

    void dropPushed() {
        pushed = null;
        pushedVersion = null;
    }

    /** Whether the apply may run now, on the apply executor; takes the lock. */
    boolean commit(Apply<T> apply) {
        synchronized (engine.lock) {
            if (current != apply) {
                return false;
            }
            apply.committed = true;
            return true;
        }
    }

    /** Reports an apply that takes long; takes the lock. */
    void watch(Apply<T> apply) {
        if (current != apply) { // racy, and right for the applier that was done at once on this thread
            return;
        }
        engine.locked(() -> {
            if (current == apply) {
                Duration limit = engine.options.slowApplyAfter();
                slow = new Alarm(engine, () -> engine.notifier.slowApply(apply.version, limit));
                slow.set(limit);
            }
        });
    }

    /** An apply has ended, on whichever thread; takes the lock. */
    void ended(Apply<T> apply, @Nullable Throwable error) {
        engine.locked(() -> {
            if (current != apply) {
                return;
            }
            current = null;
            cancelSlow();
            if (over != null) {
                engine.lock.add(Effect.of(completed(over)));
                over = null;
            }
            if (!engine.isStopped()) {
                settle(apply, error);
            } else if (engine.saves != null) {
                engine.lock.add(Effect.of(engine.saves::stopped)); // it may have heard of this apply after the stop
            }
        });
    }

    private void cancelSlow() {
        if (slow != null) {
            slow.cancel();
            slow = null;
        }
    }

    private static Runnable completed(CompletableFuture<Void> future) {
        return () -> future.complete(null);
    }

    private void settle(Apply<T> apply, @Nullable Throwable error) {
        if (error == null) {
            applies++;
            engine.moveLocal(apply.version);
            engine.notifier.applied(apply);
        }
        switch (apply.kind) {
            case PULLED -> pulledEnded(apply, error);
            case PUSHED -> pushedEnded(apply, error);
            case CACHED -> cachedEnded(apply, error);
        }
    }

    private void pulledEnded(Apply<T> apply, @Nullable Throwable error) {
        if (error == null) {
            engine.cycles.applied();
        } else {
            engine.cycles.applyFailed(apply.version, error);
        }
        Outcome outcome = error == null ? Outcome.ENDED_WELL : Outcome.FAILED;
        beginPushed();
        if (current == null) {
            engine.cycles.end(outcome);
        } else {
            engine.cycles.endAfterPushed(outcome);
        }
    }

    private void pushedEnded(Apply<T> apply, @Nullable Throwable error) {
        if (error != null) {
            engine.report(Report.of(SyncPhase.APPLY, error).snapshot(apply.version));
        }
        resume();
    }

    private void cachedEnded(Apply<T> apply, @Nullable Throwable error) {
        if (error != null) {
            engine.report(Report.of(SyncPhase.APPLY, error).snapshot(apply.version));
        }
        engine.starter.cacheEnded(error == null ? apply.version : null);
        resume();
    }

    /** Goes on with what waited for a pushed or cached apply. */
    private void resume() {
        beginPushed();
        if (current == null) {
            Outcome outcome = deferred == null ? Outcome.FAILED : deferred;
            deferred = null;
            engine.cycles.resume();
            if (current == null && engine.cycles.isIdle()) {
                engine.catchUp.settle(outcome);
            }
        }
    }

    private void beginPushed() {
        SnapshotEnvelope<T> snapshot = pushed;
        StateVersion version = pushedVersion;
        dropPushed();
        if (snapshot != null && version != null && version.isNewerThan(engine.local)) {
            begin(Apply.Kind.PUSHED, snapshot, version);
        }
    }

    /** The engine stopped: an apply that is not committed never will be. */
    void stop() {
        dropPushed();
        deferred = null;
        cancelSlow();
        if (current != null && !current.committed) {
            current = null;
        }
    }

    /** Waits for a committed apply, at most closeTimeout, unless this thread runs it; takes the lock. */
    void awaitEnd() {
        CompletableFuture<Void> end;
        synchronized (engine.lock) {
            Apply<T> apply = current;
            if (apply == null || apply.isRunner(Thread.currentThread())) {
                return;
            }
            end = over == null ? new CompletableFuture<>() : over;
            over = end;
        }
        Duration limit = engine.options.closeTimeout();
        try {
            end.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            Logs.with(
                    engine,
                    () -> Logs.APPLY.warn(
                            "closed while an apply is still under way after {}: topic={} instance={}",
                            limit,
                            engine.topic(),
                            engine.instance()));
        } catch (ExecutionException e) {
            throw new AssertionError("completed by ended() only, and normally", e);
        }
    }
}
