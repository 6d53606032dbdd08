package io.statesync.engine;

import io.statesync.StaleSourceException;
import io.statesync.SyncPhase;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Pulls when nothing else is going to: after a backoff while the engine is behind (contract K), and after a long quiet
 * when a resync is asked for (contract N2). Guarded by the lock.
 */
final class CatchUp {
    private final Engine<?> engine;
    private int attempt;
    private @Nullable Alarm alarm; // while it waits
    private final @Nullable Alarm resync;
    private boolean tooOld;
    private long tooOldSince;

    CatchUp(Engine<?> engine) {
        this.engine = engine;
        this.resync = engine.options.resyncInterval() == null ? null : new Alarm(engine, this::resync);
    }

    /** Nothing is under way, or only a pushed apply: decides what comes next. */
    void settle(Outcome outcome) {
        if (engine.isStopped()) {
            return;
        }
        if (!engine.target.behind()) {
            armResync();
        } else if (engine.applies.isBusy()) {
            engine.applies.defer(outcome);
        } else if (engine.cycles.isIdle() && alarm == null && !isHeld()) {
            if (outcome == Outcome.FAILED) {
                pullAfter(nextDelay()); // contract K2
            } else {
                afterStaleAnswer();
            }
        }
    }

    private void armResync() {
        if (resync != null && engine.isRunning() && !resync.isSet() && engine.cycles.isIdle()) {
            resync.set(Objects.requireNonNull(engine.options.resyncInterval()));
        }
    }

    /** Whether throttling holds an event that will pull, and counts as queued (contract K1). */
    private boolean isHeld() {
        Throttle throttle = engine.throttle;
        return throttle != null && throttle.isHolding() && !engine.target.owes() && !engine.target.hasAwaits();
    }

    void cycleBegins() {
        if (resync != null) {
            resync.cancel();
        }
    }

    void behindChanged(boolean behind) {
        if (!behind) {
            reset();
        } else if (resync != null) {
            resync.cancel();
        }
    }

    private void resync() {
        engine.target.owe();
        engine.cycles.request();
    }

    /** The engine is not behind any more: the backoff starts anew. */
    private void reset() {
        endWait();
        attempt = 0;
        tooOld = false;
    }

    /** Drops all timers and counts. */
    void clear() {
        reset();
        if (resync != null) {
            resync.cancel();
        }
    }

    /** A request pulls at once and keeps the backoff's count (contract K3). */
    void endWait() {
        if (alarm != null) {
            alarm.cancel();
            alarm = null;
        }
    }

    private void pullAfter(Duration delay) {
        alarm = new Alarm(engine, engine.cycles::request); // which ends the wait
        alarm.set(delay);
    }

    /** A cycle's answer was too old (contract K1, K5). */
    private void afterStaleAnswer() {
        long now = engine.now();
        if (!tooOld) {
            tooOld = true;
            tooOldSince = now;
        } else if (Duration.ofNanos(now - tooOldSince).compareTo(engine.options.giveUpAfter()) >= 0) {
            giveUp();
            return;
        }
        Duration delay = nextDelay();
        StaleSourceException error = new StaleSourceException(staleMessage() + "; it is pulled again");
        engine.report(stale(error).retry(attempt, delay));
        pullAfter(delay);
    }

    private void giveUp() {
        StaleSourceException error = new StaleSourceException(staleMessage() + " for "
                + engine.options.giveUpAfter() + "; given up: check that the provider reads from the source that"
                + " sends the events");
        engine.report(stale(error).attempt(attempt + 1));
        engine.target.forget(error);
        armResync();
    }

    private Report stale(StaleSourceException error) {
        return Report.of(SyncPhase.REFRESH, error).event(engine.target.wanted(), null, null);
    }

    private String staleMessage() {
        return "the source answers with version " + engine.local + " and was said to be at "
                + (engine.target.wanted() != null ? engine.target.wanted() : "a higher epoch");
    }

    private Duration nextDelay() {
        attempt = attempt == Integer.MAX_VALUE ? attempt : attempt + 1;
        return Jitter.delayAfter(engine, engine.options.catchUp(), attempt);
    }
}
