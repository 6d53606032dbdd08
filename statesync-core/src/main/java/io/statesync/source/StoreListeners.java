package io.statesync.source;

import io.statesync.Subscription;
import io.statesync.internal.Conflator;
import io.statesync.internal.Quietly;
import io.statesync.source.internal.Delivery;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscriptions to all stores of a registry. Each holds at most one event of a topic, the newest, until it is told.
 *
 * <p>Events of a topic are offered in their order, by the writer that holds the store's write lock. Safe for use from any
 * thread.
 */
final class StoreListeners {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");

    private final List<Feed> feeds = new CopyOnWriteArrayList<>();
    private final Executor executor;

    StoreListeners(Executor executor) {
        this.executor = new Delivery(executor);
    }

    /** Adds a subscription to the topics under a prefix, which its close removes. */
    Subscription add(String prefix, StoreListener listener) {
        Feed feed = new Feed(prefix, listener);
        feeds.add(feed);
        return feed;
    }

    /** Keeps an event for all. */
    void offer(StoreEvent event) {
        for (Feed feed : feeds) {
            feed.offer(event);
        }
    }

    /** Has all tell what they keep. */
    void announce() {
        for (Feed feed : feeds) {
            feed.signalIfPending();
        }
    }

    private final class Feed extends Conflator implements Subscription {
        private final String prefix;
        private final StoreListener listener;
        private final Map<String, StoreEvent> pending = new LinkedHashMap<>(); // guarded by itself
        private volatile boolean open = true;

        Feed(String prefix, StoreListener listener) {
            super(executor);
            this.prefix = prefix;
            this.listener = listener;
        }

        void offer(StoreEvent event) {
            if (open && event.topic().startsWith(prefix)) {
                synchronized (pending) {
                    pending.put(event.topic(), event);
                }
            }
        }

        void signalIfPending() {
            synchronized (pending) {
                if (pending.isEmpty()) {
                    return;
                }
            }
            signal();
        }

        private @Nullable StoreEvent take() {
            synchronized (pending) {
                Iterator<StoreEvent> events = pending.values().iterator();
                if (!events.hasNext()) {
                    return null;
                }
                StoreEvent event = events.next();
                events.remove();
                return event;
            }
        }

        @Override
        protected void run() {
            int due;
            synchronized (pending) {
                due = pending.size();
            }
            for (int i = 0; i < due && open; i++) {
                StoreEvent event = take();
                if (event != null) {
                    tell(event);
                }
            }
            signalIfPending(); // others on the executor have their turn in between
        }

        private void tell(StoreEvent event) {
            try {
                listener.onEvent(Prefixes.relative(prefix, event));
            } catch (Throwable t) { // later events must still be heard
                Quietly.run(() -> log.error("a listener threw at event id={} topic={}", event.id(), event.topic(), t));
            }
        }

        @Override
        protected void failed(Throwable error) {
            log.error("a listener was not told of events, and will be at the next one", error);
        }

        @Override
        public void close() {
            open = false;
            feeds.remove(this);
            synchronized (pending) {
                pending.clear();
            }
        }
    }
}
