package io.statesync.property;

import io.statesync.property.Timers.Timer;
import java.util.function.BooleanSupplier;

/** Debounce, then throttle, as the model reads contract T1 to T6. */
final class ModelThrottle {
    private final ModelOptions options;
    private final Timers timers;
    private final BooleanSupplier behind;
    private final Runnable pull;
    private Timer quiet;
    private long quietSince;
    private Timer trailing;
    private long intervalEnd;

    ModelThrottle(ModelOptions options, Timers timers, BooleanSupplier behind, Runnable pull) {
        this.options = options;
        this.timers = timers;
        this.behind = behind;
        this.pull = pull;
    }

    void event() {
        if (options.debounce() < 0) {
            debounced();
            return;
        }
        if (quiet == null) {
            quietSince = timers.now();
        }
        timers.cancel(quiet);
        long due = Math.min(timers.now() + options.debounce(), quietSince + options.maxWait());
        quiet = timers.after(due - timers.now(), () -> {
            quiet = null;
            debounced();
        });
    }

    private void debounced() {
        boolean open = timers.now() < intervalEnd;
        if (options.throttle() < 0 || (!open && options.leading() && trailing == null)) {
            fire();
        } else if (trailing == null) {
            long delay = open ? intervalEnd - timers.now() : options.throttle();
            trailing = timers.after(delay, () -> {
                trailing = null;
                fire();
            });
        }
    }

    private void fire() {
        if (behind.getAsBoolean()) {
            intervalEnd = timers.now() + Math.max(0, options.throttle());
            pull.run();
        }
    }

    boolean holds() {
        return quiet != null || trailing != null;
    }

    void drop() {
        quiet = timers.cancel(quiet);
        trailing = timers.cancel(trailing);
    }
}
