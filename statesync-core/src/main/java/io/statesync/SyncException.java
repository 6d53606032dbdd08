package io.statesync;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A failure that statesync itself found, as opposed to one that a provider, subscriber or applier threw. */
public sealed class SyncException extends RuntimeException permits ProtocolException, StaleSourceException {
    @Serial
    private static final long serialVersionUID = 1L;

    SyncException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
