package io.statesync.jms;

import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.StateVersion;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which topics are due to be published, and what is known of them. What can be said at once waits apart from what must be read
 * from its source first, so that a source that does not answer holds up nobody else. Guarded by its publisher's lock.
 */
final class Backlog {
    private static final int MOST_READS = 16;
    private static final int MOST_SENDS = 16;

    /** Why something can be said of a topic at once, the later the more. */
    private enum Why {
        /** To say where it is. */
        KNOWN,
        /** It moved. */
        NEWS
    }

    /**
     * What to say next.
     *
     * @param news whether it moved; else it is only said where it is
     * @param known the newest that is known; null if the source must be read to know
     * @param read whether the source is to be read; then {@link #readEnded} is told
     * @param inline whether the state is to be sent, if it is short
     */
    record Item(String topic, boolean news, @Nullable InvalidationEvent known, boolean read, boolean inline) {}

    private final boolean inline;
    private final Predicate<String> inMemory;
    private final Map<String, Why> ready = new LinkedHashMap<>();
    private final Set<String> looks = new LinkedHashSet<>();
    private final Map<String, Boolean> reading = new HashMap<>(); // whether for news
    private final Map<String, InvalidationEvent> newest = new HashMap<>();
    private int sending;

    /**
     * Nothing is due.
     *
     * @param inline whether states are sent with the news of them
     * @param inMemory whether a topic's source is at hand, so that reading it takes no time
     */
    Backlog(boolean inline, Predicate<String> inMemory) {
        this.inline = inline;
        this.inMemory = inMemory;
    }

    // ---- what is due

    /** A topic is at a version. Whether that is news: a source that hears of itself by what is published goes on for ever. */
    boolean moved(String topic, InvalidationEvent event) {
        InvalidationEvent known = newest.get(topic);
        InvalidationEvent dated = known == null ? event : dated(event, known);
        if (known != null && !version(dated).isNewerThan(version(known))) {
            return false;
        }
        newest.put(topic, dated);
        ready.put(topic, Why.NEWS);
        return true;
    }

    /** One without an epoch is of the epoch that is known (contract X3). */
    private static InvalidationEvent dated(InvalidationEvent event, InvalidationEvent known) {
        return event.epoch() != null || known.epoch() == null
                ? event
                : new InvalidationEvent(
                        event.topic(), event.revision(), known.epoch(), event.sourceId(), event.timestampMs());
    }

    /** Where a topic in memory is now, of which its source may not have come to tell yet. */
    void isAt(String topic, InvalidationEvent event) {
        if (!newest.containsKey(topic)) {
            ready.putIfAbsent(topic, Why.KNOWN);
        } else {
            var unused = moved(topic, event);
        }
    }

    /** Where a topic is must be said, and looked up if it is not in memory. */
    void look(String topic) {
        if (inMemory.test(topic)) {
            ready.putIfAbsent(topic, Why.KNOWN);
        } else {
            looks.add(topic);
        }
    }

    /** Where a topic is must be said, as far as it is known. */
    void say(String topic) {
        if (inMemory.test(topic) || newest.containsKey(topic)) {
            ready.putIfAbsent(topic, Why.KNOWN);
        } else {
            looks.add(topic);
        }
    }

    /** What was to be said of a topic was not. Without its state, which may be why. */
    void again(String topic, InvalidationEvent event) {
        know(topic, event);
        ready.putIfAbsent(topic, Why.KNOWN);
    }

    /** A topic that something was to be said of was not there. It may have been made anew meanwhile. */
    void absent(String topic, InvalidationEvent event) {
        newest.remove(topic, event);
    }

    /** Where a topic was when it was read. */
    void know(String topic, InvalidationEvent event) {
        newest.merge(topic, event, (known, next) -> version(known).isNewerThan(version(next)) ? known : next);
    }

    static StateVersion version(InvalidationEvent event) {
        Revision epoch = event.epoch();
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, event.revision());
    }

    void removed(String topic) {
        ready.remove(topic);
        looks.remove(topic);
        newest.remove(topic);
    }

    // ---- what to say next

    /** The next that may be said now; null if there is none. */
    @Nullable
    Item take() {
        if (sending >= MOST_SENDS) {
            return null; // readings end in sending too
        }
        Item item = takeReady();
        return item != null ? item : takeLook();
    }

    private @Nullable Item takeReady() {
        for (Map.Entry<String, Why> each : ready.entrySet()) {
            String topic = each.getKey();
            boolean news = each.getValue() == Why.NEWS;
            boolean stored = inMemory.test(topic);
            boolean wanted = news && inline && !stored; // read, to send the state
            boolean before = reading.getOrDefault(topic, false); // news is read: that goes first, with its state
            if (!wanted || !before) {
                ready.remove(topic);
                boolean read = wanted && begin(topic, true);
                return new Item(topic, news, newest.get(topic), read, news && inline && (stored || read));
            }
        }
        return null;
    }

    private @Nullable Item takeLook() {
        if (reading.size() >= MOST_READS) {
            return null;
        }
        for (String topic : looks) {
            if (begin(topic, false)) {
                looks.remove(topic);
                return new Item(topic, false, null, true, false);
            }
        }
        return null;
    }

    /** Whether a topic may be read now: not twice at a time, and not too many. */
    private boolean begin(String topic, boolean news) {
        return reading.size() < MOST_READS && reading.putIfAbsent(topic, news) == null;
    }

    void readEnded(String topic) {
        reading.remove(topic);
    }

    void sendBegun() {
        sending++;
    }

    void sendEnded() {
        sending--;
    }

    /** Whether there is nothing more to say. */
    boolean isEmpty() {
        return ready.isEmpty() && looks.isEmpty();
    }

    /** Whether all that was known was said. What is only looked up may never be. */
    boolean isDone() {
        return ready.isEmpty() && !reading.containsValue(true) && sending == 0;
    }

    void clear() {
        ready.clear();
        looks.clear();
    }
}
