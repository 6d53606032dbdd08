package io.statesync.http.server;

import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.source.RevisionedStore;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A topic that somebody reads, follows, or waits for: where its source said last that it is, and who is to be told.
 *
 * <p>Safe for use from any thread. Announcements only go forward.
 */
final class Topic {
    private final String name;
    private final Hub hub;
    private final TopicReader reader;
    private final Following following;
    private final Set<Follow> follows = ConcurrentHashMap.newKeySet();
    private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
    private final AtomicReference<@Nullable Announcement> newest = new AtomicReference<>();
    private final AtomicInteger inlined = new AtomicInteger(); // how many streams want the state itself
    private volatile int users; // written in a computation of the hub's map only

    Topic(String name, Hub hub) {
        this.name = name;
        this.hub = hub;
        this.reader = new TopicReader(name, hub);
        this.following = new Following(this, hub);
    }

    String name() {
        return name;
    }

    @Nullable
    Announcement newest() {
        return newest.get();
    }

    /** The state as the source has it now, as bytes; fails with a {@link Problem}. */
    CompletionStage<Encoded> read() {
        return reader.read();
    }

    // ---- who uses it

    /** Counts users; called by the hub's map only, one call at a time. */
    int addUsers(int more) {
        int now = users + more;
        users = now;
        return now;
    }

    /** Whether events of its source are wanted. */
    boolean isUsed() {
        return users > 0;
    }

    /** Begins or ends to follow the source, as is wanted now. */
    void useChanged() {
        following.update();
    }

    /** Adds a follower, who hears where the topic stands if it exists. */
    void add(Follow follow) {
        follows.add(follow);
        tell(follow);
    }

    void remove(Follow follow) {
        follows.remove(follow);
    }

    /** A stream wants the state itself from now on, or no longer. */
    void inline(boolean wanted) {
        inlined.addAndGet(wanted ? 1 : -1);
    }

    /** Tells a follower where the topic stands. */
    void tell(Follow follow) {
        look();
        follow.signal();
    }

    /** Finds out where the source is, unless that is known, and announces it. */
    private void look() {
        Announcement known = newest.get();
        boolean wantsState = inlined.get() > 0;
        RevisionedStore<?> store = wantsState ? null : hub.store(name);
        if (store != null) {
            announce(InvalidationEvent.of(name, store.version()), null);
        } else if (known == null || (wantsState && !known.hasSnapshot())) {
            lookAgain();
        }
    }

    /** Asks the source where it is, announces it, and tells those who wait. */
    void lookAgain() {
        read().thenAccept(encoded -> {
            announce(InvalidationEvent.of(name, encoded.version()), encoded);
            reached(encoded.version());
        });
    }

    // ---- what the source says

    /** The source said that the topic is at a version. */
    void moved(InvalidationEvent event) {
        Announcement known = newest.get();
        StateVersion version = versionOf(event);
        if (known != null && !version.isNewerThan(known.version())) {
            return;
        }
        if (inlined.get() == 0) {
            announce(event, null);
            return;
        }
        read().whenComplete((encoded, failure) -> {
            if (encoded == null || version.isNewerThan(encoded.version())) {
                announce(event, null); // whoever follows pulls, and finds out what is wrong
            } else {
                boolean same = encoded.version().equals(version);
                announce(same ? event : InvalidationEvent.of(name, encoded.version()), encoded);
            }
        });
    }

    private void announce(InvalidationEvent event, @Nullable Encoded snapshot) {
        StateVersion version = versionOf(event);
        while (true) {
            Announcement known = newest.get();
            Announcement next;
            if (known == null || version.isNewerThan(known.version())) {
                next = new Announcement(name, hub.nextId(), version, event, snapshot);
            } else if (snapshot != null && version.equals(known.version()) && !known.hasSnapshot()) {
                next = known.with(snapshot);
            } else {
                return;
            }
            if (newest.compareAndSet(known, next)) {
                break;
            }
        }
        hub.fanOut(follows);
        reached(version);
    }

    private void reached(StateVersion version) {
        for (Waiter waiter : waiters) {
            waiter.reached(version);
        }
    }

    /** A source without epochs is in epoch 0. */
    private static StateVersion versionOf(InvalidationEvent event) {
        Revision epoch = event.epoch();
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, event.revision());
    }

    // ---- waiting for a version

    /** Somebody who waits; whoever asks for it ends it. */
    Waiter await(StateVersion version) {
        Waiter waiter = new Waiter(version);
        waiters.add(waiter);
        return waiter;
    }

    /** Ends all waiting: whoever waited looks once more. */
    void release() {
        for (Waiter waiter : waiters) {
            waiter.done.complete(null);
        }
    }

    /** Somebody who waits for a version. */
    final class Waiter {
        private final StateVersion version;
        private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();

        private Waiter(StateVersion version) {
            this.version = version;
        }

        private void reached(StateVersion now) {
            if (!version.isNewerThan(now)) {
                done.complete(null);
            }
        }

        /** Done when the source said that it is there, or the waiting was ended. */
        CompletableFuture<@Nullable Void> done() {
            return done;
        }

        void end() {
            waiters.remove(this);
            done.complete(null);
        }
    }
}
