package io.statesync.http;

import io.statesync.InvalidationHandler;
import io.statesync.ProtocolException;
import io.statesync.StateCodec;
import io.statesync.Subscription;
import io.statesync.http.SseLoop.Opening;
import io.statesync.http.TopicSet.Change;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The subscriptions of a client, and the one stream that serves them: it is there while there are subscriptions, and has
 * their topics.
 */
final class Subscriptions {
    private static final Logger LOG = LoggerFactory.getLogger("io.statesync.http");

    private final StreamSession session;
    private final Requests requests;
    private final SseOptions options;
    private final DecodeOn decoder;
    private final Endpoint endpoint;

    private final Object lock = new Object();
    private final Map<String, List<Link<?>>> links = new LinkedHashMap<>(); // guarded by lock; by topic, never empty
    private final TopicSet topics = new TopicSet(); // guarded by lock; of the stream that is open
    private @Nullable Following following; // guarded by lock; there while there are links
    private boolean closed; // guarded by lock
    private volatile @Nullable String streamId; // of the stream that is open

    Subscriptions(Requests requests, Endpoint endpoint, StreamSession session, SseOptions options, DecodeOn decoder) {
        this.requests = requests;
        this.endpoint = endpoint;
        this.session = session;
        this.options = options;
        this.decoder = decoder;
    }

    /** The id of the stream that is open; null if none is. */
    @Nullable
    String streamId() {
        return streamId;
    }

