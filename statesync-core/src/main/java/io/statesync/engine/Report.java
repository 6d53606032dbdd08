package io.statesync.engine;

import io.statesync.InvalidationEvent;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A failure on its way to becoming a {@link SyncError}: where it happened, and what is known of it. */
final class Report {
    private final SyncPhase phase;
    private final Throwable error;
    private @Nullable StateVersion eventVersion;
    private @Nullable StateVersion snapshotVersion;
    private @Nullable String sourceId;
    private @Nullable Object sourceEvent;
    private int attempt;
    private @Nullable Duration nextDelay;

    private Report(SyncPhase phase, Throwable error) {
        this.phase = phase;
        this.error = error;
    }

    static Report of(SyncPhase phase, Throwable error) {
        return new Report(phase, error);
    }

    Report event(@Nullable StateVersion version, @Nullable String source, @Nullable Object payload) {
        eventVersion = version;
        sourceId = source;
        sourceEvent = payload;
        return this;
    }

    Report event(StateVersion version, InvalidationEvent event) {
        return event(version, event.sourceId(), event);
    }

    Report snapshot(@Nullable StateVersion version) {
        snapshotVersion = version;
        return this;
    }

    Report attempt(int number) {
        attempt = number;
        return this;
    }

    Report retry(int number, Duration delay) {
        attempt = number;
        nextDelay = delay;
        return this;
    }

    SyncError toError(Engine<?> engine) {
        return new SyncError(
                engine.instance(),
                engine.topic(),
                phase,
                error,
                engine.local,
                eventVersion,
                snapshotVersion,
                sourceId,
                sourceEvent,
                attempt,
                nextDelay != null,
                nextDelay);
    }
}
