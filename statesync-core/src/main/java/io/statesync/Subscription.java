package io.statesync;

/** A subscription that a transport holds open until it is closed. */
@FunctionalInterface
public interface Subscription {
    /**
     * Ends the subscription; a second close has no effect. Called on the engine's executor; a failure is reported in phase
     * {@link SyncPhase#SUBSCRIBE}.
     *
     * @throws Exception if it could not be ended cleanly
     */
    void close() throws Exception;
}
