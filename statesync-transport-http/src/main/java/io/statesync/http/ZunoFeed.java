package io.statesync.http;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.NotModified;
import io.statesync.ProtocolException;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.http.SseLoop.Opening;
import io.statesync.http.ZunoStates.Known;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Texts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What a Zuno server says: one stream for all keys, there while there are subscriptions, or pulls that wait for it.
 *
 * <p>Each connection begins with a snapshot; no last event id is sent, since some servers answer an id that they do not know
 * with silence. Safe for use from any thread.
 */
final class ZunoFeed {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http");

    private final Requests requests;
    private final Endpoint endpoint;
    private final SseOptions options;
    private final Duration readTimeout;

    private final Object lock = new Object();
    private final ZunoStates states; // guarded by lock
    private final Map<String, List<ZunoLink>> links = new LinkedHashMap<>(); // guarded by lock; never empty lists
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>(); // guarded by lock; pulls, for the snapshot
    private @Nullable Connection connection; // guarded by lock; there while there are links or waiting pulls
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
        this.states = new ZunoStates(options.time(), clientId);
    }

    /** The version of a key that this server does not have. */
    StateVersion none() {
        synchronized (lock) {
            return states.none();
        }
    }

    /** What is known of a key; null if nothing. */
    @Nullable
    Known known(String key) {
        synchronized (lock) {
            return states.get(key);
        }
    }

    /** How many keys are known. */
    int size() {
        synchronized (lock) {
            return states.size();
        }
    }

    /** Whether there is a connection, or one is tried for. */
    boolean isConnected() {
        synchronized (lock) {
            return connection != null;
        }
    }

    /** Whether the snapshot of a connection that is open has come. */
    boolean isSynced() {
        synchronized (lock) {
            return connection != null && connection.synced;
        }
    }

    // --- the connection

    /** The one to begin; null if there is one. The lock is held. */
    private @Nullable Connection connectIfNeeded() {
        if (closed) {
            throw new IllegalStateException("the client was closed: " + endpoint);
        }
        if (connection != null) {
            return null;
        }
        connection = new Connection();
        return connection;
    }

    private static void begin(@Nullable Connection begun) {
        if (begun != null) {
            begun.loop.begin();
        }
    }

    /** The one to end; null if it is needed. The lock is held. */
    private @Nullable Connection endIfUnused() {
        return links.isEmpty() && waiting.isEmpty() ? forget() : null;
    }

    private @Nullable Connection forget() {
        Connection ending = connection;
        connection = null;
        return ending;
    }

    private static void end(@Nullable Connection ending) {
        if (ending != null) {
            ending.loop.close();
        }
    }

    /** The pulls that wait, which wait no more. The lock is held. */
    private List<CompletableFuture<Void>> takeWaiting() {
        List<CompletableFuture<Void>> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    private List<ZunoLink> select(boolean established) {
        List<ZunoLink> selected = new ArrayList<>();
        links.values()
                .forEach(all -> all.stream()
                        .filter(link -> link.established == established)
                        .forEach(selected::add));
        return selected;
    }

    // --- subscriptions

    CompletionStage<Subscription> subscribe(String key, InvalidationHandler handler) {
        ZunoLink link = new ZunoLink(this, key, handler);
        Connection begun;
        synchronized (lock) {
            begun = connectIfNeeded();
            links.computeIfAbsent(key, k -> new ArrayList<>(1)).add(link);
            link.established = isSynced();
            if (link.established) {
                link.complete();
            }
        }
        begin(begun);
        return link.subscribed.minimalCompletionStage();
    }

    void remove(ZunoLink link) {
        Connection ending;
        synchronized (lock) {
            drop(link);
            ending = endIfUnused();
        }
        end(ending);
    }

    private void drop(ZunoLink link) {
        links.computeIfPresent(link.key, (key, all) -> all.remove(link) && all.isEmpty() ? null : all);
    }

    // --- pulls

    /** The state of a key, as soon as a connection has told it. */
    <T extends @Nullable Object> CompletionStage<PullResult<T>> pull(ZunoTopic<T> topic, PullRequest request) {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        Connection begun;
        synchronized (lock) {
            begun = connectIfNeeded();
            if (isSynced()) {
                ready.complete(null);
            } else {
                waiting.add(ready);
            }
        }
        begin(begun);
        request.onCancel(() -> {
            Connection ending;
            synchronized (lock) {
                waiting.removeIf(pull -> pull == ready);
                ending = endIfUnused();
            }
            ready.cancel(false);
            end(ending);
        });
        return ready.thenApplyAsync(done -> answer(topic, request.heldVersion()), DefaultExecutor.SHARED);
    }

    private <T extends @Nullable Object> PullResult<T> answer(ZunoTopic<T> topic, @Nullable StateVersion held) {
        Known now;
        StateVersion version;
        synchronized (lock) {
            now = states.get(topic.key());
            version = now == null ? states.none() : now.version();
        }
        return version.equals(held)
                ? NotModified.instance()
                : topic.snapshot(version, now == null ? null : now.state());
    }

    // --- writes

    /** What is known after a write was a conflict; {@link ZunoStates#conflicting} says of what. */
    Known conflicting(String key, long number, byte @Nullable [] state, @Nullable Known seen) {
        Known now;
        synchronized (lock) {
            now = states.conflicting(key, number, state, seen, isSynced());
        }
        announce(key);
        return now;
    }

    /** Whether the state that a write met is what that very write made, when it was sent before and its answer got lost. */
    boolean isOwn(String key, long number, long base, byte[] state) {
        synchronized (lock) {
            return states.isOwn(key, number, base, state);
        }
    }

    private void announce(String key) {
        List<ZunoLink> told;
        Known now;
        synchronized (lock) {
            now = states.get(key);
            told = List.copyOf(links.getOrDefault(key, List.of()));
        }
        if (now != null) {
            InvalidationEvent event = InvalidationEvent.of(key, now.version());
            told.forEach(link -> link.tell(handler -> handler.event(event)));
        }
    }

    // --- what the server says

    /** The stream, from its first request to its end. One that another has taken the place of is not heard any more. */
    private final class Connection implements SseLoop.Source, SseClient.Listener {
        private final SseLoop loop = new SseLoop(requests, this, options, this, "", () -> {});
        private boolean synced; // guarded by lock; the snapshot has come, and the connection was not lost since

        @Override
        public CompletionStage<Opening> next() {
            return CompletableFuture.completedFuture(
                    new Opening(endpoint.get("/sse").build(), readTimeout, false));
        }

        @Override
        public void onEvent(SseEvent event) {
            byte[] data = event.data().getBytes(StandardCharsets.UTF_8);
            try {
                if (event.type().equals("snapshot")) {
                    hear(ZunoRecord.snapshot(data));
                } else if (event.type().equals("state")) {
                    hear(ZunoRecord.event(data));
                }
            } catch (ProtocolException e) {
                if (event.type().equals("snapshot")) {
                    loop.restart(e); // whoever waits for it hears why
                } else {
                    malformed(event, e);
                }
            }
        }

        private void malformed(SseEvent event, ProtocolException error) {
            List<ZunoLink> told;
            synchronized (lock) {
                told = connection == this ? select(true) : List.of();
            }
            String start = event.type() + " " + Texts.quote(event.data(), 200);
            told.forEach(link -> link.tell(handler -> handler.malformed(start, error)));
        }

        private void hear(Map<String, ZunoRecord> records) {
            List<ZunoLink> joined;
            List<ZunoLink> resumed;
            List<CompletableFuture<Void>> pulls;
            Connection ending;
            synchronized (lock) {
                if (connection != this) {
                    return;
                }
                states.replace(records, links::containsKey);
                joined = select(false);
                resumed = synced ? List.of() : select(true);
                joined.forEach(link -> link.established = true);
                synced = true;
                pulls = takeWaiting();
                ending = endIfUnused();
            }
            resumed.forEach(link -> link.tell(InvalidationHandler::resumed));
            pulls.forEach(pull -> pull.complete(null));
            joined.forEach(ZunoLink::complete);
            records.keySet().forEach(ZunoFeed.this::announce);
            end(ending);
        }

        private void hear(ZunoRecord event) {
            String key = event.key;
            byte[] state = event.state;
            synchronized (lock) {
                if (connection != this || key == null || state == null || !states.add(key, event, state)) {
                    return;
                }
            }
            announce(key);
        }

        @Override
        public void onError(Throwable error, @Nullable Duration nextAttemptIn) {
            boolean wasSynced;
            List<ZunoLink> failed;
            List<ZunoLink> told;
            List<CompletableFuture<Void>> pulls;
            Connection ending;
            synchronized (lock) {
                if (connection != this) {
                    return;
                }
                wasSynced = synced;
                synced = false;
                told = select(true);
                failed = dropUnestablished();
                pulls = takeWaiting();
                ending = endIfUnused();
            }
            lost(wasSynced, told, error, nextAttemptIn);
            fail(failed, pulls, error);
            end(ending);
        }

        private void lost(boolean wasSynced, List<ZunoLink> told, Throwable error, @Nullable Duration nextAttemptIn) {
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
        }

        /** Who follows stays, and goes on with the connection that the next subscription or pull begins. */
        @Override
        public void onClosed() {
            IOException error = new IOException("the server does not want to be followed: status 204 of " + endpoint);
            boolean wasSynced;
            List<ZunoLink> told;
            synchronized (lock) {
                if (connection != this) {
                    return;
                }
                wasSynced = synced;
                synced = false;
                told = select(true);
            }
            lost(wasSynced, told, error, null); // before another connection may tell them that it is there
            List<ZunoLink> failed;
            List<CompletableFuture<Void>> pulls;
            synchronized (lock) {
                if (connection != this) {
                    return;
                }
                failed = dropUnestablished();
                pulls = takeWaiting();
                forget();
            }
            fail(failed, pulls, error);
        }
    }

    private List<ZunoLink> dropUnestablished() {
        List<ZunoLink> dropped = select(false);
        dropped.forEach(this::drop);
        return dropped;
    }

    private static void fail(List<ZunoLink> failed, List<CompletableFuture<Void>> pulls, Throwable error) {
        pulls.forEach(pull -> pull.completeExceptionally(error));
        failed.forEach(link -> link.fail(error));
    }

    /** Ends the stream. Subscriptions hear that they are disconnected, and nothing after that. */
    void close() {
        List<ZunoLink> failed;
        List<ZunoLink> told;
        List<CompletableFuture<Void>> pulls;
        Connection ending;
        synchronized (lock) {
            closed = true;
            failed = select(false);
            told = select(true);
            links.clear();
            pulls = takeWaiting();
            ending = forget();
        }
        end(ending);
        fail(failed, pulls, new IOException("the client was closed: " + endpoint));
        for (ZunoLink link : told) {
            link.tell(InvalidationHandler::disconnected);
            link.shut();
        }
    }
}
