package io.statesync;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a pull asks for. A simple provider needs only {@link #topic()}, or nothing of it.
 *
 * <p>Safe for use from any thread.
 */
public interface PullRequest {
    /** The topic to pull. */
    String topic();

    /** The version that the asker holds, for a conditional request; null for none. */
    @Nullable
    StateVersion heldVersion();

    /**
     * The newest version that the asker was told of and does not have, so that a lagging server may wait for it; null
     * if there is none.
     */
    @Nullable
    StateVersion wantedVersion();

    /** Which attempt of its cycle this is, from 1 (contract R1). */
    int attempt();

    /** How long an answer may take, counted from the beginning of the pull (contract R4). */
    Duration timeout();

    /** Whether nobody waits for the answer any more: it took too long, or the engine was stopped. */
    boolean isCancelled();

    /**
     * Has {@code action} run when the pull is cancelled: once, on the engine's executor; at once on this thread if it is
     * cancelled already. What it throws is logged. The engine also cancels the future that the provider returned.
     */
    void onCancel(Runnable action);
}
