package io.statesync.engine;

import io.statesync.Throttling;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Holds back event-triggered pulls (contract T): an event passes the debounce, then the throttle, then the spread, and
 * asks for a cycle at the end of them. Guarded by the lock.
 */
final class Throttle {
    private final Engine<?> engine;
    private final @Nullable Duration debounce;
    private final @Nullable Duration maxWait;
    private final @Nullable Duration interval;
    private final boolean leading;
    private final Duration spread;
    private final Alarm quiet;
    private final Alarm intervalEnd;
    private final Alarm spreadEnd;
    private long firstHeld; // while quiet is set: when the first event that it holds came
    private boolean trailing; // while intervalEnd is set: whether something waits for it

    private Throttle(Engine<?> engine, @Nullable Throttling throttling, Duration spread) {
        this.engine = engine;
        this.debounce = throttling == null ? null : throttling.debounce();
        this.maxWait = throttling == null ? null : throttling.maxWait();
        this.interval = throttling == null ? null : throttling.throttle();
        this.leading = throttling == null || throttling.leading();
        this.spread = spread;
        this.quiet = new Alarm(engine, this::afterQuiet);
        this.intervalEnd = new Alarm(engine, this::afterInterval);
        this.spreadEnd = new Alarm(engine, this::afterSpread);
    }

    /** The throttle that the options ask for; null if they ask for none. */
    static @Nullable Throttle of(Engine<?> engine) {
        Throttling throttling = engine.options.throttling();
        Duration spread = engine.options.pullSpread();
        return throttling == null && spread.isZero() ? null : new Throttle(engine, throttling, spread);
    }

    /** Whether an event is held that will ask for a cycle, if it is still needed then. */
    boolean isHolding() {
        return quiet.isSet() || trailing || spreadEnd.isSet();
    }

    /** An event that is newer than local came. */
    void event() {
        if (debounce == null) {
            throttle();
            return;
        }
        long now = engine.now();
        if (!quiet.isSet()) {
            firstHeld = now;
        }
        Duration delay = debounce;
        if (maxWait != null) {
            Duration left = maxWait.minusNanos(now - firstHeld);
            delay = left.compareTo(delay) < 0 ? left : delay;
        }
        quiet.set(delay.isNegative() ? Duration.ZERO : delay);
    }

    private void afterQuiet() {
        if (engine.target.behind()) {
            throttle();
        }
    }

    private void throttle() {
        if (interval == null) {
            spread();
        } else if (intervalEnd.isSet()) {
            trailing = true;
        } else if (leading) {
            openIntervalAndPull(interval);
        } else {
            trailing = true;
            intervalEnd.set(interval);
        }
    }

    private void afterInterval() {
        boolean pull = trailing && engine.target.behind();
        trailing = false;
        if (pull && interval != null) {
            openIntervalAndPull(interval);
        }
    }

    private void openIntervalAndPull(Duration interval) {
        intervalEnd.set(interval);
        spread();
    }

    private void spread() {
        if (spread.isZero()) {
            engine.cycles.request();
        } else if (!spreadEnd.isSet()) {
            spreadEnd.set(Jitter.partOf(engine, spread));
        }
    }

    private void afterSpread() {
        if (engine.target.behind()) {
            engine.cycles.request();
        }
    }

    /** Drops what is held (contract T4). */
    void clear() {
        quiet.cancel();
        intervalEnd.cancel();
        spreadEnd.cancel();
        trailing = false;
    }
}
