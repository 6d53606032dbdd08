package io.statesync.http.zuno;

import io.statesync.http.server.internal.EventOutput;
import io.statesync.http.server.internal.Sse;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A client that reads all that happens in a room. */
final class Reader extends EventOutput {
    private static final int MOST_KNOWN = 10_000;
    private static final Duration STUCK = Duration.ofMillis(20);

    private final Room room;
    private final ZunoOptions options;
    private final Predicate<String> mayRead;
    private final Runnable ended;
    private final Map<String, Boolean> known = new HashMap<>(); // by the run under way only
    private long position; // the id of the event up to which it has all; by the run under way only
    private volatile long told; // up to which event all is on its way to the client
    private boolean snapshotDue; // by the run under way only
    private volatile boolean gone;
    private boolean greeted; // by the run under way only
    private Room.@Nullable Covered covered; // by the run under way only; until the events of the last snapshot are over

    /**
     * A reader to which nothing was sent yet.
     *
     * @param lastEventId the event up to which it has all; 0 if it has nothing
     * @param mayRead whether the client may read a key; not asked each time
     * @param ended called when the client is gone
     */
    Reader(
            Room room,
            ZunoOptions options,
            AsyncContext context,
            ServletOutputStream out,
            long lastEventId,
            Predicate<String> mayRead,
            Runnable ended) {
        super(context, out, options.timeSource(), options.heartbeat(), options.writeTimeout());
        this.room = room;
        this.options = options;
        this.mayRead = mayRead;
        this.ended = ended;
        this.position = lastEventId;
        this.snapshotDue = lastEventId == 0 || !room.canReplay(lastEventId);
    }

    private boolean mayRead(String key) {
        if (known.size() >= MOST_KNOWN) {
            known.clear(); // stores come and go
        }
        return known.computeIfAbsent(key, mayRead::test);
    }

    @Override
    protected byte @Nullable [] nextEvents() {
        byte[] events = nextOfRoom();
        if (greeted) {
            return events;
        }
        greeted = true;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(events == null ? Frame.NOTHING : events);
        out.writeBytes(Wire.CONNECTED);
        return out.toByteArray();
    }

    private byte @Nullable [] nextOfRoom() {
        while (true) {
            if (snapshotDue) {
                return takeSnapshot();
            }
            Segment segment = room.after(position);
            if (segment == null) {
                snapshotDue = true; // too slow, or away for too long
                continue;
            }
            if (segment.to() == position) {
                return null;
            }
            position = segment.to();
            byte[] bytes = bytes(segment);
            if (bytes.length > 0) {
                return bytes;
            }
        }
    }

    private byte[] takeSnapshot() {
        Room.Snapshot taken = room.snapshot(this::mayRead);
        snapshotDue = false;
        covered = taken.covered().until() > taken.id() ? taken.covered() : null;
        position = taken.id();
        return Sse.event(taken.id(), "snapshot", taken.json());
    }

    private byte[] bytes(Segment segment) {
        Room.Covered before = covered;
        if (before == null) {
            return segment.keys().stream().allMatch(this::mayRead)
                    ? segment.bytes()
                    : segment.only(frame -> mayRead(frame.key()));
        }
        if (segment.to() >= before.until()) {
            covered = null;
        }
        return segment.only(frame -> mayRead(frame.key()) && !before.has(frame));
    }

    @Override
    protected void idle() {
        told = position;
        room.settled(this);
    }

    /** Whether all up to an event is on its way, or the client takes nothing. */
    boolean isSettled(long id) {
        return told >= id || gone || isStuck(STUCK);
    }

    @Override
    protected byte[] heartbeat() {
        return Wire.ping(options.timeSource().now().toEpochMilli());
    }

    Room room() {
        return room;
    }

    @Override
    protected String name() {
        return "zuno";
    }

    @Override
    protected void ended() {
        gone = true;
        room.settled(this);
        ended.run();
    }
}
