package io.statesync.persistence;

import io.statesync.Throttling;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a topic's next save is due: what throttling and failures ask for, as a function of what happened when. Guarded by
 * the saves that it belongs to. Times are those of one monotonic clock, in nanoseconds.
 */
final class SaveTiming {
    private final long debounce;
    private final long maxWait;
    private final long interval;
    private final boolean leading;
    private long firstHeld; // when the first snapshot came that is not being saved yet
    private long lastHeld;
    private boolean savedBefore;
    private long lastSave; // when the last save began
    private boolean failed;
    private long lastFailure;
    private long retryDelay;

    SaveTiming(@Nullable Throttling throttling) {
        debounce = nanos(throttling == null ? null : throttling.debounce(), 0);
        maxWait = nanos(throttling == null ? null : throttling.maxWait(), Long.MAX_VALUE);
        interval = nanos(throttling == null ? null : throttling.throttle(), 0);
        leading = throttling == null || throttling.leading();
    }

    private static long nanos(@Nullable Duration duration, long absent) {
        return duration == null ? absent : duration.toNanos();
    }

    /** A snapshot came. */
    void held(long now, boolean first) {
        if (first) {
            firstHeld = now;
        }
        lastHeld = now;
    }

    void saveBegins(long now) {
        savedBefore = true;
        lastSave = now;
    }

    void succeeded() {
        failed = false;
    }

    void failed(long now, Duration delay) {
        failed = true;
        lastFailure = now;
        retryDelay = delay.toNanos();
    }

    /** How long the held snapshot has to wait still; zero or less if it is due. */
    long waitAt(long now) {
        long quiet = debounce - (now - lastHeld);
        long bound = maxWait - (now - firstHeld);
        long wait = debounce == 0 ? 0 : Math.min(quiet, bound);
        if (interval > 0) {
            boolean open = savedBefore && interval - (firstHeld - lastSave) > 0;
            if (open) {
                wait = Math.max(wait, interval - (now - lastSave));
            } else if (!leading) {
                wait = Math.max(wait, interval - (now - firstHeld));
            }
        }
        return failed ? Math.max(wait, retryDelay - (now - lastFailure)) : wait;
    }
}
