package io.statesync.http;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.NotModified;
import io.statesync.ProtocolException;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.http.SseLoop.Opening;
import io.statesync.http.internal.Json;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What a Zuno server says: one stream for all keys, there while there are subscriptions. It keeps the newest state of each
 * key as the bytes that came, for pulls to take from.
 *
 * <p>Each connection begins with a snapshot; no last event id is sent, since some servers answer an id that they do not know
 * with silence. Zuno's versions have no epochs: when a snapshot takes a key back, the server has lost its count, and the key
 * goes on in a further epoch of this feed's own. Safe for use from any thread.
 */
final class ZunoFeed implements SseLoop.Source, SseClient.Listener {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http");

    private final Requests requests;
    private final Endpoint endpoint;
    private final SseOptions options;
    private final Duration readTimeout;
    private final String clientId;

    /** Later than those of any client before, so that what a cache kept from one is older than what the server says now. */
    private final Revision firstEpoch;

    private final Object lock = new Object();
    private final Map<String, Known> known = new HashMap<>(); // guarded by lock
    private final Map<String, Own> own = new HashMap<>(); // guarded by lock
    private final Map<String, List<Link>> links = new LinkedHashMap<>(); // guarded by lock; never empty lists
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>(); // guarded by lock; pulls, for the snapshot
    private @Nullable SseLoop loop; // guarded by lock; there while there are links
    private boolean synced; // guarded by lock; the snapshot of this connection has come
    private boolean closed; // guarded by lock

    /**
     * Nothing is connected to yet.
     *
     * @param readTimeout how long the stream may be silent
     * @param clientId the origin of what this client writes
     */
    ZunoFeed(Requests requests, Endpoint endpoint, SseOptions options, Duration readTimeout, String clientId) {
        this.requests = requests;
        this.endpoint = endpoint;
        this.options = options;
        this.readTimeout = readTimeout;
        this.clientId = clientId;
        this.firstEpoch = Revision.of(Math.max(0, options.time().now().toEpochMilli()));
    }

    /**
     * What is known of a key.
     *
     * @param state the state as JSON; null if the server has none any more
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody changes it, and it is never compared
    record Known(StateVersion version, byte @Nullable [] state) {}

    /** A write of this client's, as the stream told of it. */
    @SuppressWarnings("ArrayRecordComponent") // nobody changes it, and it is never compared
    private record Own(long number, long base, byte[] state) {}

    /** The version of a key that this server has never had. */
    StateVersion none() {
        return StateVersion.of(firstEpoch, Revision.ZERO);
    }

    /** What is known of a key; null if nothing. */
    @Nullable
    Known known(String key) {
        synchronized (lock) {
            return known.get(key);
        }
    }

    /** Whether the snapshot of a connection that is open has come. */
    boolean isSynced() {
        synchronized (lock) {
            return synced;
        }
    }

    // --- subscriptions

    /** A subscription to a key. */
    private final class Link implements Subscription {
        private final String key;
        private final InvalidationHandler handler;
        private final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
        private boolean established; // guarded by lock
        private volatile boolean open = true;

        Link(String key, InvalidationHandler handler) {
            this.key = key;
            this.handler = handler;
        }

        void complete() {
            subscribed.completeAsync(() -> this, DefaultExecutor.SHARED);
        }

        void fail(Throwable cause) {
            open = false;
            DefaultExecutor.SHARED.execute(() -> subscribed.completeExceptionally(cause));
        }

        void tell(Consumer<InvalidationHandler> what) {
            if (open) {
                Quietly.run(() -> what.accept(handler));
            }
        }

        @Override
        public void close() {
            open = false;
            SseLoop ending;
            synchronized (lock) {
                drop(this);
                ending = endIfUnused();
            }
            end(ending);
        }
    }

