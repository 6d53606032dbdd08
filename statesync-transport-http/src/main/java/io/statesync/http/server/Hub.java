package io.statesync.http.server;

import io.statesync.InvalidationEvent;
import io.statesync.Subscription;
import io.statesync.http.server.internal.Telling;
import io.statesync.http.server.internal.Ticker;
import io.statesync.internal.Quietly;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreEvent;
import io.statesync.source.StoreRegistry;
import io.statesync.source.internal.Catalog;
import io.statesync.source.internal.Served;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the servlet serves: the sources, the topics that somebody uses, and the streams.
 *
 * <p>Safe for use from any thread.
 */
final class Hub {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private static final int IDS_PER_MS_BITS = 10;

    private final Catalog catalog;
    private final ServerOptions options;
    private final Map<String, Topic> topics = new ConcurrentHashMap<>();
    private final Map<String, EventStream> streams = new ConcurrentHashMap<>();
    private final AtomicLong lastId;
    private final List<Subscription> registries = new ArrayList<>();
    private final Object lock = new Object();
    private final Ticker ticker;
    private final Telling telling;
    private volatile boolean stopping;

    Hub(Catalog catalog, ServerOptions options) {
        this.catalog = catalog;
        this.options = options;
        this.lastId = new AtomicLong(options.timeSource().now().toEpochMilli() << IDS_PER_MS_BITS);
        this.telling = new Telling(options.executor(), log);
        this.ticker = ticker(options, this);
        for (StoreRegistry registry : catalog.registries()) {
            registries.add(registry.subscribe(this::happened));
        }
    }

    ServerOptions options() {
        return options;
    }

    /** An id for an announcement: they rise, also over restarts unless the clock goes back. */
    long nextId() {
        return lastId.incrementAndGet();
    }

    boolean isStopping() {
        return stopping;
    }

    // ---- topics

    @Nullable
    Served<?> find(String topic) {
        return catalog.find(topic);
    }

    /** The store of a topic that is one, and needs no reading; null otherwise. */
    @Nullable
    RevisionedStore<?> store(String topic) {
        return catalog.store(topic);
    }

    boolean exists(String topic) {
        return catalog.exists(topic);
    }

    boolean isSubscribedByTopic(String topic) {
        return catalog.isAuthority(topic);
    }

    private void happened(StoreEvent event) {
        if (event.kind() == StoreEvent.Kind.REMOVED) {
            catalog.forget(event.topic());
            Topic removed = topics.computeIfPresent(event.topic(), (name, topic) -> topic.isUsed() ? topic : null);
            if (removed != null && !catalog.exists(event.topic())) {
                removed.removed();
            }
            return;
        }
        Topic topic = topics.get(event.topic());
        if (topic != null) {
            topic.moved(new InvalidationEvent(
                    event.topic(),
                    event.version().revision(),
                    event.version().epoch(),
                    event.sourceId(),
                    event.timestampMs()));
        }
    }

    /** A topic to read; null if there is no such. */
    @Nullable
    Topic existing(String name) {
        if (!catalog.exists(name)) {
            return null;
        }
        Topic known = topics.get(name);
        return known != null ? known : topics.computeIfAbsent(name, n -> new Topic(n, this));
    }

    /** A topic to follow, whether it exists or not; to be given back. */
    Topic acquire(String name) {
        return topics.compute(name, (n, known) -> {
            Topic topic = known == null ? new Topic(n, this) : known;
            topic.addUsers(1);
            return topic;
        });
    }

    void release(Topic topic) {
        topics.computeIfPresent(topic.name(), (name, known) -> {
            if (known != topic) {
                return known;
            }
            return topic.addUsers(-1) == 0 && !catalog.exists(name) ? null : topic;
        });
        topic.useChanged();
    }

    /** Tells those who follow a topic that it may have moved. */
    void fanOut(Collection<Follow> follows) {
        telling.tell(follows, Follow::signal);
    }

    /** Runs something on the executor; here, if it refuses. */
    void run(Runnable task) {
        telling.execute(task);
    }

    // ---- streams

    /**
     * Adds a stream, or closes it.
     *
     * @throws Problem if there are too many, or the server stops
     */
    void add(EventStream stream) throws Problem {
        if (streams.size() >= options.maxStreams() && !makeRoom()) {
            stream.close();
            throw Problem.tooManyStreams(options.maxStreams());
        }
        streams.put(stream.id(), stream);
        ticker.begin();
        if (stopping) {
            stream.close();
            throw Problem.stopping();
        }
    }

    /** Gives up a stream that follows nothing: anybody may make one, also who may not read a topic. */
    private boolean makeRoom() {
        for (EventStream each : streams.values()) {
            if (each.hasNoTopics()) {
                each.close();
                return true;
            }
        }
        return false;
    }

    @Nullable
    EventStream stream(String id) {
        return streams.get(id);
    }

    void forget(EventStream stream) {
        streams.remove(stream.id(), stream);
    }

    List<StreamInfo> infos() {
        return streams.values().stream().map(EventStream::info).toList();
    }

    // ---- time

    private static Ticker ticker(ServerOptions options, Hub hub) {
        Duration often = min(options.heartbeat(), min(options.writeTimeout(), options.streamLinger()))
                .dividedBy(4);
        return new Ticker(options.timeSource(), hub::run, often, hub::tick, () -> !hub.streams.isEmpty());
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private void tick() {
        long now = options.timeSource().nanoTime();
        for (EventStream stream : streams.values()) {
            Quietly.run(() -> stream.tick(now)); // the others' heartbeats depend on it
        }
    }

    /** Ends all streams, and all waiting. */
    void close() {
        synchronized (lock) {
            if (stopping) {
                return;
            }
            stopping = true;
        }
        ticker.stop();
        for (Subscription registry : registries) {
            try {
                registry.close();
            } catch (Exception e) {
                log.error("a registry could not be unsubscribed from", e);
            }
        }
        streams.values().forEach(EventStream::close);
        topics.values().forEach(Topic::release);
    }
}
