package io.statesync.jms;

import io.statesync.InvalidationEvent;
import io.statesync.StateVersion;
import io.statesync.TimeSource;
import io.statesync.internal.Conflator;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.source.Authority;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreEvent;
import io.statesync.source.internal.Catalog;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** What a publisher does: which topics are due, and what is said of them. */
final class Publishing implements Role {
    /** An interval's announcements come in so many parts. */
    private static final int PARTS = 10;

    /** So many messages one thread sends before others have their turn. */
    private static final int AT_ONCE = 100;

    /** How to publish. */
    record Options(
            String destination,
            int inline,
            Duration announceEvery,
            Duration timeToLive,
            int priority,
            Duration sourceTimeout) {}

    private final JmsConnection connection;
    private final Options options;
    private final Sources sources;
    private final List<SourceFeed> feeds = new ArrayList<>();
    private final Pump pump;

    private final Object lock = new Object();
    private final Backlog backlog; // guarded by lock
    private final List<CompletableFuture<@Nullable Void>> flushing = new ArrayList<>(); // guarded by lock
    private @Nullable Opened opened; // guarded by lock
    private int part; // guarded by lock
    private boolean failing; // guarded by lock; it was reported
    private volatile boolean illFormed; // it was reported
    private boolean closed; // guarded by lock
    private TimeSource.@Nullable Timer timer; // guarded by lock

    /** What was made on a connection. */
    record Opened(Live live, Outlet outlet, jakarta.jms.Topic destination) {}

    Publishing(JmsConnection connection, Catalog catalog, Options options) {
        this.connection = connection;
        this.options = options;
        this.pump = new Pump();
        this.sources = new Sources(catalog, options.sourceTimeout(), connection.time(), connection.executor);
        this.backlog = new Backlog(options.inline() > 0, topic -> catalog.store(topic) != null);
        catalog.authorities().forEach(served -> {
            Authority<?> authority = served.authority();
            boolean store = authority instanceof RevisionedStore;
            feeds.add(
                    new SourceFeed(connection, authority, event -> moved(event, store), () -> look(authority.topic())));
        });
    }

