package io.statesync.http.server;

import io.statesync.InvalidationEvent;
import io.statesync.StateVersion;
import io.statesync.http.server.internal.Sse;
import io.statesync.jackson.internal.Envelope;
import org.jspecify.annotations.Nullable;

/** Where a topic stands, and the bytes that say so; they are made once, whatever the number of readers. */
final class Announcement {
    private final String topic;
    private final long id;
    private final StateVersion version;
    private final InvalidationEvent event;
    private final @Nullable Encoded snapshot;
    private final boolean removed;
    private volatile byte @Nullable [] invalidation; // two threads may both make it: the same
    private volatile byte @Nullable [] pushed;

    /**
     * An announcement.
     *
     * @param snapshot the state at that version; null if nobody wants it inlined, or it cannot be had
     */
    Announcement(String topic, long id, StateVersion version, InvalidationEvent event, @Nullable Encoded snapshot) {
        this(topic, id, version, event, snapshot, false);
    }

    private Announcement(
            String topic,
            long id,
            StateVersion version,
            InvalidationEvent event,
            @Nullable Encoded snapshot,
            boolean removed) {
        this.topic = topic;
        this.id = id;
        this.version = version;
        this.event = event;
        this.snapshot = snapshot;
        this.removed = removed;
    }

    /** The version alone, of a source that was removed: nobody is told of it. */
    Announcement withoutSource() {
        return new Announcement(topic, id, version, event, null, true);
    }

    /** Whether the source was removed. */
    boolean isRemoved() {
        return removed;
    }

    StateVersion version() {
        return version;
    }

    boolean hasSnapshot() {
        return snapshot != null;
    }

    /** The same announcement, with the state. */
    Announcement with(Encoded encoded) {
        return new Announcement(topic, id, version, event, encoded);
    }

    /**
     * The event for a reader.
     *
     * @param inline how long a snapshot may be, in bytes, to be sent in place of the invalidation
     */
    byte[] frame(int inline) {
        Encoded encoded = snapshot;
        if (encoded == null || encoded.body().length > inline) {
            byte[] made = invalidation;
            if (made == null) {
                made = Wire.invalidation(id, topic, event);
                invalidation = made;
            }
            return made;
        }
        byte[] made = pushed;
        if (made == null) {
            made = Sse.event(id, "snapshot", Envelope.withTopic(topic, encoded.body()));
            pushed = made;
        }
        return made;
    }
}
