package io.statesync.engine;

import io.statesync.StaleSourceException;
import io.statesync.SyncPhase;
import java.time.Duration;

/** Pulls again after a backoff while the engine is behind and nothing else is going to (contract K). Under the lock. */
final class CatchUp {
    private final Engine<?> engine;
    private int attempt;
    private final Alarm alarm;
    private boolean tooOld;
    private long tooOldSince;

    CatchUp(Engine<?> engine) {
        this.engine = engine;
        this.alarm = new Alarm(engine, engine.cycles::request);
    }

    boolean isWaiting() {
        return alarm.isSet();
    }

    /** The engine is not behind any more, or has no reason to care: the backoff starts anew. */
    void reset() {
        endWait();
        attempt = 0;
        tooOld = false;
    }

    /** A request pulls at once and keeps the backoff's count (contract K3). */
    void endWait() {
        alarm.cancel();
    }

    /** A cycle failed and left the engine behind (contract K2). */
    void afterFailure() {
        alarm.set(nextDelay());
    }

    /** A cycle's answer was too old (contract K1, K5). */
    void afterStaleAnswer() {
        long now = engine.now();
        if (!tooOld) {
            tooOld = true;
            tooOldSince = now;
        } else if (Duration.ofNanos(now - tooOldSince).compareTo(engine.options.giveUpAfter()) >= 0) {
            giveUp();
            return;
        }
        Duration delay = nextDelay();
        engine.report(Report.of(SyncPhase.REFRESH, new StaleSourceException(staleMessage() + "; it is pulled again"))
                .retry(attempt, delay));
        alarm.set(delay);
    }

    private void giveUp() {
        StaleSourceException error = new StaleSourceException(staleMessage() + " for "
                + engine.options.giveUpAfter() + "; given up: check that the provider reads from the source that"
                + " sends the events");
        engine.report(Report.of(SyncPhase.REFRESH, error).attempt(attempt + 1));
        engine.target.forget(error);
        reset();
    }

    private String staleMessage() {
        return "the source answers with version " + engine.local + " and was said to be at "
                + (engine.target.wanted() != null ? engine.target.wanted() : "a higher epoch");
    }

    private Duration nextDelay() {
        attempt = attempt == Integer.MAX_VALUE ? attempt : attempt + 1;
        return engine.options
                .catchUp()
                .delayAfter(attempt, engine.options.random().get());
    }
}
