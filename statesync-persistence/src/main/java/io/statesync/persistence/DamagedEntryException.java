package io.statesync.persistence;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** What is stored is not what was saved: cut, changed, or not an entry at all. */
public final class DamagedEntryException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** Says what is wrong with it. */
    public DamagedEntryException(String message) {
        super(message);
    }

    /** Says what is wrong with it, and what showed it. */
    public DamagedEntryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
