package io.statesync.source.internal;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.Subscription;
import io.statesync.internal.Conflator;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscriptions of a source. Each hears by itself, one call at a time and of the newest event only, so one that is
 * slow or throws holds up neither the source nor the others.
 *
 * <p>Safe for use from any thread, also from inside a handler.
 */
public final class Feeds {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");
    private static final Feed[] NONE = {};

    private final Supplier<? extends @Nullable InvalidationEvent> newest;
    private final Executor executor;
    private final Set<Feed> feeds = new LinkedHashSet<>(); // guarded by itself
    private volatile Feed @Nullable [] array = NONE; // the feeds; null when they have changed
    private volatile boolean disconnected;

    /**
     * The subscriptions of one source.
     *
     * @param newest the newest event; null before the first
     * @param executor what handlers are called on
     */
    public Feeds(Supplier<? extends @Nullable InvalidationEvent> newest, Executor executor) {
        this.newest = newest;
        this.executor = new Delivery(executor);
    }

    /**
     * Adds a subscription, which its close removes. It hears of what comes after the newest event.
     *
     * @throws IllegalStateException if the source is disconnected
     */
    public Subscription add(InvalidationHandler handler) {
        Feed feed = new Feed(Objects.requireNonNull(handler, "handler"));
        synchronized (feeds) {
            if (disconnected) {
                throw new IllegalStateException("the source is closed");
            }
            feeds.add(feed);
            array = null;
        }
        return feed;
    }

    /** There is a newer event. */
    public void announce() {
        for (Feed feed : all()) {
            feed.signal();
        }
    }

    /** Tells all that nothing more will come, and forgets them. */
    public void disconnect() {
        synchronized (feeds) {
            disconnected = true;
        }
        announce();
        synchronized (feeds) {
            feeds.clear();
            array = NONE;
        }
    }

    private Feed[] all() {
        Feed[] all = array;
        if (all == null) {
            synchronized (feeds) {
                all = feeds.toArray(NONE);
                array = all;
            }
        }
        return all;
    }

    private final class Feed extends Conflator implements Subscription {
        private final InvalidationHandler handler;
        private volatile boolean open = true;
        private @Nullable InvalidationEvent told; // by the run under way only

        Feed(InvalidationHandler handler) {
            super(executor);
            this.handler = handler;
            this.told = newest.get();
        }

        @Override
        protected void run() {
            boolean last = disconnected;
            try {
                tell(newest.get());
            } finally {
                if (open && last) {
                    open = false;
                    handler.disconnected();
                }
            }
        }

        private void tell(@Nullable InvalidationEvent event) {
            if (open && event != null && event != told) {
                told = event;
                handler.event(event);
            }
        }

        @Override
        protected void failed(Throwable error) {
            log.error("a subscriber was not told of an event, and will be of the next one", error);
        }

        @Override
        public void close() {
            open = false;
            synchronized (feeds) {
                feeds.remove(this);
                array = null;
            }
        }
    }
}
