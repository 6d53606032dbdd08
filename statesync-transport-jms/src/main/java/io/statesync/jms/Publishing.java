package io.statesync.jms;

import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.TimeSource;
import io.statesync.internal.Conflator;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreEvent;
import io.statesync.source.internal.Catalog;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What a publisher does: which topics are due, and what is said of them. */
final class Publishing implements Role {
    /** An interval's announcements come in so many parts. */
    private static final int PARTS = 10;

    private static final int MOST_READS = 16;

    /** How to publish. */
    record Options(
            String destination,
            int inline,
            Duration announceEvery,
            Duration timeToLive,
            int priority,
            Duration sourceTimeout) {}

    /** Why a topic is due, the later the more. */
    private enum Why {
        /** To say again what is known. */
        KNOWN,
        /** To look where it is, and say that. */
        LOOK,
        /** It moved. */
        NEWS
    }

    private final JmsConnection connection;
    private final Options options;
    private final Sources sources;
    private final List<SourceFeed> feeds = new ArrayList<>();
    private final Pump pump;

    private final Object lock = new Object();
    private final Map<String, Why> due = new LinkedHashMap<>(); // guarded by lock
    private final Map<String, InvalidationEvent> newest = new HashMap<>(); // guarded by lock; what is known of topics
    private final List<CompletableFuture<@Nullable Void>> flushing = new ArrayList<>(); // guarded by lock
    private @Nullable Opened opened; // guarded by lock
    private int reading; // guarded by lock
    private int sending; // guarded by lock
    private int part; // guarded by lock
    private boolean failing; // guarded by lock; it was reported
    private boolean closed; // guarded by lock
    private TimeSource.@Nullable Timer timer; // guarded by lock

    /** What was made on a connection. */
    record Opened(Live live, Outlet outlet, jakarta.jms.Topic destination) {}

    Publishing(JmsConnection connection, Catalog catalog, Options options) {
        this.connection = connection;
        this.options = options;
        this.pump = new Pump();
        this.sources =
                new Sources(catalog, options.sourceTimeout(), connection.time(), connection.executor, this::happened);
        catalog.authorities().forEach(served -> {
            String topic = served.authority().topic();
            feeds.add(new SourceFeed(connection, served.authority(), this::moved, () -> due(topic, Why.LOOK)));
        });
    }

    void begin() {
        try {
            connection.join(this);
        } catch (IllegalStateException e) {
            close();
            throw e;
        }
        feeds.forEach(SourceFeed::begin);
        tickLater();
    }

    String destination() {
        return options.destination();
    }

    // ---- what is due

    private void happened(StoreEvent event) {
        String topic = event.topic();
        if (sources.catalog().isAuthority(topic)) {
            return;
        }
        if (event.kind() == StoreEvent.Kind.REMOVED) {
            synchronized (lock) {
                due.remove(topic);
                newest.remove(topic);
            }
            return;
        }
        StateVersion version = event.version();
        moved(new InvalidationEvent(topic, version.revision(), version.epoch(), event.sourceId(), event.timestampMs()));
    }

    private void moved(InvalidationEvent event) {
        String topic = String.valueOf(event.topic());
        synchronized (lock) {
            InvalidationEvent known = newest.get(topic);
            if (known != null && !version(event).isNewerThan(version(known))) {
                return; // a source that hears of itself by what is published would have it published for ever
            }
            newest.put(topic, event);
            due.put(topic, Why.NEWS);
        }
        pump.signal();
    }

    private void know(String topic, InvalidationEvent event) {
        newest.merge(topic, event, (known, next) -> version(known).isNewerThan(version(next)) ? known : next);
    }

