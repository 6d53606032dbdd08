package io.statesync.engine;

import io.statesync.TimeSource;
import io.statesync.internal.Failures;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A call of user code that answers later, with a time-out: a pull, a subscribe, the loading of a cache.
 *
 * <p>It ends once: with its answer, with its failure, by its time-out, or by being abandoned. What comes after that is
 * late, and changes nothing (contract R4). The time-out is armed when the executor has taken the call, and not at all if
 * the answer is there by then: the common case of a direct executor costs no timer.
 *
 * @param <T> the type of the state
 * @param <R> what it answers
 */
abstract class Step<T extends @Nullable Object, R extends @Nullable Object> extends Effect
        implements Runnable, BiConsumer<R, Throwable> {
    final Engine<T> engine;
    private boolean ended; // guarded by the lock
    private volatile boolean abandoned; // written under the lock, before ended
    private volatile @Nullable CompletionStage<? extends R> stage;
    private TimeSource.@Nullable Timer timer; // guarded by the lock
    private @Nullable Thread runner; // racy: only the runner itself has to recognise itself

    Step(Engine<T> engine) {
        this.engine = engine;
    }

    /** Calls the user's code; on the executor. */
    abstract CompletionStage<? extends R> call() throws Exception;

    /** How long the answer may take. */
    abstract Duration timeLimit();

    /** What it does, for the message of the time-out. */
    abstract String what();

    /** The one end of a step that was not abandoned; the lock is held. */
    abstract void ended(@Nullable R answer, @Nullable Throwable error);

    /** An answer that comes after the end; the lock is not held. */
    void late(@Nullable R answer) {}

    /** After the step was abandoned or timed out; the lock is not held. */
    void cancelled() {}

    /** Whether the stage is cancelled with the step. If what it brings late has to be cleaned up, it must not be. */
    boolean cancelsStage() {
        return true;
    }

    final boolean abandoned() {
        return abandoned;
    }

    final boolean isRunner(Thread thread) {
        return runner == thread;
    }

    @Override
    final void perform() {
        engine.dispatch(engine.options.executor(), this);
        if (!ended) { // racy, and right for the answer that came at once on this thread
            armTimeout();
        }
    }

    private void armTimeout() {
        engine.locked(() -> {
            if (!ended) {
                timer = engine.schedule(this::timedOut, timeLimit());
            }
        });
    }

    @Override
    public final void run() {
        if (abandoned) {
            return;
        }
        CompletionStage<? extends R> called;
        runner = Thread.currentThread();
        try {
            called = call();
            if (called == null) {
                throw new NullPointerException(what() + ": null was returned instead of a CompletionStage");
            }
        } catch (Throwable t) { // a call that throws failed, like one whose stage fails
            accept(null, t);
            return;
        } finally {
            runner = null;
        }
        try {
            if (isAnswered(called)) {
                accept(called.toCompletableFuture().join(), null);
            } else {
                await(called);
            }
        } catch (Throwable t) { // a foreign stage
            accept(null, t);
        }
    }

    /** Whether the answer is there. Subclasses need not say: a minimal stage is one, and throws when asked. */
    private static boolean isAnswered(CompletionStage<?> stage) {
        return stage.getClass() == CompletableFuture.class
                && stage.toCompletableFuture().isDone()
                && !stage.toCompletableFuture().isCompletedExceptionally();
    }

    private void await(CompletionStage<? extends R> called) {
        stage = called;
        if (abandoned) {
            cancelStage();
        }
        called.whenComplete(this);
    }

    /** The outcome arrives, on whichever thread. */
    @Override
    public final void accept(@Nullable R answer, @Nullable Throwable error) {
        engine.locked(() -> {
            if (!ended) {
                end();
                ended(answer, error == null ? null : Failures.unwrapped(error));
            } else if (error == null) {
                engine.lock.add(Effect.of(() -> late(answer)));
            }
        });
    }

    private void timedOut() {
        engine.locked(() -> {
            if (!ended) {
                abandon();
                ended(null, new TimeoutException(what() + " took longer than " + timeLimit()));
            }
        });
    }

    /** Nobody waits for the answer any more; the lock is held. */
    final void abandon() {
        if (!ended) {
            abandoned = true;
            end();
            engine.lock.add(Effect.of(this::cancelStage));
        }
    }

    private void end() {
        ended = true;
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void cancelStage() {
        CompletionStage<? extends R> called = stage;
        if (called != null && cancelsStage()) {
            try {
                called.toCompletableFuture().cancel(true);
            } catch (UnsupportedOperationException e) { // best effort: a stage need not be a future
                Logs.with(
                        engine,
                        () -> Logs.CALLBACK.debug(
                                "cannot cancel {}, whose stage is no future: topic={} instance={}",
                                what(),
                                engine.topic(),
                                engine.instance()));
            }
        }
        cancelled();
    }
}
