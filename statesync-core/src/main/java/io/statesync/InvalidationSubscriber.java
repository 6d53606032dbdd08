package io.statesync;

import java.util.concurrent.CompletionStage;

/**
 * A transport's side that hears of events: it calls the handler until the subscription is closed.
 *
 * <p>Called on the engine's executor. A thrown exception and a failed stage mean the same: subscribing failed (phase
 * {@link SyncPhase#SUBSCRIBE}).
 */
@FunctionalInterface
public interface InvalidationSubscriber {
    /**
     * Subscribes. The stage completes when every event that the source sends from then on will reach the handler; events
     * may reach it earlier.
     *
     * @throws Exception if it cannot begin
     */
    CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws Exception;
}
