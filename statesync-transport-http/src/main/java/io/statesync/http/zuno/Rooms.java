package io.statesync.http.zuno;

import io.statesync.source.StoreRegistry;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The rooms of a registry that have readers, and all who read. Safe for use from any thread. */
final class Rooms {
    private final StoreRegistry registry;
    private final ZunoOptions options;
    private final Room.Telling telling;
    private final Map<String, Room> rooms = new ConcurrentHashMap<>(); // that have readers
    private final Set<Reader> readers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger count = new AtomicInteger(); // of readers, also of those that are about to be

    Rooms(StoreRegistry registry, ZunoOptions options, Room.Telling telling) {
        this.registry = registry;
        this.options = options;
        this.telling = telling;
    }

    Set<Reader> readers() {
        return readers;
    }

    /** The room of a name, empty for none: the one that has readers, else one that nobody else has. */
    Room of(String name) {
        Room known = rooms.get(name);
        if (known != null) {
            return known;
        }
        String prefix = name.isEmpty() ? "" : name + "/";
        StoreRegistry stores = prefix.isEmpty() ? registry : registry.under(prefix);
        return new Room(stores, new Served(prefix, options.codecs()), telling);
    }

    /** Takes the place of a reader that is about to be. */
    void reserve() throws Refusal {
        if (count.incrementAndGet() > options.maxReaders()) {
            count.decrementAndGet();
            throw Refusal.later("TOO_MANY_READERS");
        }
    }

    /** Gives back a place that no reader was made for. */
    void release() {
        count.decrementAndGet();
    }

    /** Has a reader, whose place was taken, hear of what happens from now on. */
    void enter(String name, Reader reader) {
        readers.add(reader);
        rooms.compute(name, (n, known) -> {
            reader.room().add(reader);
            return reader.room();
        });
    }

    /** Forgets a reader, and gives back its place; once. */
    void leave(String name, Reader reader) {
        if (readers.remove(reader)) {
            count.decrementAndGet();
            rooms.compute(name, (n, known) -> { // also if another room has taken its place
                boolean empty = reader.room().remove(reader);
                return empty && known == reader.room() ? null : known;
            });
        }
    }
}
