package io.statesync.source;

import java.util.List;

/**
 * The recent events of a registry, so that who was away hears what it missed, or that it has to start over.
 *
 * <p>Ids are positive and below 2<sup>53</sup>, so that they are exact in JavaScript, and rise by one. The first is made
 * from the clock, 1,024 for each millisecond: while a registry has fewer events than that on the average, an id of an
 * earlier process is known as older than this log, and one of a later process as not given out.
 *
 * <p>Safe for use from any thread.
 */
public final class EventLog {
    private final EventRing ring;
    private final String prefix;

    EventLog(EventRing ring, String prefix) {
        this.ring = ring;
        this.prefix = prefix;
    }

    /** The id of the newest event; before the first, an id with nothing before it. */
    public long lastId() {
        return ring.lastId();
    }

    /**
     * The events after one.
     *
     * @param id the id of an event, or one that {@link #lastId()} or a {@link RegistrySnapshot} gave
     */
    public Replay after(long id) {
        List<StoreEvent> events = ring.after(id);
        return events == null ? new Replay.Gone(ring.lastId()) : new Replay.Events(Prefixes.under(prefix, events));
    }
}
