package io.statesync.jackson.internal;

import io.statesync.InvalidationHandler;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a handler hears of a topic, in order. States are decoded on an executor; what comes meanwhile waits, and a newer
 * snapshot takes the place of the one before.
 *
 * <p>Safe for use from any thread; events come one at a time.
 *
 * @param <T> the type of the state
 */
public final class Listening<T extends @Nullable Object> {
    private final InvalidationHandler handler;
    private final String topic;
    private final @Nullable StateCodec<T> codec;
    private final DecodeOn decoder;
    private volatile boolean open = true;

    private final Deque<Envelope> waiting = new ArrayDeque<>(); // guarded by itself
    private boolean decoding; // guarded by waiting

    /**
     * A handler that hears.
     *
     * @param codec reads the states that come; null to take of them the news alone
     */
    public Listening(InvalidationHandler handler, String topic, @Nullable StateCodec<T> codec, DecodeOn decoder) {
        this.handler = handler;
        this.topic = topic;
        this.codec = codec;
        this.decoder = decoder;
    }

    /** The topic. */
    public String topic() {
        return topic;
    }

    /** Hears no more. */
    public void shut() {
        open = false;
    }

    /** Tells the handler something, unless it is shut. */
    public void tell(Consumer<InvalidationHandler> what) {
        if (open) {
            Quietly.run(() -> what.accept(handler));
        }
    }

    /** An event of the topic: a snapshot, if it has data. */
    public void hear(Envelope event) {
        byte[] data = codec == null ? null : event.data();
        synchronized (waiting) {
            if (decoding || data != null) {
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
        if (data == null) {
            invalidate(event);
            return;
        }
        try {
            decoder.of(data.length).execute(this::drain);
        } catch (Throwable e) { // without the state, there is still the news
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
        StateVersion version = event.version();
        StateVersion waiting = before.version();
        if (version == null || waiting == null) {
            return false;
        }
        return version.isNewerThan(waiting) || (version.equals(waiting) && event.data() != null);
    }

    private void drain() {
        for (Envelope next = next(); next != null; next = next()) {
            if (!open) {
                continue;
            }
            StateCodec<T> reader = codec;
            if (next.data() == null || reader == null) {
                invalidate(next);
            } else {
                push(next, reader);
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

    private void push(Envelope event, StateCodec<T> reader) {
        SnapshotEnvelope<T> snapshot;
        try {
            snapshot = event.snapshot(reader);
        } catch (Throwable t) { // the codec is user code
            String what = "the snapshot of revision " + Texts.quote(event.revision());
            tell(to -> to.malformed(what, t));
            if (event.version() != null) {
                invalidate(event); // the engine is behind, and a pull will tell how it can go on
            }
            return;
        }
        tell(to -> to.snapshot(snapshot));
    }
}
