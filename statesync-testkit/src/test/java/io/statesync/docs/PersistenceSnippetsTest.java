package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.Throttling;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.Compression;
import io.statesync.persistence.FileStorage;
import io.statesync.persistence.Migrations;
import io.statesync.persistence.PersistenceError;
import io.statesync.persistence.PersistenceListener;
import io.statesync.persistence.PersistentApplier;
import io.statesync.persistence.PersistentCache;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.persistence.SnapshotMetadata;
import io.statesync.source.RevisionedStore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The snippets of docs/persistence.md. */
@Timeout(60)
class PersistenceSnippetsTest {
    private static final org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(PersistenceSnippetsTest.class);

    @TempDir
    Path folder;

    private final AtomicReference<Theme> current = new AtomicReference<>();

    record Theme(String name, int size) {}

    @Test
    void aCacheInAFolder() throws Exception {
        RevisionedStore<Theme> source = RevisionedStore.of("theme", new Theme("light", 12));
        // snippet: PersistentCache
        PersistentCache<Theme> cache = PersistentCache.inFolder(folder, JacksonCodec.json(Theme.class));

        try (RevisionSync<Theme> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Theme>builder("theme")
                .source(source)
                .cache(cache)
                .applier(snapshot -> current.set(snapshot.data()))
                .build())) {
            sync.start().join(); // with the source or without it
        } // closed: what was applied last is on disk
        // end
        current.set(null);
        assertThat(cache.load("theme").join().data()).isEqualTo(new Theme("light", 12));
    }

    @Test
    void options() throws Exception {
        List<PersistenceError> errors = new ArrayList<>();
        // snippet: PersistentCacheOptions
        SnapshotFormat<Theme> format = SnapshotFormat.builder(JacksonCodec.json(Theme.class))
                .compression(Compression.zstd()) // needs com.github.luben:zstd-jni
                .sha256(true)
                .timeToLive(Duration.ofDays(30))
                .validator(theme -> {
                    if (theme.size() < 6) {
                        throw new IllegalArgumentException("unreadably small");
                    }
                })
                .build();

        PersistentCache<Theme> cache = PersistentCache.builder(format)
                .storage(FileStorage.in(folder, 100_000_000))
                .throttling(Throttling.builder().throttle(Duration.ofSeconds(5)).build())
                .listener(new PersistenceListener() {
                    @Override
                    public void onLoaded(String topic, SnapshotMetadata entry, boolean migrated) {
                        log.info("{} is {} old", topic, Duration.between(entry.savedAt(), Instant.now()));
                    }

                    @Override
                    public void onError(PersistenceError error) {
                        errors.add(error);
                    }
                })
                .build();
        // end
        cache.applied("theme", StateVersion.of(Revision.of(1)), new Theme("dark", 12));
        cache.flush().join();
        assertThat(cache.load("theme").join().data()).isEqualTo(new Theme("dark", 12));
        assertThat(errors).isEmpty();
    }

    @Test
    void migrations() throws Exception {
        record Old(String theme) {}
        PersistentCache<Old> before = PersistentCache.inFolder(folder, JacksonCodec.json(Old.class));
        before.applied("theme", StateVersion.of(Revision.of(1)), new Old("dark"));
        before.flush().join();
        // snippet: Migrations
        Migrations migrations = Migrations.to(2)
                .from(
                        0,
                        tree -> { // "theme" became "name"
                            ObjectNode theme = (ObjectNode) tree;
                            theme.set("name", theme.remove("theme"));
                            return theme;
                        })
                .from(1, tree -> ((ObjectNode) tree).put("size", 12)) // sizes came
                .build();

        SnapshotFormat<Theme> format = SnapshotFormat.builder(JacksonCodec.json(Theme.class))
                .migrations(migrations)
                .build();
        // end
        PersistentCache<Theme> cache =
                PersistentCache.builder(format).storage(FileStorage.in(folder)).build();
        assertThat(cache.load("theme").join().data()).isEqualTo(new Theme("dark", 12));
        cache.flush().join(); // what was migrated is saved, before the folder is removed
    }

    @Test
    void withoutAnEngine() throws Exception {
        PersistentCache<Theme> cache = PersistentCache.inFolder(folder, JacksonCodec.json(Theme.class));
        SnapshotEnvelope<Theme> snapshot = SnapshotEnvelope.of(Revision.of(7), new Theme("dark", 12));
        // snippet: PersistentApplier
        try (PersistentApplier<Theme> applier = PersistentApplier.of("theme", s -> current.set(s.data()), cache)) {
            applier.restore(); // applies what is kept, if anything is
            applier.apply(snapshot); // applies it, and has it saved
            applier.flush().join(); // it is on disk
        }
        // end
        assertThat(cache.load("theme").join().data()).isEqualTo(new Theme("dark", 12));
    }
}
