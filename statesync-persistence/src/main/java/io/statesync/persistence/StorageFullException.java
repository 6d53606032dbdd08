package io.statesync.persistence;

import java.io.IOException;
import java.io.Serial;

/** A save would take a storage over its maximum size. Nothing was changed. */
public final class StorageFullException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** Says what is wrong, and how much there is. */
    public StorageFullException(String message) {
        super(message);
    }
}
