package io.statesync.source;

import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The stores of a registry by topic, with what happens to them.
 *
 * <p>A store is made by the first thread that asks for its topic, with no lock held; others that ask meanwhile wait for it.
 * The order that everything here rests on: a state is there before its event is in the log, a new store can be found before
 * its first event is, and a store is closed before its last event is, which is there before a successor can be made.
 */
final class Stores {
    private final ConcurrentHashMap<String, Slot> slots = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Thread, Slot> waiting = new ConcurrentHashMap<>();
    private final InstantSource clock;
    final EventRing ring;
    final StoreListeners listeners;

    Stores(InstantSource clock, EventRing ring, Executor deliverOn) {
        this.clock = clock;
        this.ring = ring;
        this.listeners = new StoreListeners(deliverOn);
    }

    /** The place of a topic's store; completed with null if the store could not be made. */
    private record Slot(String topic, Thread maker, CompletableFuture<@Nullable RevisionedStore<?>> made) {
        /** The store, once it is made and until it is closed. */
        @Nullable
        RevisionedStore<?> open() {
            RevisionedStore<?> store = made.getNow(null);
            return store == null || store.isClosed() ? null : store;
        }
    }

    /** The store of a topic, made by {@code open} if there is none. */
    RevisionedStore<?> get(String topic, Function<Recorder, RevisionedStore<?>> open) {
        while (true) {
            Slot slot = slots.get(topic);
            if (slot == null) {
                Slot mine = new Slot(topic, Thread.currentThread(), new CompletableFuture<>());
                slot = slots.putIfAbsent(topic, mine);
                if (slot == null) {
                    return make(mine, open);
                }
            }
            RevisionedStore<?> store = await(slot);
            if (store != null && !store.isRecordedClosed()) {
                return store;
            }
        }
    }

    private RevisionedStore<?> make(Slot slot, Function<Recorder, RevisionedStore<?>> open) {
        RevisionedStore<?> store = null;
        try {
            store = open.apply(new Events(slot));
        } finally {
            if (store == null) {
                slots.remove(slot.topic(), slot);
                slot.made().complete(null);
            }
        }
        RevisionedStore<?> made = store;
        made.begin(() -> slot.made().complete(made));
        return made;
    }

    private @Nullable RevisionedStore<?> await(Slot slot) {
        if (slot.made().isDone()) {
            return slot.made().join();
        }
        Thread me = Thread.currentThread();
        waiting.put(me, slot);
        try {
            for (Slot s = slot; s != null && !s.made().isDone(); s = waiting.get(s.maker())) {
                if (s.maker() == me) {
                    throw new IllegalStateException("the initial value of store " + Texts.quote(s.topic())
                            + " depends on itself: making it waits for store " + Texts.quote(slot.topic()));
                }
            }
            return slot.made().join();
        } finally {
            waiting.remove(me);
        }
    }

    @Nullable
    RevisionedStore<?> find(String topic) {
        Slot slot = slots.get(topic);
        return slot == null ? null : slot.open();
    }

    boolean remove(String topic) {
        RevisionedStore<?> store = find(topic);
        return store != null && store.end();
    }

    /** Goes through the stores whose topics begin with a prefix, in the order of topics. */
    void each(String prefix, BiConsumer<String, RevisionedStore<?>> action) {
        Map<String, RevisionedStore<?>> open = new TreeMap<>();
        slots.forEach((topic, slot) -> {
            RevisionedStore<?> store = topic.startsWith(prefix) ? slot.open() : null;
            if (store != null) {
                open.put(topic.substring(prefix.length()), store);
            }
        });
        open.forEach(action);
    }

    /** Writes what happens to a store into the log. */
    private final class Events implements Recorder {
        private final Slot slot;

        Events(Slot slot) {
            this.slot = slot;
        }

        @Override
        public void written(@Nullable StateVersion before, Stored<?> after) {
            Long timestampMs = after.event().timestampMs();
            record(new StoreEvent(
                    0,
                    slot.topic(),
                    StoreEvent.Kind.WRITTEN,
                    before,
                    after.version(),
                    after.snapshot(),
                    after.event().sourceId(),
                    timestampMs == null ? clock.millis() : timestampMs));
        }

        @Override
        public void removed(StateVersion last) {
            Epochs.ended(slot.topic(), last, clock);
            record(new StoreEvent(0, slot.topic(), StoreEvent.Kind.REMOVED, last, last, null, null, clock.millis()));
            slots.remove(slot.topic(), slot);
        }

        private void record(StoreEvent event) {
            listeners.offer(ring.add(event));
        }

        @Override
        public void announce() {
            listeners.announce();
        }
    }
}
