package io.statesync.http.zuno;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.http.server.internal.Sse;
import io.statesync.jackson.internal.Json;
import io.statesync.source.RegistrySnapshot;
import io.statesync.source.Replay;
import io.statesync.source.StoreEvent;
import io.statesync.source.StoreRegistry;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stores of a room, and who reads all that happens to them.
 *
 * <p>A reader has a place in the registry's log of events and reads on from there: it has no queue, and one that the log has
 * left behind begins with a snapshot. Each event is encoded once, and what many readers take at once is put together once.
 * Safe for use from any thread.
 */
final class Room {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.zuno");

    /** What is gathered into one write. */
    private static final int BATCH = 64 * 1024;

    private static final int CACHED = 1024;
    private static final int MAX_CACHED_BYTES = 16 * 1024; // of each

    private final Served served;
    private final StoreRegistry registry;
    private final Telling telling;
    private final Set<Reader> readers = ConcurrentHashMap.newKeySet();
    private @Nullable Frame @Nullable [] frames; // guarded by this; made for the first frame
    private volatile @Nullable Segment newest;
    private final Set<Delivery> deliveries = ConcurrentHashMap.newKeySet(); // that somebody waits for
    private @Nullable Subscription subscription; // by one call at a time of add and remove

    /** Tells many readers that there may be something for them. */
    interface Telling {
        void tell(Iterable<Reader> readers);
    }

    Room(StoreRegistry registry, Served served, Telling telling) {
        this.registry = registry;
        this.served = served;
        this.telling = telling;
    }

    Served served() {
        return served;
    }

    StoreRegistry stores() {
        return registry;
    }

    Set<Reader> readers() {
        return readers;
    }

    /** Adds a reader, which hears of what happens from now on. One call at a time. */
    void add(Reader reader) {
        readers.add(reader);
        if (subscription == null) {
            subscription = registry.subscribe(event -> telling.tell(readers));
        }
    }

    /** Removes a reader; whether none is left. One call at a time. */
    boolean remove(Reader reader) {
        readers.remove(reader);
        if (!readers.isEmpty()) {
            return false;
        }
        Subscription open = subscription;
        subscription = null;
        if (open != null) {
            try {
                open.close();
            } catch (Exception e) {
                log.error("a registry could not be unsubscribed from", e);
            }
        }
        return true;
    }

    // ---- delivering

    /**
     * Completed when all that has happened so far is on its way to every reader that takes something. Clients rely on it: they
     * take the answer to a write for newer than what their stream says after it.
     */
    CompletableFuture<Void> delivered() {
        if (readers.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        Delivery delivery = new Delivery(registry.events().lastId());
        deliveries.add(delivery);
        CompletableFuture<Void> done = delivery.done();
        var unused = done.whenComplete((nothing, error) -> deliveries.remove(delivery));
        delivery.count(readers);
        telling.tell(delivery.behind());
        return done;
    }

    /** A reader has all, or takes nothing, or is gone. */
    void settled(Reader reader) {
        deliveries.forEach(delivery -> delivery.settled(reader));
    }

    // ---- events

    /** Whether the log knows what came after an event. */
    boolean canReplay(long id) {
        return registry.events().after(id) instanceof Replay.Events;
    }

    /** What came after an event; null if the log does not know. */
    @Nullable
    Segment after(long id) {
        Segment known = newest;
        if (known != null && known.from() == id && known.to() > id) {
            return known;
        }
        long last = registry.events().lastId(); // first: what comes meanwhile may be missing below
        if (last == id) {
            return new Segment(id, id, List.of(), Set.of(), Frame.NOTHING);
        }
        Replay replay = registry.events().after(id);
        if (!(replay instanceof Replay.Events events)) {
            return null;
        }
        Segment made = segment(id, last, events.events());
        newest = made;
        return made;
    }

    private Segment segment(long from, long last, List<StoreEvent> events) {
        List<Frame> made = new ArrayList<>();
        long size = 0;
        long to = last;
        for (StoreEvent event : events) {
            Frame frame = frame(event);
            if (size > 0 && size + frame.bytes().length > BATCH) {
                return Segment.of(from, made.get(made.size() - 1).id(), made);
            }
            made.add(frame);
            size += frame.bytes().length;
            to = Math.max(to, event.id());
        }
        return Segment.of(from, to, made);
    }

    private Frame frame(StoreEvent event) {
        int slot = (int) (event.id() % CACHED);
        synchronized (this) {
            Frame known = frames == null ? null : frames[slot];
            if (known != null && known.id() == event.id()) {
                return known;
            }
        }
        SnapshotEnvelope<?> snapshot = event.snapshot();
        byte[] state = snapshot == null ? null : served.json(event.topic(), snapshot);
        byte[] bytes = state == null ? Frame.NOTHING : Sse.event(event.id(), "state", Wire.event(event, state));
        Frame made = new Frame(event.id(), event.topic(), event.version(), bytes);
        if (bytes.length <= MAX_CACHED_BYTES) {
            synchronized (this) {
                if (frames == null) {
                    frames = new @Nullable Frame[CACHED];
                }
                frames[slot] = made;
            }
        }
        return made;
    }

    // ---- snapshots

    /** The states of the stores that somebody may read, as one JSON object, and where to go on. */
    Snapshot snapshot(Predicate<String> mayRead) {
        RegistrySnapshot snapshot = registry.snapshot();
        ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        Map<String, StateVersion> versions = new HashMap<>();
        out.write('{');
        snapshot.states().forEach((key, state) -> {
            byte[] json = mayRead.test(key) ? served.json(key, state) : null;
            if (json == null) {
                return;
            }
            StateVersion version = state.version(null);
            out.writeBytes(Wire.utf8((out.size() == 1 ? "" : ",") + Json.quote(key) + ":"));
            Wire.record(out, json, Numbers.of(version));
            versions.put(key, version);
        });
        out.write('}');
        Covered covered = new Covered(registry.events().lastId(), versions);
        return new Snapshot(snapshot.lastEventId(), out.toByteArray(), covered);
    }

    /**
     * The states of stores.
     *
     * @param id the events after it are to be sent
     * @param covered what of them is in the states already
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Snapshot(long id, byte[] json, Covered covered) {}

    /**
     * What a snapshot says.
     *
     * @param until events up to this one may be in it
     */
    record Covered(long until, Map<String, StateVersion> versions) {
        /** Whether it says already what an event says. */
        boolean has(Frame frame) {
            StateVersion known = versions.get(frame.key());
            return known != null && !frame.version().isNewerThan(known);
        }
    }
}
