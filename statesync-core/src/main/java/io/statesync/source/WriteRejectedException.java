package io.statesync.source;

import java.io.Serial;

/** A store's validator refused a value; the message is its reason. Nothing was written. */
public final class WriteRejectedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    WriteRejectedException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
