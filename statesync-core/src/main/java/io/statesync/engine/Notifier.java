package io.statesync.engine;

import io.statesync.LifecycleState;
import io.statesync.PullRequest;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncListener;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the outside, in order and one at a time: hooks, listeners, log lines, and the completion of futures.
 *
 * <p>Notes are added under the lock and delivered on the executor by one task at a time. A callback that is too slow
 * makes notes wait, {@value #LIMIT} at most; further ones are dropped and counted. Completions are never dropped.
 */
final class Notifier<T extends @Nullable Object> extends Effect implements Runnable {
    private static final int LIMIT = 1024;

    private final Engine<T> engine;
    private @Nullable Note first; // guarded by the lock, like all below
    private @Nullable Note last;
    private int waiting;
    private boolean scheduled; // a task is on its way to the executor, or runs
    private boolean running;
    private boolean losing;
    private @Nullable Thread runner; // racy: only the runner itself has to recognise itself
    long lost;

    Notifier(Engine<T> engine) {
        this.engine = engine;
    }

    /** Something to tell. */
    private abstract static class Note {
        @Nullable
        Note next;

        abstract void deliver();

        boolean mayBeLost() {
            return true;
        }
    }

    boolean isRunner(Thread thread) {
        return runner == thread;
    }

    // --- what there is to tell; the lock is held

    void complete(EngineFuture future, @Nullable Throwable error) {
        add(new Note() {
            @Override
            void deliver() {
                if (error == null) {
                    future.complete(null);
                } else {
                    future.completeExceptionally(error);
                }
            }

            @Override
            boolean mayBeLost() {
                return false;
            }
        });
    }

    void error(SyncError error) {
        Consumer<? super SyncError> hook = engine.options.onError();
        tell(() -> {
            Logs.with(engine, () -> ErrorLog.log(error));
            if (hook != null) {
                guarded("onError", () -> hook.accept(error));
            }
            SyncListener<? super T> listener = engine.options.listener();
            if (listener != null) {
                guarded("onError", () -> listener.onError(error));
            }
        });
    }

    void pull(PullRequest request) {
        SyncListener<? super T> listener = engine.options.listener();
        if (listener != null) {
            tell(() -> guarded("onPull", () -> listener.onPull(request)));
        }
    }

    void applied(Apply<T> apply) {
        SyncListener<? super T> listener = engine.options.listener();
        if (listener == null && !Logs.APPLY.isDebugEnabled()) {
            return;
        }
        Duration took = Duration.ofNanos(engine.now() - apply.began);
        tell(() -> {
            Logs.with(
                    engine,
                    () -> Logs.APPLY.debug(
                            "applied version={} from={} tookMs={} topic={} instance={}",
                            apply.version,
                            apply.kind,
                            took.toMillis(),
                            engine.topic(),
                            engine.instance()));
            if (listener != null) {
                guarded("onApplied", () -> applied(listener, apply, took));
            }
        });
    }

    // A listener of a supertype's may hear of a snapshot of T: snapshots are read only.
    @SuppressWarnings("unchecked")
    private static <S extends @Nullable Object> void applied(SyncListener<S> listener, Apply<?> apply, Duration took) {
        listener.onApplied(((Apply<S>) apply).snapshot(), apply.version, took);
    }

    void skipped(StateVersion answered, StateVersion local) {
        SyncListener<? super T> listener = engine.options.listener();
        if (listener == null && !Logs.APPLY.isDebugEnabled()) {
            return;
        }
        tell(() -> {
            Logs.with(
                    engine,
                    () -> Logs.APPLY.debug(
                            "skipped version={} local={} topic={} instance={}",
                            answered,
                            local,
                            engine.topic(),
                            engine.instance()));
            if (listener != null) {
                guarded("onSkipped", () -> listener.onSkipped(answered, local));
            }
        });
    }

    void slowApply(StateVersion version, Duration limit) {
        tell(() -> Logs.with(
                engine,
                () -> Logs.APPLY.warn(
                        "an apply takes longer than {}, and is waited for: version={} topic={} instance={}",
                        limit,
                        version,
                        engine.topic(),
                        engine.instance())));
    }

    void stateChange(LifecycleState from, LifecycleState to, @Nullable Throwable rejection) {
        SyncListener<? super T> listener = engine.options.listener();
        if (listener == null && rejection == null && !Logs.LIFECYCLE.isDebugEnabled()) {
            return;
        }
        tell(() -> {
            Logs.with(engine, () -> logStateChange(from, to, rejection));
            if (listener != null) {
                guarded("onStateChange", () -> listener.onStateChange(from, to));
            }
        });
    }

    private void logStateChange(LifecycleState from, LifecycleState to, @Nullable Throwable rejection) {
        if (rejection != null) {
            Logs.LIFECYCLE.error(
                    "stopped: the executor or scheduler refuses work; stop engines before shutting it down"
                            + " topic={} instance={}",
                    engine.topic(),
                    engine.instance(),
                    rejection);
        } else {
            Logs.LIFECYCLE.debug("{} -> {} topic={} instance={}", from, to, engine.topic(), engine.instance());
        }
    }

    void connection(boolean connected) {
        SyncListener<? super T> listener = engine.options.listener();
        if (listener != null) {
            tell(() -> guarded("onConnection", () -> listener.onConnection(connected)));
        }
    }

    // --- how it is told

    private void tell(Runnable delivery) {
        if (waiting >= LIMIT) {
            lost++;
            if (!losing) {
                losing = true;
                Runnable warning = () -> Logs.CALLBACK.warn(
                        "hooks and listeners are too slow; calls are being lost: topic={} instance={}",
                        engine.topic(),
                        engine.instance());
                engine.lock.add(Effect.of(() -> Logs.with(engine, warning)));
            }
            return;
        }
        waiting++;
        add(new Note() {
            @Override
            void deliver() {
                delivery.run();
            }
        });
    }

    private void add(Note note) {
        if (last == null) {
            first = note;
        } else {
            last.next = note;
        }
        last = note;
        if (!scheduled) {
            scheduled = true;
            engine.lock.add(this);
        }
    }

    @Override
    void perform() {
        engine.dispatchAlways(this);
    }

    /**
     * The engine stops, perhaps because its executor was shut down, which may have dropped the task on its way: another
     * one is sent, which runs here if the executor refuses it.
     */
    void resend() {
        if (scheduled && !running) {
            engine.lock.add(Effect.of(() -> engine.dispatchAlways(this)));
        }
    }

    @Override
    public void run() {
        synchronized (engine.lock) {
            if (running) {
                return;
            }
            running = true;
        }
        runner = Thread.currentThread();
        for (Note note = poll(); note != null; note = poll()) {
            try {
                note.deliver();
            } catch (Throwable t) { // a log appender, or a dependent that a future's completion ran
                Logs.with(
                        engine,
                        () -> Logs.CALLBACK.error(
                                "a notification failed: topic={} instance={}", engine.topic(), engine.instance(), t));
            }
        }
    }

    private @Nullable Note poll() {
        synchronized (engine.lock) {
            Note note = first;
            if (note == null) {
                scheduled = false;
                running = false;
                losing = false;
                runner = null;
                return null;
            }
            first = note.next;
            if (first == null) {
                last = null;
            }
            if (note.mayBeLost()) {
                waiting--;
            }
            return note;
        }
    }

    private void guarded(String hook, Runnable call) {
        try {
            call.run();
        } catch (Throwable t) { // contract H1
            Logs.with(
                    engine,
                    () -> Logs.CALLBACK.error(
                            "{} threw, which changes nothing: topic={} instance={}",
                            hook,
                            engine.topic(),
                            engine.instance(),
                            t));
        }
    }
}
