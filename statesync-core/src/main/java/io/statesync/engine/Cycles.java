package io.statesync.engine;

import io.statesync.ProtocolException;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncPhase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs cycles: one at a time, at most one more queued (contract C). A cycle is a pull with its retries, the check of its
 * answer, and the apply. Guarded by the lock.
 *
 * <p>Every way out of a cycle passes {@link #succeeded} or {@link #failed}, and then {@link #end}.
 */
final class Cycles<T extends @Nullable Object> {
    /** What the current cycle is doing. */
    private enum State {
        /** There is no cycle. */
        IDLE,
        /** An attempt to pull is under way. */
        PULLING,
        /** An attempt failed, and the next waits for its time (contract R1). */
        WAITING_TO_RETRY,
        /** The answer is here, and waits until a pushed snapshot has been applied (contract S2). */
        ANSWERED,
        /** The answer is being applied. */
        APPLYING,
        /** The answer was applied or not, and a pushed snapshot goes first (contract S2). */
        ENDING
    }

    final Engine<T> engine;
    private State state = State.IDLE;
    private @Nullable Attempt<T> attempt;
    private int attemptNumber;
    private @Nullable PullResult<T> answer; // while ANSWERED
    private @Nullable Alarm retry;
    private boolean queued; // an event, an await or a duty wants one more cycle
    private boolean startWaits; // a start waits for a pull that begins from now on
    private boolean startCovered; // a start is done with the current cycle
    private @Nullable List<EngineFuture> waiting; // for a pull that begins from now on
    private @Nullable List<EngineFuture> covered; // done with the current cycle
    private boolean hasSucceeded;
    private long lastSuccessBegan;
    long pulls;

    Cycles(Engine<T> engine) {
        this.engine = engine;
    }

    boolean isIdle() {
        return state == State.IDLE;
    }

    boolean isRunner(Thread thread) {
        Attempt<T> current = attempt;
        return current != null && current.isRunner(thread);
    }

    // --- requests

    /** Something wants a pull that begins from now on. */
    void request() {
        engine.catchUp.endWait();
        if (state == State.IDLE) {
            begin();
        } else {
            queued = true;
        }
    }

    void request(EngineFuture future) {
        if (waiting == null) {
            waiting = new ArrayList<>(2);
        }
        waiting.add(future);
        request();
    }

    void requestForStart() {
        startWaits = true;
        request();
    }

    /** A pull that began within {@code age} has succeeded (contract V3). */
    boolean succeededWithin(Duration age) {
        return hasSucceeded && Duration.ofNanos(engine.now() - lastSuccessBegan).compareTo(age) <= 0;
    }

    /** When the last successful pull began; only if {@link #hasSucceeded}. */
    long lastSuccessBegan() {
        return lastSuccessBegan;
    }

    boolean hasSucceeded() {
        return hasSucceeded;
    }

    // --- the cycle

    private void begin() {
        attemptNumber = 0;
        engine.catchUp.cycleBegins();
        nextAttempt();
    }

    private void nextAttempt() {
        state = State.PULLING;
        attemptNumber++;
        pulls++;
        queued = false;
        startCovered |= startWaits;
        startWaits = false;
        cover();
        Attempt<T> next = new Attempt<>(engine, attemptNumber, engine.now());
        attempt = next;
        engine.notifier.pull(next);
        engine.lock.add(next);
    }

    private void cover() {
        if (covered == null) {
            covered = waiting;
        } else if (waiting != null) {
            covered.addAll(waiting);
        }
        waiting = null;
    }

    void attemptFailed(Throwable error) {
        SyncPhase phase = error instanceof ProtocolException ? SyncPhase.PROTOCOL : SyncPhase.GET_SNAPSHOT;
        Report report = Report.of(phase, error).event(engine.target.wanted(), null, null);
        if (phase == SyncPhase.GET_SNAPSHOT
                && attemptNumber < engine.options.retry().maxAttempts()) {
            Duration delay = Jitter.delayAfter(engine, engine.options.retry().backoff(), attemptNumber);
            engine.report(report.retry(attemptNumber, delay));
            state = State.WAITING_TO_RETRY;
            attempt = null;
            if (retry == null) {
                retry = new Alarm(engine, this::nextAttempt);
            }
            retry.set(delay);
        } else {
            failed(report.attempt(attemptNumber), error);
            end(Outcome.FAILED);
        }
    }

    void answered(PullResult<T> result) {
        if (engine.applies.isBusy()) {
            state = State.ANSWERED;
            answer = result;
        } else {
            check(result);
        }
    }

    /** A pushed apply has ended: an answer that waited for it is looked at now. */
    void resume() {
        PullResult<T> waited = answer;
        if (state == State.ANSWERED && waited != null) {
            answer = null;
            check(waited);
        }
    }

    private void check(PullResult<T> result) {
        StateVersion local = engine.local;
        if (result instanceof SnapshotEnvelope<T> snapshot) {
            StateVersion wanted = attempt == null ? null : attempt.wantedVersion();
            checkSnapshot(snapshot, engine.versionOf(snapshot, wanted), local);
        } else if (local == null) {
            ProtocolException error =
                    new ProtocolException("the provider answered 'not modified' before anything was applied");
            failed(Report.of(SyncPhase.PROTOCOL, error).attempt(attemptNumber), error);
            end(Outcome.FAILED);
        } else {
            engine.starter.firstAnswer(local);
            skipped(local, local);
        }
    }

    private void checkSnapshot(SnapshotEnvelope<T> snapshot, StateVersion version, @Nullable StateVersion local) {
        engine.starter.firstAnswer(version);
        if (local == null || version.isNewerThan(local)) {
            state = State.APPLYING;
            engine.applies.begin(Apply.Kind.PULLED, snapshot, version);
        } else {
            skipped(version, local);
        }
    }

    private void skipped(StateVersion version, StateVersion local) {
        engine.notifier.skipped(version, local);
        boolean lowerEpoch = Long.compareUnsigned(version.epochBits(), local.epochBits()) < 0;
        if (lowerEpoch) {
            engine.target.owe(); // contract X2
        }
        succeeded(!lowerEpoch);
        end(Outcome.ENDED_WELL);
    }

    /** The pulled snapshot was applied; {@link #end} follows. */
    void applied() {
        succeeded(true);
    }

    /** The pulled snapshot could not be applied; {@link #end} follows. */
    void applyFailed(StateVersion version, Throwable error) {
        failed(Report.of(SyncPhase.APPLY, error).snapshot(version).attempt(attemptNumber), error);
    }

    private void succeeded(boolean fresh) {
        Attempt<T> current = attempt;
        if (current != null && fresh) {
            engine.target.settled(current.duty);
            hasSucceeded = true;
            lastSuccessBegan = current.began;
        }
        completeCovered(null);
        if (startCovered) {
            startCovered = false;
            engine.starter.pulled();
        }
    }

    private void failed(Report report, Throwable error) {
        engine.report(report);
        completeCovered(error);
        if (startCovered) {
            startCovered = false;
            engine.starter.pullFailed(error);
        }
    }

    private void completeCovered(@Nullable Throwable error) {
        List<EngineFuture> done = covered;
        if (done != null) {
            covered = null;
            done.forEach(future -> engine.notifier.complete(future, error));
        }
    }

    /** The cycle is over as soon as the apply of a pushed snapshot, which is in the outbox, has begun. */
    void endAfterPushed(Outcome outcome) {
        state = State.ENDING;
        engine.lock.add(Effect.of(() -> engine.locked(() -> {
            if (state == State.ENDING) {
                end(outcome);
            }
        })));
    }

    /** The cycle is over: another begins if one is queued and needed, else the engine settles. */
    void end(Outcome outcome) {
        state = State.IDLE;
        attempt = null;
        if (waiting != null || startWaits) {
            begin();
            return;
        }
        boolean wanted = queued;
        queued = false;
        if (wanted && engine.target.behind()) {
            begin(); // contract C3; dropped if not behind (C4)
        } else {
            engine.catchUp.settle(outcome);
        }
    }

    // --- endings from outside

    /** The start failed: what only events and awaits wanted dies, what a refresh waits for does not (contract L2). */
    void rolledBack() {
        queued = false;
        startWaits = false;
        startCovered = false;
    }

    /** The engine stopped: nothing goes on, and whoever waits gets {@code error}. */
    void stop(Throwable error) {
        state = State.IDLE;
        if (attempt != null) {
            attempt.abandon();
            attempt = null;
        }
        if (retry != null) {
            retry.cancel();
        }
        answer = null;
        rolledBack();
        completeCovered(error);
        covered = waiting;
        waiting = null;
        completeCovered(error);
    }
}
