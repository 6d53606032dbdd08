package io.statesync.engine;

import io.statesync.TimeSource;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A timer that can be set again. What it runs, it runs under the lock; a cancelled one never runs. */
final class Alarm {
    private final Engine<?> engine;
    private final Runnable whenDue;
    private TimeSource.@Nullable Timer timer;
    private int generation; // a timer that fires while it is being cancelled must not be taken for its successor

    Alarm(Engine<?> engine, Runnable whenDue) {
        this.engine = engine;
        this.whenDue = whenDue;
    }

    boolean isSet() {
        return timer != null;
    }

    void set(Duration delay) {
        cancel();
        int mine = ++generation;
        timer = engine.schedule(() -> due(mine), delay);
    }

    void cancel() {
        if (timer != null) {
            timer.cancel();
            timer = null;
            generation++;
        }
    }

    private void due(int mine) {
        engine.locked(() -> {
            if (timer != null && generation == mine) {
                timer = null;
                whenDue.run();
            }
        });
    }
}
