package io.statesync.http.server;

import io.statesync.Backoff;
import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.source.RevisionedStore;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private final AtomicBoolean retrying = new AtomicBoolean(); // another look is due
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

    /** How many follow it. */
    int followers() {
        return follows.size();
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

    /**
     * Asks the source where it is, announces it, and tells those who wait. If that fails it is asked again, as long as
     * somebody follows: they would else not hear of what they missed.
     */
    void lookAgain() {
        lookAgain(1);
    }

    private void lookAgain(int attempt) {
        read().whenComplete((encoded, failure) -> {
            if (encoded != null) {
                announce(InvalidationEvent.of(name, encoded.version()), encoded);
                reached(encoded.version());
            } else if (isUsed() && !Problem.isNoSuchTopic(failure) && retrying.compareAndSet(false, true)) {
                Duration delay = Backoff.standard().delayAfter(attempt, ThreadLocalRandom.current());
                hub.options()
                        .timeSource()
                        .schedule(
                                () -> hub.run(() -> {
                                    retrying.set(false);
                                    if (isUsed() && !hub.isStopping()) {
                                        lookAgain(attempt + 1);
                                    }
                                }),
                                delay);
            }
        });
    }

    // ---- what the source says

    /** The source said that the topic is at a version. */
    void moved(InvalidationEvent event) {
        Announcement known = newest.get();
        if (event.epoch() == null && known == null) {
            lookAgain(); // its epoch is the source's, which is not known yet
            return;
        }
        StateVersion version = versionOf(event);
        if (known != null && !known.isRemoved() && !version.isNewerThan(known.version())) {
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
            if (known == null || version.isNewerThan(known.version()) || isBack(known, version)) {
                next = new Announcement(name, hub.nextId(), version, event, snapshot);
            } else if (snapshot != null
                    && version.equals(known.version())
                    && !known.hasSnapshot()
                    && !known.isRemoved()) {
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

    /** Whether a source that was removed is there again, with the count that it had. */
    private boolean isBack(Announcement known, StateVersion version) {
        return known.isRemoved() && version.equals(known.version()) && hub.exists(name);
    }

    private void reached(StateVersion version) {
        for (Waiter waiter : waiters) {
            waiter.reached(version);
        }
    }

    /** Without an epoch, in that of what is known (contract X3). */
    private StateVersion versionOf(InvalidationEvent event) {
        Revision epoch = event.epoch();
        if (epoch != null) {
            return StateVersion.of(epoch, event.revision());
        }
        Announcement known = newest.get();
        return StateVersion.of(known == null ? Revision.ZERO : known.version().epoch(), event.revision());
    }

    /** There is nothing to read any more: what is known goes forward from here, and its state is nobody's. */
    void removed() {
        Announcement known = newest.get();
        if (known != null) {
            newest.compareAndSet(known, known.withoutSource());
        }
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
