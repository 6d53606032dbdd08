package io.statesync.http;

import io.statesync.InvalidationHandler;
import io.statesync.ProtocolException;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A subscription to a topic: what the stream says of it, handed on in order. States are decoded on an executor; what comes
 * meanwhile waits, and a newer snapshot takes the place of the one before.
 */
final class Link<T extends @Nullable Object> implements Subscription {
    private final Subscriptions owner;
    private final InvalidationHandler handler;
    private final String topic;
    private final StateCodec<T> codec;
    private final DecodeOn decoder;
    final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
    boolean established; // guarded by the owner's lock
    private volatile boolean open = true;

    private final Deque<Envelope> waiting = new ArrayDeque<>(); // guarded by itself
    private boolean decoding; // guarded by waiting

    Link(Subscriptions owner, InvalidationHandler handler, String topic, StateCodec<T> codec, DecodeOn decoder) {
        this.owner = owner;
        this.handler = handler;
        this.topic = topic;
        this.codec = codec;
        this.decoder = decoder;
    }

    String topic() {
        return topic;
    }

    // --- the subscription

    void complete() {
        subscribed.completeAsync(() -> this, DefaultExecutor.SHARED);
    }

    void fail(Throwable cause) {
        open = false;
        DefaultExecutor.SHARED.execute(() -> subscribed.completeExceptionally(cause));
    }

    /** Hears no more. */
    void shut() {
        open = false;
    }

    @Override
    public void close() {
        open = false;
        owner.remove(this);
    }

    // --- what the stream says

    void tell(Consumer<InvalidationHandler> what) {
        if (open) {
            Quietly.run(() -> what.accept(handler));
        }
    }

    /** An event of the topic: a snapshot, if it has data. */
    void hear(Envelope event) {
        synchronized (waiting) {
            if (decoding || event.data() != null) {
                if (replaces(event, waiting.peekLast())) {
                    waiting.removeLast();
                }
                waiting.add(event);
                if (decoding) {
                    return;
                }
                decoding = true;
            }
        }
        if (event.data() == null) {
            invalidate(event);
            return;
        }
        try {
            decoder.of(event.data().length).execute(this::drain);
        } catch (RuntimeException e) { // without the state, there is still the news
            Envelope next = next();
            while (next != null) {
                invalidate(next);
                next = next();
            }
        }
    }

    /** Whether what waits tells nothing that the event does not; versions compare only if both have an epoch, or neither. */
    private static boolean replaces(Envelope event, @Nullable Envelope before) {
        if (before == null || (before.epoch() == null) != (event.epoch() == null)) {
            return false;
        }
        StateVersion version = version(event);
        StateVersion waiting = version(before);
        if (version == null || waiting == null) {
            return false;
        }
        return version.isNewerThan(waiting) || (version.equals(waiting) && event.data() != null);
    }

    private static @Nullable StateVersion version(Envelope event) {
        try {
            return SnapshotEnvelope.parse(event.revision(), event.epoch(), "").version(null);
        } catch (ProtocolException e) {
            return null;
        }
    }

    private void drain() {
        for (Envelope next = next(); next != null; next = next()) {
            if (!open) {
                continue;
            }
            if (next.data() == null) {
                invalidate(next);
            } else {
                push(next);
            }
        }
    }

    private @Nullable Envelope next() {
        synchronized (waiting) {
            Envelope next = waiting.poll();
            decoding = next != null;
            return next;
        }
    }

    private void invalidate(Envelope event) {
        tell(to -> to.event(topic, event.revision(), event.epoch(), event.sourceId(), null));
    }

    private void push(Envelope event) {
        SnapshotEnvelope<T> snapshot;
        try {
            snapshot = event.snapshot(codec);
        } catch (Throwable t) { // the codec is user code
            String what = "the snapshot of revision " + Texts.quote(event.revision());
            tell(to -> to.malformed(what, t));
            if (version(event) != null) {
                invalidate(event); // the engine is behind, and a pull will tell how it can go on
            }
            return;
        }
        tell(to -> to.snapshot(snapshot));
    }
}
