package io.statesync.persistence.jdbc;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.TimeSource;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import io.statesync.source.internal.Delivery;
import io.statesync.source.internal.Feeds;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How an authority's subscriptions hear: of its own writes at once, of others' by looking at the version every so often, and
 * by another subscriber if there is one. It looks only while there is a subscription, and has no thread.
 */
final class Hearing implements InvalidationSubscriber {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");

    private final String topic;
    private final Callable<StateVersion> version;
    private final Executor executor;
    private final Duration interval;
    private final @Nullable InvalidationSubscriber other;
    private final AtomicReference<@Nullable InvalidationEvent> newest = new AtomicReference<>();
    private final Feeds feeds = new Feeds(newest::get, DefaultExecutor.SHARED);

    private final Object lock = new Object();
    private final Set<Link> links = new LinkedHashSet<>(); // guarded by lock
    private @Nullable Looks looks; // guarded by lock; there while there are links

    /**
     * Hears of a topic.
     *
     * @param version reads the version, blocking; called on the executor
     * @param interval how often it is read
     * @param other hears of others' writes too; null for none
     */
    Hearing(
            String topic,
            Callable<StateVersion> version,
            Executor executor,
            Duration interval,
            @Nullable InvalidationSubscriber other) {
        this.topic = topic;
        this.version = version;
        this.executor = new Delivery(executor);
        this.interval = interval;
        this.other = other;
    }

    /** Tells of a version that was committed. */
    void wrote(StateVersion at, @Nullable String sourceId) {
        InvalidationEvent event = new InvalidationEvent(topic, at.revision(), at.epoch(), sourceId, null);
        InvalidationEvent after = newest.accumulateAndGet(event, Hearing::newer);
        if (after == event) {
            feeds.announce();
        }
    }

    private static @Nullable InvalidationEvent newer(
            @Nullable InvalidationEvent known, @Nullable InvalidationEvent event) {
        return event != null && version(event).isNewerThan(known == null ? null : version(known)) ? event : known;
    }

    private static StateVersion version(InvalidationEvent event) {
        return StateVersion.of(Objects.requireNonNull(event.epoch()), event.revision());
    }

    @Override
    public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws Exception {
        Link link = new Link(handler, feeds.add(handler));
        begin(link);
        if (other == null) {
            return CompletableFuture.completedFuture(link);
        }
        try {
            return other.subscribe(handler).handle((subscription, failure) -> {
                if (failure != null) {
                    close(link, failure);
                    throw new CompletionException(failure);
                }
                link.other = subscription;
                return link;
            });
        } catch (Throwable t) {
            close(link, t);
            throw t;
        }
    }

    private static void close(Link link, Throwable cause) {
        try {
            link.close();
        } catch (Exception e) {
            cause.addSuppressed(e);
        }
    }

    private void begin(Link link) {
        synchronized (lock) {
            links.add(link);
            if (looks == null) {
                looks = new Looks(interval);
                looks.next();
            }
        }
    }

    private void end(Link link) {
        synchronized (lock) {
            links.remove(link);
            if (links.isEmpty() && looks != null) {
                looks.end();
                looks = null;
            }
        }
    }

    /** A subscription. */
    private final class Link implements Subscription {
        private final InvalidationHandler handler;
        private final Subscription feed;
        private volatile @Nullable Subscription other; // set before the subscription is given out

        Link(InvalidationHandler handler, Subscription feed) {
            this.handler = handler;
            this.feed = feed;
        }

        @Override
        public void close() throws Exception {
            end(this);
            feed.close();
            Subscription also = other;
            if (also != null) {
                also.close();
            }
        }
    }

    /** Looks at the version, one after the other, until they are ended. */
    private final class Looks {
        private final Duration pause;
        private TimeSource.@Nullable Timer timer; // guarded by lock
        private boolean over; // guarded by lock
        private boolean failing; // by the look under way only

        Looks(Duration pause) {
            this.pause = pause;
        }

        void next() {
            synchronized (lock) {
                if (!over) {
                    timer = TimeSource.system().schedule(() -> executor.execute(this::look), pause);
                }
            }
        }

        void end() {
            synchronized (lock) {
                over = true;
                if (timer != null) {
                    timer.cancel();
                }
            }
        }

        private void look() {
            try {
                StateVersion now = version.call();
                if (failing) {
                    failing = false;
                    log.info("topic={} the version can be read again", key());
                    tell(InvalidationHandler::reconnected);
                }
                wrote(now, null);
            } catch (Throwable t) { // whatever it is, the next look may do
                if (!failing) {
                    failing = true;
                    Quietly.run(() -> log.warn(
                            "topic={} the version cannot be read, and is tried again every {}", key(), pause, t));
                    tell(InvalidationHandler::disconnected);
                }
            } finally {
                next();
            }
        }

        private String key() {
            return TopicKey.of(topic).name();
        }

        private void tell(Consumer<InvalidationHandler> what) {
            List<Link> told;
            synchronized (lock) {
                told = over ? List.of() : List.copyOf(links);
            }
            told.forEach(link -> Quietly.run(() -> what.accept(link.handler)));
        }
    }
}
