package io.statesync.persistence;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A stored snapshot is in another form than the application's, and cannot be brought into it. */
public final class MigrationException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    MigrationException(String message) {
        super(message);
    }

    MigrationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
