package io.statesync.jms;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A request that has no answer. */
final class UnansweredException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** Whether it may have reached the source. */
    final boolean sent;

    UnansweredException(String message, boolean sent, @Nullable Throwable cause) {
        super(message, cause);
        this.sent = sent;
    }
}
