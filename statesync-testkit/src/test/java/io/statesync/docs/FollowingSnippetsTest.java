package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.FileStorage;
import io.statesync.persistence.FolderSource;
import io.statesync.persistence.PersistentCache;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.source.RevisionedStore;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code in docs/following.md. */
@Timeout(60)
class FollowingSnippetsTest {
    @TempDir
    Path path;

    @Test
    void oneProcessPullsAndTheOthersFollow() throws Exception {
        RevisionedStore<Settings> network = RevisionedStore.of("settings", new Settings("light"));
        AtomicReference<Settings> own = new AtomicReference<>();
        AtomicReference<Settings> current = new AtomicReference<>();
        // snippet: followingWrite
        FileStorage storage = FileStorage.in(path);
        SnapshotFormat<Settings> format = SnapshotFormat.of(JacksonCodec.json(Settings.class));
        PersistentCache<Settings> cache =
                PersistentCache.builder(format).storage(storage).build();
        RevisionSync<Settings> puller = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                .source(network)
                .cache(cache)
                .applier(snapshot -> own.set(snapshot.data()))
                .build());
        puller.start().join();
        // end
        cache.flush().join();
        assertThat(own.get()).isEqualTo(new Settings("light"));
        // snippet: followingRead
        FolderSource<Settings> folder = FolderSource.<Settings>builder(FileStorage.in(path), "settings", format)
                .onCleared(() -> current.set(new Settings("light")))
                .build();
        RevisionSync<Settings> follower = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                .source(folder)
                .startup(Startup.KEEP_TRYING)
                .applier(snapshot -> current.set(snapshot.data()))
                .build());
        follower.start().join();
        // end
        StateVersion dark = network.set(new Settings("dark"));
        follower.awaitVersion(dark).get(30, TimeUnit.SECONDS);
        assertThat(current.get()).isEqualTo(new Settings("dark"));
        cache.clear("settings").join();
        Awaitility.await().atMost(1, TimeUnit.MINUTES).untilAtomic(current, Matchers.is(new Settings("light")));
        follower.close();
        puller.close();
    }
}
