package io.statesync.examples;

import io.statesync.StateVersion;
import io.statesync.examples.Screen.Color;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.FileStorage;
import io.statesync.persistence.PersistenceError;
import io.statesync.persistence.PersistenceListener;
import io.statesync.persistence.PersistentCache;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.persistence.SnapshotMetadata;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What replicas keep on disk, and how old it is. */
final class Kept implements PersistenceListener {
    private final Screen screen;
    private final PersistentCache<JsonNode> cache;
    private final Map<StateVersion, Instant> savedAt = new ConcurrentHashMap<>();
    private final Instant opened = Instant.now();

    /**
     * Opens a folder, which is made if it is not there.
     *
     * @throws IOException if it cannot be made
     */
    Kept(Path folder, JacksonCodec<JsonNode> codec, Screen screen) throws IOException {
        this.screen = screen;
        this.cache = PersistentCache.builder(SnapshotFormat.of(codec))
                .storage(FileStorage.in(folder))
                .listener(this)
                .build();
    }

    PersistentCache<JsonNode> cache() {
        return cache;
    }

    /** Whether there is a state of a topic that can be used; what is wrong is told. */
    boolean has(String topic) {
        return cache.load(topic).handle((state, failure) -> state != null).join();
    }

    /** How old the state of a version is that was kept before this was opened; null for any other. */
    @Nullable
    String age(StateVersion version) {
        Instant saved = savedAt.get(version);
        if (saved == null) {
            return null;
        }
        Duration age = Duration.between(saved, Instant.now());
        return age.toMinutes() < 2
                ? String.format(Locale.ROOT, "%.1f s", age.toMillis() / 1000.0)
                : age.toMinutes() + " min";
    }

    @Override
    public void onLoaded(String topic, SnapshotMetadata metadata, boolean migrated) {
        if (metadata.savedAt().isBefore(opened)) { // else the replica that was quicker has it from the source
            savedAt.put(metadata.version(), metadata.savedAt());
        }
    }

    @Override
    public void onError(PersistenceError error) {
        screen.line(Color.RED, "cache", error.operation() + " failed: " + JsonFile.describe(error.error()));
    }
}
