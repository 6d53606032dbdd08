package io.statesync.persistence;

import io.statesync.StateVersion;
import io.statesync.internal.Quietly;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the outside what a cache does: listener, log and counters. Safe for use from any thread, under no lock. */
final class Reports {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");

    private final PersistenceListener listener;
    private final LongAdder saves = new LongAdder();
    private final LongAdder superseded = new LongAdder();
    private final LongAdder coalesced = new LongAdder();
    private final LongAdder saveErrors = new LongAdder();
    private final LongAdder loads = new LongAdder();
    private final LongAdder loadErrors = new LongAdder();
    private final LongAdder migrated = new LongAdder();
    private final LongAdder expired = new LongAdder();
    private final LongAdder cleared = new LongAdder();
    private final LongAdder clearErrors = new LongAdder();
    private final LongAdder bytesBefore = new LongAdder();
    private final LongAdder bytesAfter = new LongAdder();
    private volatile @Nullable LastSave lastSave;

    private record LastSave(Instant at, Duration took) {}

    Reports(PersistenceListener listener) {
        this.listener = listener;
    }

    void coalesced() {
        coalesced.increment();
    }

    void saved(String topic, StoredSnapshot snapshot, boolean kept, Instant now, Duration took) {
        SnapshotMetadata metadata = snapshot.metadata();
        if (kept) {
            saves.increment();
            bytesBefore.add(metadata.size());
            bytesAfter.add(snapshot.payload().length);
            lastSave = new LastSave(now, took);
        } else {
            superseded.increment();
        }
        Quietly.run(() -> log.debug(
                "saved version={} kept={} bytes={} tookMs={} topic={}",
                metadata.version(),
                kept,
                snapshot.payload().length,
                took.toMillis(),
                topic));
        tell("onSaved", () -> listener.onSaved(topic, metadata, kept, took));
    }

    void loaded(String topic, SnapshotMetadata metadata, boolean wasMigrated) {
        loads.increment();
        if (wasMigrated) {
            migrated.increment();
        }
        Quietly.run(() -> log.debug(
                "loaded version={} savedAt={} migrated={} topic={}",
                metadata.version(),
                metadata.savedAt(),
                wasMigrated,
                topic));
        tell("onLoaded", () -> listener.onLoaded(topic, metadata, wasMigrated));
    }

    void expired(String topic, SnapshotMetadata metadata) {
        expired.increment();
        Quietly.run(() -> log.info(
                "not used, its time to live is over: version={} savedAt={} timeToLive={} topic={}",
                metadata.version(),
                metadata.savedAt(),
                metadata.timeToLive(),
                topic));
        tell("onExpired", () -> listener.onExpired(topic, metadata));
    }

    void cleared(String topic) {
        cleared.increment();
        Quietly.run(() -> log.debug("cleared topic={}", topic));
        tell("onCleared", () -> listener.onCleared(topic));
    }

    void discarded(String topic, StateVersion version) {
        Quietly.run(() -> log.debug("discarded unsaved, as asked: version={} topic={}", version, topic));
        tell("onDiscarded", () -> listener.onDiscarded(topic, version));
    }

    /**
     * A generation that was not used, of which nobody else logs.
     *
     * @param place where it is; empty if that is not known
     */
    void loadFailed(PersistenceError error, String place) {
        Quietly.run(() -> log.warn(
                "{} failed: version={} generation={} place={} topic={}",
                error.operation(),
                error.version(),
                error.generation(),
                place,
                error.topic(),
                error.error()));
        failedLoggedElsewhere(error);
    }

    /** A failure that nobody else logs. */
    void failed(PersistenceError error) {
        Quietly.run(() -> log.warn(
                "{} failed: version={} generation={} attempt={} nextDelay={} topic={}",
                error.operation(),
                error.version(),
                error.generation(),
                error.attempt(),
                error.nextDelay(),
                error.topic(),
                error.error()));
        failedLoggedElsewhere(error);
    }

    /** A failure that whoever asked logs. */
    void failedLoggedElsewhere(PersistenceError error) {
        switch (error.operation()) {
            case SAVE -> saveErrors.increment();
            case CLEAR -> clearErrors.increment();
            case LOAD, MIGRATE -> loadErrors.increment();
        }
        tell("onError", () -> listener.onError(error));
    }

    private static void tell(String hook, Runnable call) {
        try {
            call.run();
        } catch (Throwable t) { // as in contract H1
            Quietly.run(() -> log.error("PersistenceListener.{} threw, which changes nothing", hook, t));
        }
    }

    PersistenceStatistics statistics() {
        LastSave last = lastSave;
        return new PersistenceStatistics(
                saves.sum(),
                superseded.sum(),
                coalesced.sum(),
                saveErrors.sum(),
                loads.sum(),
                loadErrors.sum(),
                migrated.sum(),
                expired.sum(),
                cleared.sum(),
                clearErrors.sum(),
                bytesBefore.sum(),
                bytesAfter.sum(),
                last == null ? null : last.at(),
                last == null ? null : last.took());
    }
}
