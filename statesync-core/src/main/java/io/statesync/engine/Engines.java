package io.statesync.engine;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import org.jspecify.annotations.Nullable;

/** Makes engines. */
public final class Engines {
    private Engines() {}

    /** An engine that is not started. */
    public static <T extends @Nullable Object> RevisionSync<T> create(RevisionSyncOptions<T> options) {
        return new Engine<>(options);
    }
}
