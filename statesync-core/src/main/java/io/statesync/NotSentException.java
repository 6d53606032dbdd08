package io.statesync;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A proposal that certainly did not reach the source, so that it may be changed before it is sent again. Thrown by a
 * {@link StateProposer} that knows: a refused connection, for instance, but never a time-out.
 */
public final class NotSentException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    /** Why it was not sent. */
    public NotSentException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
