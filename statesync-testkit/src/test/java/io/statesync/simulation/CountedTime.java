package io.statesync.simulation;

import io.statesync.TimeSource;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/** One engine's view of the virtual time, which knows how many of its timers are pending. */
final class CountedTime implements TimeSource {
    private final VirtualTime time;
    private final Set<Object> pending = new HashSet<>();

    CountedTime(VirtualTime time) {
        this.time = time;
    }

    int pending() {
        return pending.size();
    }

    @Override
    public long nanoTime() {
        return time.nanoTime();
    }

    @Override
    public Instant now() {
        return time.now();
    }

    @Override
    public Timer schedule(Runnable task, Duration delay) {
        Object token = new Object();
        pending.add(token);
        Timer timer = time.schedule(
                () -> {
                    pending.remove(token);
                    task.run();
                },
                delay);
        return () -> {
            pending.remove(token);
            timer.cancel();
        };
    }
}