    <T extends @Nullable Object> CompletionStage<Subscription> subscribe(
            String topic, StateCodec<T> codec, InvalidationHandler handler) {
        Link<T> link = new Link<>(this, handler, topic, codec, decoder);
        Following begun = null;
        boolean there;
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the client was closed: " + endpoint);
            }
            links.computeIfAbsent(topic, name -> new ArrayList<>(1)).add(link);
            topics.tryAgain(topic);
            there = topics.has(topic) && streamId != null;
            link.established = there;
            if (following == null) {
                begun = new Following();
                following = begun;
            }
        }
        if (begun != null) {
            begun.loop.begin();
        } else if (there) {
            link.complete();
        } else {
            pump();
        }
        return link.subscribed.minimalCompletionStage();
    }

    void remove(Link<?> link) {
        Following ending = null;
        synchronized (lock) {
            drop(link);
            if (links.isEmpty()) {
                ending = end();
            }
        }
        if (ending != null) {
            ending.loop.close();
        } else {
            pump();
        }
    }

    private void drop(Link<?> link) {
        links.computeIfPresent(link.topic(), (topic, all) -> all.remove(link) && all.isEmpty() ? null : all);
    }

    private @Nullable Following end() {
        Following ending = following;
        following = null;
        streamId = null;
        topics.end();
        return ending;
    }

    /** Those that wait for their topic to join. */
    private List<Link<?>> pending(Predicate<String> of) {
        return select(link -> !link.established && of.test(link.topic()));
    }

    private List<Link<?>> select(Predicate<Link<?>> which) {
        List<Link<?>> selected = new ArrayList<>();
        links.values().forEach(all -> all.stream().filter(which).forEach(selected::add));
        return selected;
    }

    // --- changing the topics of the stream that is open

    private void pump() {
        Following on;
        String id;
        Change change;
        synchronized (lock) {
            id = streamId;
            on = following;
            if (id == null || on == null || topics.isChanging()) {
                return;
            }
            change = topics.next(links.keySet());
        }
        if (!change.isEmpty()) {
            session.change(id, change).whenComplete((done, error) -> changed(on, id, change, error));
        }
    }

    private void changed(Following on, String id, Change change, @Nullable Throwable error) {
        List<Link<?>> failed = List.of();
        List<Link<?>> joined = List.of();
        List<Link<?>> resumed = List.of();
        Throwable cause = error == null ? null : Failures.unwrapped(error);
        boolean restart = false;
        boolean gone = cause instanceof HttpStateException state && state.status() == 404;
        synchronized (lock) {
            if (following != on || !id.equals(streamId)) {
                return;
            }
            if (cause == null) {
                topics.done(change);
                List<Link<?>> added = linksOf(change.add());
                joined = added.stream().filter(link -> !link.established).toList();
                resumed = added.stream().filter(link -> link.established).toList();
                joined.forEach(link -> link.established = true);
            } else if (gone) {
                on.keepsPending = true;
                restart = true;
            } else if (cause instanceof HttpStateException state && StreamSession.isForGood(state.status())) {
                String refused = topics.refused(change);
                failed = refused == null ? List.of() : pending(refused::equals);
                failed.forEach(this::drop);
            } else {
                topics.lost(change);
                List<Link<?>> added = linksOf(change.add());
                restart = added.stream().anyMatch(link -> link.established);
                failed = added.stream().filter(link -> !link.established).toList();
                failed.forEach(this::drop);
            }
        }
        joined.forEach(Link::complete);
        resumed.forEach(link -> link.tell(InvalidationHandler::resumed));
        if (cause != null) {
            failed.forEach(link -> link.fail(cause));
            if (restart) {
                on.loop.restart(cause);
                return;
            }
        }
        endIfUnused(on);
        pump();
    }

    private List<Link<?>> linksOf(List<String> added) {
        List<Link<?>> all = new ArrayList<>();
        added.forEach(topic -> all.addAll(links.getOrDefault(topic, List.of())));
        return all;
    }

    private void endIfUnused(Following on) {
        synchronized (lock) {
            if (following != on || !links.isEmpty()) {
                return;
            }
            end();
        }
        on.loop.close();
    }

    // --- the stream

    /** The stream that serves the subscriptions, through its connections. */
    private final class Following implements SseLoop.Source, SseClient.Listener {
        private final SseLoop loop = new SseLoop(requests, this, options, this, "", () -> {});
        private StreamSession.@Nullable Made made; // guarded by lock; of the attempt under way
        private @Nullable String lastMade; // guarded by lock; what the server may still keep
        private boolean keepsPending; // guarded by lock

        @Override
        public CompletionStage<Opening> next() {
            List<String> first;
            String before;
            synchronized (lock) {
                first = TopicSet.firstOf(links.keySet(), TopicSet.MOST);
                before = lastMade;
            }
            return session.make(first, before).thenApply(stream -> {
                synchronized (lock) {
                    made = stream;
                    lastMade = stream.id();
                }
                return stream.opening();
            });
        }

        @Override
        public void onOpen() {
            List<Link<?>> joined;
            List<Link<?>> resumed;
            synchronized (lock) {
                if (following != this || made == null) {
                    return;
                }
                topics.begin(made.topics());
                streamId = made.id();
                joined = pending(topics::has);
                resumed = select(link -> link.established && topics.has(link.topic()));
                joined.forEach(link -> link.established = true);
            }
            resumed.forEach(link -> link.tell(InvalidationHandler::resumed));
            joined.forEach(Link::complete);
            pump();
        }

        @Override
        public void onEvent(SseEvent event) {
            boolean snapshot = event.type().equals("snapshot");
            if (!snapshot && !event.type().equals("invalidation")) {
                return;
            }
            Envelope read;
            try {
                read = Envelope.parse(event.data().getBytes(StandardCharsets.UTF_8));
                if (read.topic() == null || (snapshot && read.data() == null)) {
                    throw new ProtocolException("the event has no " + (read.topic() == null ? "topic" : "data"));
                }
            } catch (ProtocolException e) {
                malformed(event, e);
                return;
            }
            for (Link<?> link : linksTo(read.topic())) {
                link.hear(read);
            }
        }

        /** It may have been anybody's. */
        private void malformed(SseEvent event, ProtocolException error) {
            String start = event.type() + " " + Texts.quote(event.data(), 200);
            tellAll(link -> true, to -> to.malformed(start, error));
        }

        @Override
        public void onError(Throwable error, @Nullable Duration nextAttemptIn) {
            List<Link<?>> failed;
            boolean wasOpen;
            boolean isUsed;
            synchronized (lock) {
                if (following != this) {
                    return;
                }
                wasOpen = streamId != null;
                streamId = null;
                made = null;
                topics.end();
                failed = keepsPending ? List.of() : pending(topic -> true);
                keepsPending = false;
                failed.forEach(Subscriptions.this::drop);
                isUsed = !links.isEmpty();
            }
            // Who waits for its subscription reports it; who has one would else not know why it is disconnected.
            LOG.atLevel(isUsed ? Level.WARN : Level.DEBUG)
                    .log(
                            "stream {} base={} nextAttemptIn={} error={}",
                            wasOpen ? "lost" : "not opened",
                            endpoint,
                            nextAttemptIn,
                            error.toString());
            if (wasOpen) {
                tellAll(link -> link.established, InvalidationHandler::disconnected);
            }
            failed.forEach(link -> link.fail(error));
            endIfUnused(this);
        }

        @Override
        public void onClosed() {
            List<Link<?>> failed;
            synchronized (lock) {
                if (following != this) {
                    return;
                }
                end();
                failed = pending(topic -> true);
                failed.forEach(Subscriptions.this::drop);
            }
            LOG.warn(
                    "the server does not want to be followed (204); it is not asked again before somebody subscribes"
                            + " base={}",
                    endpoint);
            IOException error = new IOException("the server does not want to be followed: status 204 of " + endpoint);
            failed.forEach(link -> link.fail(error));
            tellAll(link -> link.established, InvalidationHandler::disconnected);
        }
    }

    private List<Link<?>> linksTo(@Nullable String topic) {
        synchronized (lock) {
            return List.copyOf(links.getOrDefault(topic, List.of()));
        }
    }

    private void tellAll(Predicate<Link<?>> which, Consumer<InvalidationHandler> what) {
        List<Link<?>> told;
        synchronized (lock) {
            told = select(which);
        }
        told.forEach(link -> link.tell(what));
    }

    /** Ends the stream. Subscriptions hear that they are disconnected, and nothing after that. */
    void close() {
        Following ending;
        List<Link<?>> all;
        List<Link<?>> failed;
        synchronized (lock) {
            closed = true;
            ending = end();
            failed = pending(topic -> true);
            all = select(link -> link.established);
            links.clear();
        }
        if (ending != null) {
            ending.loop.close();
        }
        IOException error = new IOException("the client was closed: " + endpoint);
        failed.forEach(link -> link.fail(error));
        for (Link<?> link : all) {
            link.tell(InvalidationHandler::disconnected);
            link.shut();
        }
    }
}
