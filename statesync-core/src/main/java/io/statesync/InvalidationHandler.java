package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * What a transport calls. Made by the engine, one for each subscription.
 *
 * <p>Every method may be called from any thread, returns at once and never throws; bad input is reported in phase
 * {@link SyncPhase#PROTOCOL} (contract G3). Calls after the subscription was closed have no effect.
 */
public interface InvalidationHandler {
    /** A typed event. Null is reported as malformed. */
    void event(@Nullable InvalidationEvent event);

    /** An event whose revision is text as it came from the wire, without an epoch. */
    void event(@Nullable String topic, @Nullable String revision);

    /**
     * An event as it came from the wire.
     *
     * @param epoch null when the source sent none
     */
    void event(@Nullable String topic, @Nullable String revision, @Nullable String epoch);

    /**
     * An event as it came from the wire, with what an error report should name.
     *
     * @param epoch null when the source sent none
     * @param sourceId who sent it; null if unknown
     * @param payload what the transport received, kept only for reports; null if there is nothing to show
     */
    void event(
            @Nullable String topic,
            @Nullable String revision,
            @Nullable String epoch,
            @Nullable String sourceId,
            @Nullable Object payload);

    /**
     * A message that the transport could not read at all.
     *
     * @param payload what was received, for the report
     * @param cause why it could not be read; null if unknown
     */
    void malformed(@Nullable Object payload, @Nullable Throwable cause);

    /**
     * A snapshot that the source sent unasked (contract S1). Its data must be of the engine's type: a transport that
     * pushes was built with the codec of that type.
     */
    void snapshot(@Nullable SnapshotEnvelope<?> snapshot);

    /**
     * A snapshot that the source sent unasked, its version as text from the wire.
     *
     * @param epoch null when the source sent none
     */
    void snapshot(@Nullable String revision, @Nullable String epoch, @Nullable Object data);

    /**
     * The transport is connected again and cannot tell which topics moved meanwhile: the engine pulls (contract N1). A
     * transport that can tell says {@link #resumed()}, and sends events.
     */
    void reconnected();

    /**
     * The transport is connected again and tells by events and snapshots of its own what moved meanwhile: that shows in the
     * status, and nothing is pulled for it (contract D1). A handler that does not know this takes it for {@link
     * #reconnected()}.
     */
    default void resumed() {
        reconnected();
    }

    /** The transport lost its connection. It shows in the status, and nothing else happens (contract D1). */
    void disconnected();
}
