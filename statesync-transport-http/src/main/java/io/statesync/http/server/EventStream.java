package io.statesync.http.server;

import io.statesync.StateVersion;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The topics that a client follows, of which it hears over one connection at a time.
 *
 * <p>It waits for a connection, is connected, or is closed. Between connections it keeps its topics; of each, at most one
 * event waits.
 */
final class EventStream {
    private static final int NAME_LENGTH = 6;

    private final String id;
    private final Hub hub;
    private final boolean lingers;
    private final Instant since;
    private final @Nullable String remoteAddress;
    private final @Nullable String user;
    private final @Nullable String userAgent;
    private final Map<String, Follow> follows = new ConcurrentHashMap<>(); // written while this is held
    private final Queue<Follow> pending = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Connection connection; // written while this is held
    private volatile boolean closed; // written while this is held
    private volatile @Nullable String lastEventId;
    private volatile long unconnectedSince;

    /**
     * A stream without topics.
     *
     * @param lingers whether it outlives its connection
     */
    EventStream(String id, Hub hub, boolean lingers, HttpServletRequest request) {
        this.id = id;
        this.hub = hub;
        this.lingers = lingers;
        this.since = hub.options().timeSource().now();
        this.remoteAddress = request.getRemoteAddr();
        this.user = request.getRemoteUser();
        this.userAgent = request.getHeader("User-Agent");
        this.unconnectedSince = hub.options().timeSource().nanoTime();
    }

    String id() {
        return id;
    }

    /** Fit for a log: the id is the client's secret. */
    String name() {
        return id.substring(0, NAME_LENGTH);
    }

    // ---- topics

    /**
     * Changes the topics.
     *
     * @throws Problem if there would be too many, or the stream is closed; then nothing is changed
     */
    void change(Collection<String> added, Collection<String> removed) throws Problem {
        List<Follow> gone = new ArrayList<>();
        List<Follow> come = new ArrayList<>();
        synchronized (this) {
            checkChange(added, removed);
            boolean inline = isInline();
            for (String topic : removed) {
                Follow follow = follows.remove(topic);
                if (follow != null) {
                    gone.add(follow);
                    follow.inline(false);
                }
            }
            for (String topic : added) {
                if (!follows.containsKey(topic)) {
                    Follow follow = new Follow(this, hub.acquire(topic));
                    follow.inline(inline);
                    follows.put(topic, follow);
                    come.add(follow);
                }
            }
        }
        gone.forEach(this::leave);
        for (Follow follow : come) {
            follow.topic().useChanged();
            follow.topic().add(follow);
            if (closed || follow.isRemoved()) {
                leave(follow); // again, since it may have been left before it was added
            }
        }
    }

    boolean hasNoTopics() {
        return follows.isEmpty();
    }

    private void checkChange(Collection<String> added, Collection<String> removed) throws Problem {
        if (closed) {
            throw Problem.noSuchStream();
        }
        long more = added.stream()
                .distinct()
                .filter(topic -> !follows.containsKey(topic))
                .count();
        long fewer = removed.stream().distinct().filter(follows::containsKey).count();
        int limit = hub.options().maxTopicsPerStream();
        if (follows.size() + more - fewer > limit && more > 0) {
            throw Problem.tooLarge("the number of topics of a stream", limit);
        }
    }

    private void leave(Follow follow) {
        follow.remove();
        follow.topic().remove(follow);
        if (follow.release()) {
            hub.release(follow.topic());
        }
    }

    private boolean isInline() {
        Connection now = connection;
        return now != null && now.inline() > 0;
    }

    // ---- events

    void enqueue(Follow follow) {
        pending.add(follow);
        Connection now = connection;
        if (now != null) {
            now.signal();
        }
    }

    /** The next that there may be something to say of; null if there is none, or another connection has taken over. */
    @Nullable
    Follow poll(Connection by) {
        return connection == by ? pending.poll() : null;
    }

    /** Whether it has not been taken over. */
    boolean isConnectedTo(Connection by) {
        return connection == by;
    }

    /** The client showed that it has a version. */
    void acknowledge(String topic, StateVersion version) {
        Follow follow = follows.get(topic);
        if (follow != null) {
            follow.acknowledge(version);
        }
    }

    // ---- connections

    /**
     * Takes a connection in place of the one before, and tells it where each topic stands.
     *
     * @throws Problem if the stream is closed
     */
    void connect(Connection next, @Nullable String lastSeen) throws Problem {
        Connection before;
        List<Follow> all;
        synchronized (this) {
            if (closed) {
                throw Problem.noSuchStream();
            }
            before = connection;
            connection = next;
            lastEventId = lastSeen;
            all = List.copyOf(follows.values());
            all.forEach(follow -> follow.inline(next.inline() > 0));
        }
        if (before != null) {
            before.end();
        }
        for (Follow follow : all) {
            follow.topic().tell(follow);
        }
        next.signal();
    }

    void disconnected(Connection gone) {
        synchronized (this) {
            if (connection != gone) {
                return;
            }
            unconnectedSince = hub.options().timeSource().nanoTime(); // first: the ticker reads them without the lock
            connection = null;
            follows.values().forEach(follow -> follow.inline(false));
        }
        if (!lingers) {
            close();
        }
    }

    /** Ends the connection as its turn comes, and forgets the topics. */
    void close() {
        close(false);
    }

    private void close(boolean onlyIfUnconnected) {
        Connection open;
        synchronized (this) {
            if (closed || (onlyIfUnconnected && connection != null)) {
                return;
            }
            closed = true;
            open = connection;
            follows.values().forEach(follow -> follow.inline(false));
        }
        hub.forget(this);
        follows.values().forEach(this::leave);
        pending.clear();
        if (open != null) {
            open.end();
        }
    }

    void tick(long now) {
        Connection open = connection;
        if (open != null) {
            open.tick(now);
        } else if (hasLingered(now)) {
            close(true);
        }
    }

    private boolean hasLingered(long now) {
        return now - unconnectedSince >= hub.options().streamLinger().toNanos();
    }

    StreamInfo info() {
        Connection open = connection;
        return new StreamInfo(
                name(),
                remoteAddress,
                user,
                userAgent,
                since,
                open != null,
                open != null && open.isWaiting(),
                lastEventId,
                follows.values().stream().map(Follow::info).toList());
    }
}
