package io.statesync.testkit;

import io.statesync.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Time that stands still until a test moves it: {@link #advance} runs the timers that are due on the way, in the order
 * of their times and, at one time, in the order in which they were set.
 *
 * <p>Safe for use from any thread; timers run on the thread that advances, without a lock.
 */
public final class VirtualTime implements TimeSource {
    private final PriorityQueue<Entry> timers = new PriorityQueue<>(); // guarded by this
    private final Instant origin;
    private long nanos = 1; // guarded by this
    private long sequence; // guarded by this

    /** Begins at 2026-01-01T00:00Z. */
    public VirtualTime() {
        this(Instant.parse("2026-01-01T00:00:00Z"));
    }

    /** Begins at a given time. */
    public VirtualTime(Instant origin) {
        this.origin = origin;
    }

    private record Entry(long due, long order, Runnable task) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int byDue = Long.compare(due, other.due);
            return byDue != 0 ? byDue : Long.compare(order, other.order);
        }
    }

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    @Override
    public synchronized Instant now() {
        return origin.plusNanos(nanos - 1);
    }

    @Override
    public synchronized Timer schedule(Runnable task, Duration delay) {
        long due;
        try {
            due = Math.addExact(nanos, Math.max(0, delay.toNanos()));
        } catch (ArithmeticException e) {
            due = Long.MAX_VALUE;
        }
        Entry entry = new Entry(due, sequence++, task);
        timers.add(entry);
        return () -> cancel(entry);
    }

    private synchronized void cancel(Entry entry) {
        timers.remove(entry);
    }

    /** How many timers wait. */
    public synchronized int pending() {
        return timers.size();
    }

    /** How long until the next timer is due; null if none waits. */
    public synchronized @Nullable Duration untilNext() {
        Entry next = timers.peek();
        return next == null ? null : Duration.ofNanos(Math.max(0, next.due - nanos));
    }

    /** Moves the time on by {@code duration}, running what becomes due. */
    public void advance(Duration duration) {
        long end;
        synchronized (this) {
            end = Math.addExact(nanos, duration.toNanos());
        }
        for (Runnable task = nextUntil(end); task != null; task = nextUntil(end)) {
            task.run();
        }
    }

    private synchronized @Nullable Runnable nextUntil(long end) {
        Entry next = timers.peek();
        if (next == null || next.due > end) {
            nanos = end;
            return null;
        }
        timers.remove();
        nanos = Math.max(nanos, next.due);
        return next.task;
    }
}
