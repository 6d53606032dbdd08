package io.statesync.http.server;

import io.statesync.http.server.internal.EventOutput;
import io.statesync.http.server.internal.Sse;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** A client that is connected to a stream: what is written to it, and when. */
final class Connection extends EventOutput {
    /** What is gathered into one write. */
    private static final int BATCH = 16 * 1024;

    private final EventStream stream;
    private final Hub hub;
    private final int inline;
    private boolean greeted; // by the run under way only
    private boolean farewell; // by the run under way only

    Connection(EventStream stream, Hub hub, int inline, AsyncContext context, ServletOutputStream out) {
        super(
                context,
                out,
                hub.options().timeSource(),
                hub.options().heartbeat(),
                hub.options().writeTimeout());
        this.stream = stream;
        this.hub = hub;
        this.inline = inline;
    }

    int inline() {
        return inline;
    }

    @Override
    protected byte @Nullable [] nextEvents() {
        byte[] first = nextFrame();
        if (first == null) {
            return null;
        }
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
            return Sse.retry(hub.options().retry().toMillis());
        }
        for (Follow follow = stream.poll(this); follow != null; follow = stream.poll(this)) {
            Announcement announcement = follow.take(this);
            if (!stream.isConnectedTo(this)) {
                follow.signal(); // for the connection that has taken over
                return null;
            }
            if (announcement != null) {
                return announcement.frame(inline);
            }
        }
        return null;
    }

    @Override
    protected byte[] heartbeat() {
        return Sse.HEARTBEAT;
    }

    @Override
    protected byte @Nullable [] farewell() {
        if (farewell || !hub.isStopping()) {
            return null;
        }
        farewell = true;
        long retry = hub.options().retry().toMillis();
        return Sse.retry(retry + ThreadLocalRandom.current().nextLong(retry + 1)); // so that not all come back at once
    }

    @Override
    protected String name() {
        return stream.name();
    }

    @Override
    protected void ended() {
        stream.disconnected(this);
    }
}