    void begin() {
        try {
            sources.subscribe(this::happened);
            connection.join(this);
        } catch (RuntimeException e) { // the connection was closed, or a registry was
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
        if (!TopicNames.isWellFormed(topic)) {
            if (!illFormed) {
                illFormed = true;
                JmsConnection.LOG.error(
                        "a topic has half a surrogate pair, and is not published, nor are others like it topic={}",
                        Texts.quote(topic));
            }
            return;
        }
        if (event.kind() == StoreEvent.Kind.REMOVED) {
            synchronized (lock) {
                backlog.removed(topic);
            }
            return;
        }
        StateVersion version = event.version();
        moved(
                new InvalidationEvent(
                        topic, version.revision(), version.epoch(), event.sourceId(), event.timestampMs()),
                true);
    }

    /**
     * A topic moved.
     *
     * @param store whether a store says so, which tells each listener by itself. On a thread of the shared pool, its default,
     *     it costs less to publish than to wake another, and a broker that holds it up holds up nobody else
     */
    private void moved(InvalidationEvent event, boolean store) {
        synchronized (lock) {
            if (!backlog.moved(String.valueOf(event.topic()), event)) {
                return;
            }
        }
        if (store && connection.mayBlockHere()) {
            pump.signalHere();
        } else {
            pump.signal();
        }
    }

    private void look(String topic) {
        synchronized (lock) {
            backlog.look(topic);
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
        } catch (Throwable t) { // the codecs of a registry are user code
            JmsConnection.LOG.error("topics could not be announced destination={}", options.destination(), t);
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
                    look(topic);
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
            int said = 0;
            while (said < AT_ONCE && next()) {
                said++;
            }
            if (said == AT_ONCE) {
                signal();
            }
            settle();
        }

        @Override
        protected void failed(Throwable error) {
            JmsConnection.LOG.error("publishing failed destination={}", options.destination(), error);
        }
    }

    /** Says the next that is due, or has it read first. By the pump alone. */
    private boolean next() {
        Backlog.Item item;
        synchronized (lock) {
            item = opened == null ? null : backlog.take();
        }
        if (item == null) {
            return false;
        }
        if (item.read() || item.inline()) {
            read(item);
        } else {
            RevisionedStore<?> store = item.news() ? null : sources.catalog().store(item.topic());
            send(
                    item.topic(),
                    store == null ? item.known() : InvalidationEvent.of(item.topic(), store.version()),
                    null);
        }
        return true;
    }

    private void read(Backlog.Item item) {
        String topic = item.topic();
        InvalidationEvent known = item.known();
        var unused = sources.read(topic).whenComplete((encoded, error) -> {
            if (error != null) {
                JmsConnection.LOG.error("a source could not be read topic={}", Texts.quote(topic), error);
            }
            Encoded sent = item.inline() ? encoded : null;
            if (encoded == null || (known != null && Backlog.version(known).isNewerThan(encoded.version()))) {
                send(topic, known, null); // it was not read, or lags behind what it told
            } else if (known != null && Backlog.version(known).equals(encoded.version())) {
                send(topic, known, sent);
            } else {
                send(topic, InvalidationEvent.of(topic, encoded.version()), sent);
            }
            if (item.read()) {
                readEnded(topic); // now that it counts as being sent
            }
        });
    }

    private void readEnded(String topic) {
        boolean wanted;
        synchronized (lock) {
            backlog.readEnded(topic);
            wanted = isPumpWanted();
        }
        if (wanted) {
            pump.signal();
        }
    }

    /** Whether something has waited for what was under way: a topic that is due, or a flush. The lock is held. */
    private boolean isPumpWanted() {
        return !backlog.isEmpty() || !flushing.isEmpty();
    }

    private void send(String topic, @Nullable InvalidationEvent event, @Nullable Encoded encoded) {
        if (event == null) {
            return; // it could not be read, and that was reported
        }
        boolean there = published(topic);
        Opened on;
        synchronized (lock) {
            on = opened;
            if (!there) {
                backlog.absent(topic, event);
                return;
            }
            if (on == null) { // it was lost meanwhile
                backlog.again(topic, event);
                return;
            }
            backlog.know(topic, event);
            backlog.sendBegun();
        }
        on.outlet.add(new EventMessage(on, options, topic, event, encoded, error -> ended(topic, event, error)));
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

    private void ended(String topic, InvalidationEvent event, @Nullable Throwable error) {
        boolean report = false;
        boolean wanted;
        synchronized (lock) {
            backlog.sendEnded();
            if (error != null) {
                backlog.again(topic, event);
                report = !failing;
            }
            failing = error != null;
            if (!sources.catalog().exists(topic)) { // it went while this was sent
                backlog.absent(topic, event);
            }
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
        List<String> inMemory = sources.all();
        synchronized (lock) {
            if (closed) {
                done.completeExceptionally(new IOException("the publisher was closed"));
                return done;
            }
            flushing.add(done);
            for (String topic : inMemory) { // a store may not have come to tell of its newest write yet
                RevisionedStore<?> store = sources.catalog().store(topic);
                if (store != null) {
                    backlog.isAt(topic, InvalidationEvent.of(topic, store.version()));
                }
            }
        }
        pump.signal();
        return done;
    }

    private void settle() {
        List<CompletableFuture<@Nullable Void>> done;
        synchronized (lock) {
            if (flushing.isEmpty() || opened == null || !backlog.isDone()) {
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
                all.forEach(backlog::say);
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
        connection.failed(this, on.live, cause, JmsConnection.isRefusal(cause));
    }

    @Override
    public void lost(Throwable cause, long attempt, boolean refused) {
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
            backlog.clear();
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
