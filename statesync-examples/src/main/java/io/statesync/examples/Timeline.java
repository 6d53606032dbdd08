package io.statesync.examples;

import io.statesync.StateVersion;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened at the source lately, for people to look at. Safe for use from any thread. */
final class Timeline {
    private static final int LIMIT = 500;

    private final Deque<Event> events = new ArrayDeque<>();
    private long lastId;

    /**
     * One thing that happened.
     *
     * @param id counts from 1
     * @param at milliseconds since 1970
     * @param topic null if it concerns none
     * @param by who asked for it; null if unknown
     * @param message for people; null if there is nothing to say
     */
    record Event(
            long id,
            long at,
            Kind kind,
            @Nullable String topic,
            @Nullable StateVersion version,
            @Nullable String by,
            @Nullable String message) {}

    /** What can happen. */
    enum Kind {
        REVISION,
        ACCEPTED,
        CONFLICT,
        REJECTED,
        ERROR,
        FOLLOWER
    }

    /** Adds an event; the oldest goes when there are too many. */
    synchronized void add(
            Kind kind,
            @Nullable String topic,
            @Nullable StateVersion version,
            @Nullable String by,
            @Nullable String message) {
        events.add(new Event(++lastId, System.currentTimeMillis(), kind, topic, version, by, message));
        if (events.size() > LIMIT) {
            events.remove();
        }
    }

    /** The events after an id, oldest first; those that are gone already are left out. */
    synchronized List<Event> after(long id) {
        return events.stream().filter(event -> event.id() > id).toList();
    }
}