    CompletionStage<Subscription> subscribe(String key, InvalidationHandler handler) {
        Link link = new Link(key, handler);
        SseLoop begun = null;
        boolean there;
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the client was closed: " + endpoint);
            }
            links.computeIfAbsent(key, k -> new ArrayList<>(1)).add(link);
            there = synced;
            link.established = there;
            if (loop == null) {
                begun = new SseLoop(requests, this, options, this, "", () -> {});
                loop = begun;
            }
        }
        if (begun != null) {
            begun.begin();
        } else if (there) {
            link.complete();
        }
        return link.subscribed.minimalCompletionStage();
    }

    private void drop(Link link) {
        links.computeIfPresent(link.key, (key, all) -> all.remove(link) && all.isEmpty() ? null : all);
    }

    private @Nullable SseLoop endIfUnused() {
        if (!links.isEmpty()) {
            return null;
        }
        SseLoop ending = loop;
        loop = null;
        synced = false;
        return ending;
    }

    private static void end(@Nullable SseLoop ending) {
        if (ending != null) {
            ending.close();
        }
    }

    private List<Link> select(boolean established) {
        List<Link> selected = new ArrayList<>();
        links.values()
                .forEach(all -> all.stream()
                        .filter(link -> link.established == established)
                        .forEach(selected::add));
        return selected;
    }

    // --- pulls

    /** The state of a key, as soon as a connection has told it. */
    <T extends @Nullable Object> CompletionStage<PullResult<T>> pull(ZunoTopic<T> topic, PullRequest request) {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the client was closed: " + endpoint);
            }
            if (synced) {
                ready.complete(null);
            } else {
                waiting.add(ready);
            }
        }
        request.onCancel(() -> {
            synchronized (lock) {
                waiting.removeIf(pull -> pull == ready);
            }
            ready.cancel(false);
        });
        return ready.thenApplyAsync(done -> answer(topic, request.heldVersion()), DefaultExecutor.SHARED);
    }

    private <T extends @Nullable Object> PullResult<T> answer(ZunoTopic<T> topic, @Nullable StateVersion held) {
        Known now = known(topic.key());
        StateVersion version = now == null ? none() : now.version();
        return version.equals(held)
                ? NotModified.instance()
                : topic.snapshot(version, now == null ? null : now.state());
    }

    // --- what the server says

    @Override
    public CompletionStage<Opening> next() {
        return CompletableFuture.completedFuture(
                new Opening(endpoint.get("/sse").build(), readTimeout, false));
    }

    @Override
    public void onEvent(SseEvent event) {
        try {
            byte[] data = event.data().getBytes(StandardCharsets.UTF_8);
            if (event.type().equals("snapshot")) {
                snapshot(data);
            } else if (event.type().equals("state")) {
                state(data);
            }
        } catch (ProtocolException e) {
            SseLoop on;
            synchronized (lock) {
                on = loop;
            }
            if (event.type().equals("snapshot") && on != null) {
                on.restart(e); // whoever waits for it hears why
                return;
            }
            String start = event.type() + " " + Texts.quote(event.data(), 200);
            List<Link> told;
            synchronized (lock) {
                told = select(true);
            }
            told.forEach(link -> link.tell(handler -> handler.malformed(start, e)));
        }
    }

    /** A key's state as the protocol writes it. */
    private static final class Told {
        private @Nullable String key;
        private byte @Nullable [] state;
        private long version = -1;
        private long baseVersion = -1;
        private @Nullable String origin;

        void read(String field, Json.Cursor value) throws ProtocolException {
            switch (field) {
                case "storeKey" -> key = value.text(field);
                case "state" -> state = value.raw();
                case "version" -> version = value.number(field);
                case "baseVersion" -> baseVersion = value.isWholeNumber() ? value.number(field) : -1;
                case "origin" -> origin = value.isString() ? value.text(field) : null;
                default -> {}
            }
        }
    }

    private void snapshot(byte[] data) throws ProtocolException {
        Map<String, Told> records = new LinkedHashMap<>();
        Json.readAnswer(data, (key, value) -> {
            Told record = new Told();
            value.object(record::read);
            if (record.version < 0) {
                throw new ProtocolException("field " + Texts.quote(key) + ": the version is missing, or below 0");
            }
            records.put(key, record);
        });
        List<Link> joined;
        List<Link> resumed;
        List<CompletableFuture<Void>> pulls;
        synchronized (lock) {
            if (loop == null) {
                return;
            }
            records.forEach((key, record) -> take(key, record.version, record.state));
            known.replaceAll((key, before) -> records.containsKey(key) ? before : vanished(before));
            boolean first = !synced;
            synced = true;
            joined = select(false);
            resumed = first ? select(true) : List.of();
            joined.forEach(link -> link.established = true);
            pulls = List.copyOf(waiting);
            waiting.clear();
        }
        resumed.forEach(link -> link.tell(InvalidationHandler::resumed));
        pulls.forEach(pull -> pull.complete(null));
        joined.forEach(Link::complete);
        records.keySet().forEach(this::announce);
    }

    private Known vanished(Known before) {
        return before.state() == null ? before : new Known(nextEpoch(before, 0), null);
    }

    private StateVersion nextEpoch(Known before, long number) {
        Revision clock = Revision.of(Math.max(0, options.time().now().toEpochMilli()));
        Revision next = before.version().epoch().next();
        return StateVersion.of(clock.isAbove(next) ? clock : next, Revision.of(number));
    }

    /** Takes what the server has now, whatever was known. The lock is held. */
    private Known take(String key, long number, byte @Nullable [] state) {
        Known before = known.get(key);
        Known now;
        if (before == null) {
            now = new Known(StateVersion.of(firstEpoch, Revision.of(number)), state);
        } else {
            int compared = Long.compare(number, before.version().revision().bits());
            boolean same = compared == 0 && Arrays.equals(state, before.state());
            boolean back = compared < 0 || (compared == 0 && !same);
            now = back
                    ? new Known(nextEpoch(before, number), state)
                    : new Known(StateVersion.of(before.version().epoch(), Revision.of(number)), state);
        }
        known.put(key, now);
        return now;
    }

    /**
     * What the server answered a write with that was a conflict.
     *
     * @param seen what was known when the write was sent: what the stream has said since then is newer than an answer
     *     whose number is not higher
     */
    Known conflicting(String key, long number, byte @Nullable [] state, @Nullable Known seen) {
        Known now;
        synchronized (lock) {
            Known before = known.get(key);
            boolean newer = before != null
                    && state != null
                    && number > before.version().revision().bits();
            boolean heard = synced && before != null && before != seen;
            now = before != null && heard && !newer ? before : take(key, number, state);
        }
        announce(key);
        return now;
    }

    private void state(byte[] data) throws ProtocolException {
        Told record = new Told();
        Json.readAnswer(data, record::read);
        String key = record.key;
        byte[] state = record.state;
        if (key == null || state == null || record.version < 0) {
            throw new ProtocolException("the event has no storeKey, no state or no version");
        }
        synchronized (lock) {
            Known before = known.get(key);
            if (loop == null
                    || (before != null
                            && record.version <= before.version().revision().bits())) {
                return;
            }
            take(key, record.version, state);
            if (clientId.equals(record.origin)) {
                own.put(key, new Own(record.version, record.baseVersion, state));
            }
        }
        announce(key);
    }

    /** Whether the state that a write met is what that very write made, when it was sent before and its answer got lost. */
    boolean isOwn(String key, long number, long base, byte[] state) {
        synchronized (lock) {
            Own mine = own.get(key);
            return mine != null && mine.number == number && mine.base == base && Arrays.equals(mine.state, state);
        }
    }

    private void announce(String key) {
        List<Link> told;
        Known now;
        synchronized (lock) {
            now = known.get(key);
            told = List.copyOf(links.getOrDefault(key, List.of()));
        }
        if (now != null) {
            InvalidationEvent event = InvalidationEvent.of(key, now.version());
            told.forEach(link -> link.tell(handler -> handler.event(event)));
        }
    }

    @Override
    public void onError(Throwable error, @Nullable Duration nextAttemptIn) {
        boolean wasSynced;
        List<Link> failed;
        List<Link> told;
        List<CompletableFuture<Void>> pulls;
        SseLoop ending;
        synchronized (lock) {
            wasSynced = synced;
            synced = false;
            failed = select(false);
            failed.forEach(this::drop);
            told = select(true);
            pulls = List.copyOf(waiting);
            waiting.clear();
            ending = endIfUnused();
        }
        log.atLevel(told.isEmpty() ? Level.DEBUG : Level.WARN)
                .log(
                        "stream {} base={} nextAttemptIn={} error={}",
                        wasSynced ? "lost" : "not opened",
                        endpoint,
                        nextAttemptIn,
                        error.toString());
        if (wasSynced) {
            told.forEach(link -> link.tell(InvalidationHandler::disconnected));
        }
        pulls.forEach(pull -> pull.completeExceptionally(error));
        failed.forEach(link -> link.fail(error));
        end(ending);
    }

    @Override
    public void onClosed() {
        onError(new IOException("the server does not want to be followed: status 204 of " + endpoint), null);
        synchronized (lock) {
            loop = null; // whoever subscribes next tries again
        }
    }

    /** Ends the stream. Subscriptions hear that they are disconnected, and nothing after that. */
    void close() {
        List<Link> failed;
        List<Link> told;
        List<CompletableFuture<Void>> pulls;
        SseLoop ending;
        synchronized (lock) {
            closed = true;
            failed = select(false);
            told = select(true);
            links.clear();
            pulls = List.copyOf(waiting);
            waiting.clear();
            ending = endIfUnused();
        }
        end(ending);
        IOException error = new IOException("the client was closed: " + endpoint);
        pulls.forEach(pull -> pull.completeExceptionally(error));
        failed.forEach(link -> link.fail(error));
        for (Link link : told) {
            link.tell(InvalidationHandler::disconnected);
            link.open = false;
        }
    }
}
