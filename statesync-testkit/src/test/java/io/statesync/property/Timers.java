package io.statesync.property;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The model's time in milliseconds, and its timers: those due at one instant fire in the order in which they were set. */
final class Timers {
    private final List<Timer> pending = new ArrayList<>();
    private final Runnable afterEach;
    private long now;
    private long order;

    /** Something that is due at a time. */
    record Timer(long due, long order, Runnable task) {}

    /** Timers that have {@code afterEach} run after each that fires. */
    Timers(Runnable afterEach) {
        this.afterEach = afterEach;
    }

    long now() {
        return now;
    }

    Timer after(long delay, Runnable task) {
        Timer timer = new Timer(now + delay, order++, task);
        pending.add(timer);
        return timer;
    }

    /** Drops a timer; null is none. Returns null, for the field that held it. */
    Timer cancel(Timer timer) {
        pending.remove(timer);
        return null;
    }

    void clear() {
        pending.clear();
    }

    void advance(long millis) {
        long end = now + millis;
        while (true) {
            Timer next = pending.stream()
                    .filter(timer -> timer.due <= end)
                    .min(Comparator.comparingLong(Timer::due).thenComparingLong(Timer::order))
                    .orElse(null);
            if (next == null) {
                now = end;
                return;
            }
            pending.remove(next);
            now = next.due;
            next.task.run();
            afterEach.run();
        }
    }
}
