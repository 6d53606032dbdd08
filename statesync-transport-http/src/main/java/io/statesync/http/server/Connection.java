package io.statesync.http.server;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client that is connected to a stream: what is written to it, and when. */
final class Connection extends AsyncOutput {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    /** What is gathered into one write. */
    private static final int BATCH = 16 * 1024;

    private static final byte[] HEARTBEAT = Wire.utf8(":\n\n");

    private final EventStream stream;
    private final Hub hub;
    private final int inline;
    private volatile boolean ending;
    private volatile boolean heartbeatDue;
    private volatile long activeAt; // when something was written, or the client took nothing any more
    private boolean greeted; // by the run under way only
    private boolean farewell; // by the run under way only

    Connection(EventStream stream, Hub hub, int inline, AsyncContext context, ServletOutputStream out) {
        super(context, out);
        this.stream = stream;
        this.hub = hub;
        this.inline = inline;
        this.activeAt = hub.options().timeSource().nanoTime();
    }

    int inline() {
        return inline;
    }

    @Override
    protected byte @Nullable [] next() {
        byte[] first = nextFrame();
        if (first == null) {
            return null;
        }
        activeAt = hub.options().timeSource().nanoTime();
        byte[] second = nextFrame();
        if (second == null) {
            return first; // shared with others, so that one event for many readers is no copy
        }
        ByteArrayOutputStream batch = new ByteArrayOutputStream(first.length + second.length + 256);
        batch.writeBytes(first);
        for (byte[] frame = second; frame != null; frame = batch.size() < BATCH ? nextFrame() : null) {
            batch.writeBytes(frame);
        }
        return batch.toByteArray();
    }

    private byte @Nullable [] nextFrame() {
        if (!greeted) {
            greeted = true;
            return Wire.retry(hub.options().retry().toMillis());
        }
        if (ending) {
            return lastFrame();
        }
        for (Follow follow = stream.poll(this); follow != null; follow = stream.poll(this)) {
            Announcement announcement = follow.take(this);
            if (!stream.isConnectedTo(this)) {
                follow.signal(); // for the connection that has taken over
                return lastFrame();
            }
            if (announcement != null) {
                return announcement.frame(inline);
            }
        }
        if (heartbeatDue) {
            heartbeatDue = false;
            return HEARTBEAT;
        }
        return null;
    }

    private byte @Nullable [] lastFrame() {
        if (farewell || !hub.isStopping()) {
            return null;
        }
        farewell = true;
        long retry = hub.options().retry().toMillis();
        return Wire.retry(retry + ThreadLocalRandom.current().nextLong(retry + 1)); // so that not all come back at once
    }

    @Override
    protected boolean isLast() {
        return ending;
    }

    @Override
    protected void blocked(boolean now) {
        activeAt = hub.options().timeSource().nanoTime();
        if (now && ending) {
            abort(); // nobody watches it any more
        }
    }

    /** Ends it after what is being written; at once if the client takes nothing. */
    void end() {
        ending = true;
        if (isWaiting()) {
            abort();
        } else {
            signal();
        }
    }

    /** Sends a heartbeat if it is time, and ends it if the client took nothing for too long. */
    void tick(long now) {
        long idle = now - activeAt;
        if (isWaiting()) {
            if (idle >= hub.options().writeTimeout().toNanos()) {
                log.info("a client takes nothing, and is disconnected stream={}", stream.name());
                abort();
            }
        } else if (idle >= hub.options().heartbeat().toNanos() * 3 / 4) {
            heartbeatDue = true;
            signal();
        }
    }

    @Override
    protected void ended() {
        stream.disconnected(this);
    }
}
