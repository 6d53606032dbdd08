package io.statesync.http.server.internal;

import io.statesync.TimeSource;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream of events to one client: what is to be said goes out as the client takes it, with heartbeats in between, and a
 * client that takes nothing for too long is let go.
 */
public abstract class EventOutput extends AsyncOutput {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final TimeSource time;
    private final Duration heartbeat;
    private final Duration writeTimeout;
    private volatile boolean ending;
    private volatile boolean heartbeatDue;
    private volatile long activeAt; // when something was written, or the client took nothing any more

    /**
     * A stream to which nothing was written yet.
     *
     * @param heartbeat after how much silence something is sent
     * @param writeTimeout how long a client may take nothing
     */
    protected EventOutput(
            AsyncContext context, ServletOutputStream out, TimeSource time, Duration heartbeat, Duration writeTimeout) {
        super(context, out);
        this.time = time;
        this.heartbeat = heartbeat;
        this.writeTimeout = writeTimeout;
        this.activeAt = time.nanoTime();
    }

    /** What is to be said next; null if there is nothing. */
    protected abstract byte @Nullable [] nextEvents();

    /** What is said while nothing happens. */
    protected abstract byte[] heartbeat();

    /** What is said at the end, again and again until it is null. */
    protected byte @Nullable [] farewell() {
        return null;
    }

    /** Names the client in a log. */
    protected abstract String name();

    @Override
    protected final byte @Nullable [] next() {
        byte[] bytes = ending ? farewell() : nextEvents();
        if (bytes == null && heartbeatDue && !ending) {
            heartbeatDue = false;
            bytes = heartbeat();
        }
        if (bytes != null) {
            activeAt = time.nanoTime();
        }
        return bytes;
    }

    /** Whether it is to end. */
    protected final boolean isEnding() {
        return ending;
    }

    @Override
    protected final boolean isLast() {
        return ending;
    }

    @Override
    protected final void blocked(boolean now) {
        activeAt = time.nanoTime();
        if (now && ending) {
            abort(); // nobody watches it any more
        }
    }

    /** Whether the client has taken nothing for some time, and there is something for it. */
    protected final boolean isStuck(Duration atLeast) {
        return isWaiting() && time.nanoTime() - activeAt >= atLeast.toNanos();
    }

    /** Ends it after what is being written; at once if the client takes nothing. */
    public final void end() {
        ending = true;
        if (isWaiting()) {
            abort();
        } else {
            signal();
        }
    }

    /** Sends a heartbeat if it is time, and ends it if the client took nothing for too long. */
    public final void tick(long now) {
        long idle = now - activeAt;
        if (isWaiting()) {
            if (idle >= writeTimeout.toNanos()) {
                log.info("a client takes nothing, and is disconnected stream={}", name());
                abort();
            }
        } else if (idle >= heartbeat.toNanos() * 3 / 4) {
            heartbeatDue = true;
            signal();
        }
    }
}
