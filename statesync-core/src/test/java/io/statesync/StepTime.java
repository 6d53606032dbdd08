package io.statesync;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/** A time source whose timers run one by one when a test says so. */
final class StepTime implements TimeSource {
    /** A timer that waits. */
    record Waiting(Runnable task, Duration delay) {}

    final Deque<Waiting> waiting = new ArrayDeque<>();
    RuntimeException refusal;

    @Override
    public long nanoTime() {
        return 1;
    }

    @Override
    public Instant now() {
        return Instant.EPOCH;
    }

    @Override
    public Timer schedule(Runnable task, Duration delay) {
        if (refusal != null) {
            throw refusal;
        }
        Waiting timer = new Waiting(task, delay);
        waiting.add(timer);
        return () -> waiting.remove(timer);
    }

    /** Runs the timer that was set first, and says what its delay was. */
    Duration runNext() {
        Waiting timer = waiting.remove();
        timer.task().run();
        return timer.delay();
    }
}
