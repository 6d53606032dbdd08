package io.statesync.source;

import java.io.Serial;

/** A store's journal failed: it could not be read, or it is not known whether a write was stored. */
public final class JournalException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }
}