    private static StateVersion version(InvalidationEvent event) {
        Revision epoch = event.epoch();
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, event.revision());
    }

    private void due(String topic, Why why) {
        synchronized (lock) {
            due.merge(topic, why, (known, next) -> known.compareTo(next) >= 0 ? known : next);
        }
        pump.signal();
    }

    private void tickLater() {
        double jitter = ThreadLocalRandom.current().nextDouble(0.9, 1.1);
        long nanos = (long) (options.announceEvery().toNanos() * jitter / PARTS);
        synchronized (lock) {
            if (!closed) {
                timer = connection
                        .time()
                        .schedule(() -> connection.executor.execute(this::tick), Duration.ofNanos(nanos));
            }
        }
    }

    private void tick() {
        try {
            announceSome();
        } finally {
            tickLater();
        }
    }

    private void announceSome() {
        int now;
        boolean there;
        synchronized (lock) {
            part = (part + 1) % PARTS;
            now = part;
            there = opened != null;
        }
        if (there) {
            for (String topic : sources.all()) {
                if (Math.floorMod(topic.hashCode(), PARTS) == now) {
                    due(topic, Why.LOOK);
                }
            }
        }
    }

    // ---- saying it

    /** Takes what is due and says it, on the executor, where a slow broker may hold it up. */
    private final class Pump extends Conflator {
        Pump() {
            super(connection.executor);
        }

        @Override
        protected void run() {
            boolean more = true;
            while (more) {
                more = next();
            }
            settle();
        }

        @Override
        protected void failed(Throwable error) {
            JmsConnection.LOG.error("publishing failed destination={}", options.destination(), error);
        }
    }

    private boolean next() {
        String topic;
        Why why;
        Opened on;
        synchronized (lock) {
            on = opened;
            if (on == null || due.isEmpty() || reading + sending >= MOST_READS) {
                return false;
            }
            Map.Entry<String, Why> first = due.entrySet().iterator().next();
            topic = first.getKey();
            why = first.getValue();
            due.remove(topic);
            reading++;
        }
        say(on, topic, why);
        return true;
    }

    private void say(Opened on, String topic, Why why) {
        RevisionedStore<?> store = sources.catalog().store(topic);
        boolean inline = why == Why.NEWS && options.inline() > 0;
        boolean look = why == Why.LOOK && store == null;
        InvalidationEvent known;
        synchronized (lock) {
            known = newest.get(topic);
        }
        if (store != null && why != Why.NEWS) {
            known = InvalidationEvent.of(topic, store.version());
        }
        if (!inline && !look && known != null) {
            send(on, topic, known, null);
            read();
            return;
        }
        InvalidationEvent event = known;
        var unused = sources.read(topic).whenComplete((encoded, error) -> {
            if (error != null) {
                JmsConnection.LOG.error("a source could not be read topic={}", Texts.quote(topic), error);
            }
            if (encoded != null) {
                InvalidationEvent at = event != null && version(event).equals(encoded.version())
                        ? event
                        : InvalidationEvent.of(topic, encoded.version());
                synchronized (lock) {
                    know(topic, at);
                }
                send(on, topic, at, inline ? encoded : null);
            } else if (error != null && event != null) {
                send(on, topic, event, null);
            }
            read(); // now that it counts as being sent
        });
    }

    private void read() {
        boolean wanted;
        synchronized (lock) {
            reading--;
            wanted = isPumpWanted();
        }
        if (wanted) {
            pump.signal();
        }
    }

    /** Whether something has waited for what was under way: a topic that is due, or a flush. The lock is held. */
    private boolean isPumpWanted() {
        return !due.isEmpty() || !flushing.isEmpty();
    }

    private void send(Opened on, String topic, InvalidationEvent event, @Nullable Encoded encoded) {
        if (!published(topic)) {
            return;
        }
        synchronized (lock) {
            sending++;
        }
        on.outlet.add(new EventMessage(on, options, topic, event, encoded, error -> ended(topic, error)));
    }

    /** Whether it is there, and has a codec. */
    private boolean published(String topic) {
        try {
            return sources.find(topic) != null;
        } catch (RuntimeException e) { // no codec could be had
            JmsConnection.LOG.error("a topic could not be published topic={}", Texts.quote(topic), e);
            return false;
        }
    }

    private void ended(String topic, @Nullable Throwable error) {
        boolean report = false;
        boolean wanted;
        synchronized (lock) {
            sending--;
            if (error != null) {
                due.merge(topic, Why.NEWS, (known, next) -> next);
                report = !failing;
            }
            failing = error != null;
            wanted = isPumpWanted();
        }
        if (report) {
            JmsConnection.LOG.warn(
                    "an event could not be sent, and is sent again topic={} error={}",
                    Texts.quote(topic),
                    String.valueOf(error));
        }
        if (wanted) {
            pump.signal();
        }
    }

    // ---- flushing

    CompletableFuture<@Nullable Void> flush() {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        synchronized (lock) {
            if (closed) {
                done.completeExceptionally(new IOException("the publisher was closed"));
                return done;
            }
            flushing.add(done);
        }
        pump.signal();
        return done;
    }

    private void settle() {
        List<CompletableFuture<@Nullable Void>> done;
        synchronized (lock) {
            if (flushing.isEmpty() || opened == null || !due.isEmpty() || reading > 0 || sending > 0) {
                return;
            }
            done = List.copyOf(flushing);
            flushing.clear();
        }
        connection.executor.execute(() -> done.forEach(each -> each.complete(null)));
    }

    // ---- the connection

    @Override
    public void open(Live live) throws JMSException {
        Session session = live.session();
        try {
            Opened[] made = new Opened[1];
            Outlet outlet = new Outlet(session, cause -> broken(made[0], cause));
            Opened on = new Opened(live, outlet, session.createTopic(options.destination()));
            made[0] = on;
            List<String> all = sources.all();
            boolean late;
            synchronized (lock) {
                late = closed || live.isDead();
                opened = late ? null : on;
                all.forEach(topic -> due.putIfAbsent(topic, Why.KNOWN));
            }
            if (late) {
                Live.closeNow(session);
            }
        } catch (JMSException | RuntimeException e) {
            Live.closeNow(session);
            throw e;
        }
        pump.signal();
    }

    private void broken(@Nullable Opened on, Throwable cause) {
        synchronized (lock) {
            if (on == null || opened != on) {
                return;
            }
            opened = null;
        }
        on.live.close(on.outlet.session());
        connection.failed(this, on.live, cause);
    }

    @Override
    public void lost(Throwable cause, long attempt) {
        synchronized (lock) {
            if (opened == null || opened.live.attempt <= attempt) {
                opened = null;
            }
        }
    }

    @Override
    public void closed() {
        close();
    }

    void close() {
        List<CompletableFuture<@Nullable Void>> failed;
        Opened ending;
        synchronized (lock) {
            closed = true;
            ending = opened;
            opened = null;
            failed = List.copyOf(flushing);
            flushing.clear();
            due.clear();
            if (timer != null) {
                timer.cancel();
            }
        }
        feeds.forEach(SourceFeed::close);
        Quietly.run(sources::close);
        if (ending != null) {
            ending.live.close(ending.outlet.session());
        }
        connection.leave(this);
        failed.forEach(each -> each.completeExceptionally(new IOException("the publisher was closed")));
    }

    @Override
    public String toString() {
        return "publisher";
    }
}
