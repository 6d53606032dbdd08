package io.statesync.source;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.Subscription;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscriptions of a source. Handlers neither throw nor block; should one throw all the same, the others still hear.
 *
 * <p>Safe for use from any thread, also from inside a handler.
 */
final class Subscribers {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");

    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    /** One subscription; the same handler may have several. */
    private static final class Entry {
        private final InvalidationHandler handler;

        Entry(InvalidationHandler handler) {
            this.handler = handler;
        }
    }

    /** Adds a subscription, which its close removes. */
    Subscription add(InvalidationHandler handler) {
        Entry entry = new Entry(Objects.requireNonNull(handler, "handler"));
        entries.add(entry);
        return () -> entries.remove(entry);
    }

    /** Tells all of an event. */
    void event(InvalidationEvent event) {
        forEach(handler -> handler.event(event));
    }

    /** Tells all that nothing more will come, and forgets them. */
    void disconnect() {
        forEach(InvalidationHandler::disconnected);
        entries.clear();
    }

    private void forEach(Consumer<InvalidationHandler> call) {
        for (Entry entry : entries) {
            try {
                call.accept(entry.handler);
            } catch (RuntimeException | Error e) {
                log.error("a subscriber's handler failed", e);
            }
        }
    }
}
