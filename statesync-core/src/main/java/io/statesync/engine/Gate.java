package io.statesync.engine;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.ProtocolException;
import io.statesync.RawEvent;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncPhase;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Judges what a subscription delivers, in the order of the contract (G), and hands on what is news.
 *
 * <p>One for each subscription; closed with it. The event that is not newer, the common case, takes no lock: one volatile
 * read of local, compares, one counter.
 */
final class Gate<T extends @Nullable Object> implements InvalidationHandler {
    private final Engine<T> engine;
    private boolean open = true; // guarded by the lock
    private boolean subscribed; // guarded by the lock
    private boolean linked = true; // guarded by the lock: what the transport last said of its connection

    Gate(Engine<T> engine) {
        this.engine = engine;
    }

    /** The subscription is there. */
    void subscribed() {
        subscribed = true;
        engine.connected(linked);
    }

    /** The subscription is gone; the lock is held. */
    void close() {
        open = false;
    }

    @Override
    public void event(@Nullable InvalidationEvent event) {
        if (event == null) {
            malformed(null, new ProtocolException("the event is null"), null);
            return;
        }
        String topic = event.topic();
        if (!engine.topic().equals(topic)) {
            otherTopic(topic, event);
            return;
        }
        Revision epoch = event.epoch();
        StateVersion local = engine.local;
        long epochBits = epoch != null ? epoch.bits() : local != null ? local.epochBits() : 0;
        long revisionBits = event.revision().bits();
        if (isNewer(epochBits, revisionBits, local)) {
            accept(event, event.sourceId(), event, epoch != null, epochBits, revisionBits);
        } else {
            engine.dropped.increment();
        }
    }

    @Override
    public void event(@Nullable String topic, @Nullable String revision) {
        event(topic, revision, null, null, null);
    }

    @Override
    public void event(@Nullable String topic, @Nullable String revision, @Nullable String epoch) {
        event(topic, revision, epoch, null, null);
    }

    @Override
    public void event(
            @Nullable String topic,
            @Nullable String revision,
            @Nullable String epoch,
            @Nullable String sourceId,
            @Nullable Object payload) {
        if (!engine.topic().equals(topic)) {
            otherTopic(topic, payload != null ? payload : new RawEvent(topic, revision, epoch));
            return;
        }
        StateVersion local = engine.local;
        long epochBits;
        long revisionBits;
        try {
            revisionBits = Revision.parseUnsigned(revision);
            epochBits = epoch != null ? Revision.parseUnsigned(epoch) : local != null ? local.epochBits() : 0;
        } catch (ProtocolException e) {
            malformed(payload != null ? payload : new RawEvent(topic, revision, epoch), e, sourceId);
            return;
        }
        if (isNewer(epochBits, revisionBits, local)) {
            accept(null, sourceId, payload, epoch != null, epochBits, revisionBits);
        } else {
            engine.dropped.increment();
        }
    }

    private static boolean isNewer(long epoch, long revision, @Nullable StateVersion local) {
        return local == null
                || StateVersion.compareUnsigned(epoch, revision, local.epochBits(), local.revisionBits()) > 0;
    }

    private void otherTopic(@Nullable String topic, Object payload) {
        if (topic == null || topic.isBlank()) {
            malformed(payload, new ProtocolException("the event's topic is null or blank"), null);
        } else {
            engine.dropped.increment();
        }
    }

    /**
     * An event that is newer than local; null if it came as text. Asks shouldRefresh, on this thread and without the lock
     * (contract G6).
     */
    private void accept(
            @Nullable InvalidationEvent event,
            @Nullable String sourceId,
            @Nullable Object payload,
            boolean hasEpoch,
            long epoch,
            long revision) {
        Predicate<? super InvalidationEvent> shouldRefresh = engine.options.shouldRefresh();
        if (shouldRefresh == null || !isOpen()) {
            enter(hasEpoch, epoch, revision);
            return;
        }
        InvalidationEvent typed = event != null ? event : typed(sourceId, hasEpoch, epoch, revision);
        boolean wanted;
        try {
            wanted = shouldRefresh.test(typed);
        } catch (Throwable t) { // the event is kept
            Report report = Report.of(SyncPhase.INVALIDATION, t)
                    .event(StateVersion.ofUnsigned(epoch, revision), sourceId, payload != null ? payload : typed);
            engine.locked(() -> {
                if (open) {
                    engine.report(report);
                }
                news(hasEpoch, epoch, revision);
            });
            return;
        }
        if (wanted) {
            enter(hasEpoch, epoch, revision);
        } else {
            engine.dropped.increment();
        }
    }

