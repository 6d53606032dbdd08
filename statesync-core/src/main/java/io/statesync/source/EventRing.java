package io.statesync.source;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The newest events in a ring, numbered without gaps. Safe for use from any thread. */
final class EventRing {
    private final @Nullable StoreEvent[] ring; // guarded by this
    private final long firstId;
    private volatile long lastId; // written while this is held

    /**
     * An empty ring.
     *
     * @param size how many events it keeps
     * @param base the id before the first
     */
    EventRing(int size, long base) {
        ring = new StoreEvent[size];
        firstId = base + 1;
        lastId = base;
    }

    /** Adds an event, giving it the next id. */
    synchronized StoreEvent add(StoreEvent event) {
        StoreEvent numbered = event.withId(lastId + 1);
        if (ring.length > 0) {
            ring[slot(numbered.id())] = numbered;
        }
        lastId = numbered.id();
        return numbered;
    }

    long lastId() {
        return lastId;
    }

    /** The events after one; null if they are not all here, or the id is none of this ring's. */
    synchronized @Nullable List<StoreEvent> after(long id) {
        long oldest = Math.max(firstId, lastId - ring.length + 1);
        if (id < oldest - 1 || id > lastId) {
            return null;
        }
        List<StoreEvent> events = new ArrayList<>();
        for (long n = id + 1; n <= lastId; n++) {
            StoreEvent event = ring[slot(n)];
            if (event != null) {
                events.add(event);
            }
        }
        return events;
    }

    private int slot(long id) {
        return (int) (id % ring.length);
    }
}
