package io.statesync;

import java.io.Serial;

/**
 * The source answered with a state older than one that it is known to have had: a lagging replica of it, a cache in
 * between, or a source that lost revisions (contract K1, K5, P4).
 */
public final class StaleSourceException extends SyncException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** A source that answers with old state, described. */
    public StaleSourceException(String message) {
        super(message, null);
    }
}