    private InvalidationEvent typed(@Nullable String sourceId, boolean hasEpoch, long epoch, long revision) {
        Revision typedEpoch = hasEpoch ? Revision.ofUnsigned(epoch) : null;
        return new InvalidationEvent(engine.topic(), Revision.ofUnsigned(revision), typedEpoch, sourceId, null);
    }

    private boolean isOpen() {
        synchronized (engine.lock) {
            return open;
        }
    }

    /** The same as locked(), without the object that a lambda may be: a burst of events allocates nothing. */
    private void enter(boolean hasEpoch, long epoch, long revision) {
        Outbox.Batch batch;
        synchronized (engine.lock) {
            try {
                news(hasEpoch, epoch, revision);
            } catch (Throwable t) {
                engine.broken(t);
            }
            batch = engine.leave();
        }
        engine.lock.run(batch);
    }

    /** An event passed the gate; the lock is held, and local may have moved meanwhile. */
    private void news(boolean hasEpoch, long epoch, long revision) {
        StateVersion local = engine.local;
        long localEpoch = hasEpoch || local == null ? epoch : local.epochBits();
        if (!open || !isNewer(localEpoch, revision, local)) {
            engine.dropped.increment();
            return;
        }
        engine.accepted++;
        engine.target.raise(localEpoch, revision);
        if (!askForCycle()) {
            engine.coalesced++;
        }
    }

    /** Whether the event has a pull of its own, now or when throttling lets it. */
    private boolean askForCycle() {
        if (!subscribed && engine.starter.willPull()) {
            return false;
        }
        long pulls = engine.cycles.pulls;
        Throttle throttle = engine.throttle;
        if (throttle == null) {
            engine.cycles.request();
            return engine.cycles.pulls != pulls;
        }
        boolean joins = throttle.isHolding();
        throttle.event();
        return !joins && (throttle.isHolding() || engine.cycles.pulls != pulls);
    }

    @Override
    public void malformed(@Nullable Object payload, @Nullable Throwable cause) {
        malformed(payload, new ProtocolException("the payload could not be read", cause), null);
    }

    private void malformed(@Nullable Object payload, ProtocolException error, @Nullable String sourceId) {
        engine.dropped.increment();
        engine.locked(() -> {
            if (open) {
                engine.report(Report.of(SyncPhase.PROTOCOL, error).event(null, sourceId, payload));
            }
        });
    }

    @Override
    public void snapshot(@Nullable SnapshotEnvelope<?> snapshot) {
        if (snapshot == null) {
            malformedSnapshot(null, new ProtocolException("the pushed snapshot is null"));
            return;
        }
        @SuppressWarnings("unchecked") // the transport's promise: see InvalidationHandler.snapshot
        SnapshotEnvelope<T> typed = (SnapshotEnvelope<T>) snapshot;
        engine.locked(() -> push(typed));
    }

    @Override
    @SuppressWarnings("NullAway") // data may be null if T may; the checker's mode on JDK 17 does not see that
    public void snapshot(@Nullable String revision, @Nullable String epoch, @Nullable Object data) {
        SnapshotEnvelope<?> snapshot;
        try {
            snapshot = SnapshotEnvelope.parse(revision, epoch, data);
        } catch (ProtocolException e) {
            malformedSnapshot(new RawEvent(engine.topic(), revision, epoch), e);
            return;
        }
        snapshot(snapshot);
    }

    private void malformedSnapshot(@Nullable Object payload, ProtocolException error) {
        engine.locked(() -> {
            if (open) {
                engine.report(Report.of(SyncPhase.PROTOCOL, error).event(null, null, payload));
            }
        });
    }

    private void push(SnapshotEnvelope<T> snapshot) {
        StateVersion version = engine.versionOf(snapshot);
        if (open && version.isNewerThan(engine.local)) {
            engine.target.raise(version.epochBits(), version.revisionBits());
            engine.applies.push(snapshot, version);
        }
    }

    @Override
    public void reconnected() {
        linked(true, true);
    }

    @Override
    public void resumed() {
        linked(true, false);
    }

    @Override
    public void disconnected() {
        linked(false, false);
    }

    private void linked(boolean now, boolean mayHaveMissed) {
        engine.locked(() -> {
            linked = now;
            if (!open || !subscribed) {
                return; // a pull follows the subscription
            }
            engine.connected(now);
            if (mayHaveMissed) {
                engine.target.owe();
                engine.cycles.request();
            }
        });
    }
}
