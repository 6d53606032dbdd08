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
    private Timer interval;
    private boolean trailing;

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
        if (!behind.getAsBoolean()) {
            return;
        }
        if (options.throttle() < 0) {
            pull.run();
        } else if (interval == null && options.leading()) {
            openIntervalAndPull();
        } else {
            trailing = true;
            interval = interval == null ? openInterval() : interval;
        }
    }

    private void openIntervalAndPull() {
        interval = openInterval();
        pull.run();
    }

    private Timer openInterval() {
        return timers.after(options.throttle(), () -> {
            interval = null;
            boolean held = trailing;
            trailing = false;
            if (held && behind.getAsBoolean()) {
                openIntervalAndPull();
            }
        });
    }

    boolean holds() {
        return quiet != null || trailing;
    }

    void drop() {
        quiet = timers.cancel(quiet);
        interval = timers.cancel(interval);
        trailing = false;
    }
}
