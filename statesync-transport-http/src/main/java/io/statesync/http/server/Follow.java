package io.statesync.http.server;

import io.statesync.StateVersion;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** A topic on a stream: whether there is something to say of it, and what was said last. */
final class Follow {
    // No object of its own: a stream may have thousands of topics, and a server thousands of streams.
    private static final AtomicIntegerFieldUpdater<Follow> QUEUED =
            AtomicIntegerFieldUpdater.newUpdater(Follow.class, "queued");

    private final EventStream stream;
    private final Topic topic;
    private volatile int queued; // 1 while it is in the stream's queue
    private volatile boolean removed;
    private volatile @Nullable Sent sent;
    private volatile @Nullable StateVersion acknowledged;
    private boolean inline; // guarded by the stream
    private boolean released; // guarded by this

    /** What was said, and over which connection. */
    private record Sent(Connection connection, StateVersion version) {}

    Follow(EventStream stream, Topic topic) {
        this.stream = stream;
        this.topic = topic;
    }

    Topic topic() {
        return topic;
    }

    /** The topic may have moved: at most one event of it waits. */
    void signal() {
        if (!removed && queued == 0 && QUEUED.compareAndSet(this, 0, 1)) {
            stream.enqueue(this);
        }
    }

    boolean isRemoved() {
        return removed;
    }

    void remove() {
        removed = true;
    }

    /** Whether the stream wants the state itself. Called with the stream's lock held. */
    void inline(boolean wanted) {
        if (inline != wanted) {
            inline = wanted;
            topic.inline(wanted);
        }
    }

    /** Whether the topic was not given back before. */
    synchronized boolean release() {
        boolean first = !released;
        released = true;
        return first;
    }

    /**
     * Takes it out of the queue.
     *
     * @return what is to be said over the connection; null if nothing is
     */
    @Nullable
    Announcement take(Connection connection) {
        queued = 0; // before it is looked, so that what comes later is heard
        Announcement newest = topic.newest();
        if (removed || newest == null || newest.isRemoved()) {
            return null;
        }
        Sent last = sent;
        if (last != null && last.connection == connection && !newest.version().isNewerThan(last.version)) {
            return null;
        }
        sent = new Sent(connection, newest.version());
        return newest;
    }

    /** The client showed that it has a version. */
    void acknowledge(StateVersion version) {
        if (version.isNewerThan(acknowledged)) {
            acknowledged = version;
        }
    }

    StreamInfo.TopicInfo info() {
        Sent last = sent;
        return new StreamInfo.TopicInfo(topic.name(), last == null ? null : last.version, acknowledged);
    }
}
