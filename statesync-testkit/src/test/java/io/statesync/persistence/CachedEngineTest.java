package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.Throttling;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.RecordingApplier;
import io.statesync.testkit.ScriptedProvider;
import io.statesync.testkit.ScriptedSubscriber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Engines with a cache in a real folder, on real threads. */
@Timeout(300)
class CachedEngineTest {
    private static final String TOPIC = "settings";

    @TempDir
    Path folder;

    private final List<SyncError> errors = new CopyOnWriteArrayList<>();

    private PersistentCache<String> cache() throws IOException {
        return PersistentCache.inFolder(folder, JacksonCodec.json(String.class));
    }

    private RevisionSync<String> engine(
            RevisionedStore<String> source, PersistentCache<String> cache, RecordingApplier<String> applier) {
        return StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .source(source)
                .cache(cache)
                .applier(applier)
                .onError(errors::add)
                .build());
    }

    @Test
    @DisplayName("P1, B1: a process that starts without its source has the state that was applied last")
    void startsWithTheLastStateWithoutItsSource() throws Exception {
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "one");
        try (RevisionSync<String> sync = engine(store, cache(), new RecordingApplier<>())) {
            sync.start().join();
            StateVersion version = store.set("two");
            sync.awaitVersion(version).join();
        }
        ScriptedProvider<String> gone = new ScriptedProvider<>();
        gone.throwNext(new IOException("no source"));
        RecordingApplier<String> applier = new RecordingApplier<>();
        try (RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .subscriber(new ScriptedSubscriber())
                .provider(gone)
                .cache(cache())
                .applier(applier)
                .build())) {
            sync.start().join();
            assertThat(applier.last().data()).isEqualTo("two");
            assertThat(sync.status().behind()).isTrue();
        }
    }

    @Test
    @DisplayName("P5: what a refresh brought is durable when the flush after it is done")
    void flushAfterARefreshCoversIt() throws Exception {
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "0");
        PersistentCache<String> cache = PersistentCache.builder(SnapshotFormat.of(JacksonCodec.json(String.class)))
                .storage(FileStorage.in(folder))
                .throttling(Throttling.builder().debounce(Duration.ofHours(1)).build())
                .build();
        try (RevisionSync<String> sync = engine(store, cache, new RecordingApplier<>())) {
            sync.start().join();
            for (int i = 1; i <= 50; i++) {
                StateVersion version = store.set(Integer.toString(i));
                sync.awaitVersion(version).join();
                cache.flush(TOPIC).join();
                assertThat(FileStorage.in(folder)
                                .load(TOPIC)
                                .get(0)
                                .read()
                                .metadata()
                                .version())
                        .isGreaterThanOrEqualTo(version);
            }
        }
        assertThat(errors).isEmpty();
    }

    @Test
    void closingSavesTheLastAppliedAlsoInAStormOfWrites() throws Exception {
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "0");
        for (int round = 0; round < 10; round++) {
            RecordingApplier<String> applier = new RecordingApplier<>();
            RevisionSync<String> sync = engine(store, cache(), applier);
            sync.start().join();
            for (int i = 0; i < 20; i++) {
                store.set(round + "." + i);
            }
            sync.close();
            SnapshotEnvelope<String> last = applier.last();
            assertThat(cache().load(TOPIC).join().data()).isEqualTo(last.data());
        }
        assertThat(errors).isEmpty();
    }

    @Test
    @DisplayName("P2: a cache of which nothing can be used is reported once, and what is applied then replaces it")
    void damageIsReportedAndReplaced() throws Exception {
        PersistentCache<String> first = cache();
        first.applied(TOPIC, StateVersion.of(Revision.of(1)), "one");
        first.flush().join();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".snapshot")).toList()) {
                Files.write(file, new byte[] {1, 2, 3});
            }
        }
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "fresh");
        try (RevisionSync<String> sync = engine(store, cache(), new RecordingApplier<>())) {
            sync.start().join();
        }
        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.START);
            assertThat(error.error()).hasRootCauseInstanceOf(DamagedEntryException.class);
        });
        assertThat(cache().load(TOPIC).join().data()).isEqualTo("fresh");
    }

    @Test
    void aFolderThatIsGoneNeverStopsSyncing() throws Exception {
        PersistentCache<String> cache = cache();
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "0");
        RecordingApplier<String> applier = new RecordingApplier<>();
        try (RevisionSync<String> sync = engine(store, cache, applier)) {
            sync.start().join();
            cache.flush().join();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
            for (int i = 1; i <= 20; i++) {
                sync.awaitVersion(store.set(Integer.toString(i))).get(30, TimeUnit.SECONDS);
            }
            assertThat(applier.last().data()).isEqualTo("20");
        }
        assertThat(cache.statistics().saveErrors()).isPositive();
        assertThat(errors).isEmpty();
    }

    @Test
    void severalEnginesShareOneCache() throws Exception {
        PersistentCache<String> cache = cache();
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "0");
        RevisionedStore<String> other = RevisionedStore.of("other", "0");
        RevisionSync<String> one = engine(store, cache, new RecordingApplier<>());
        RevisionSync<String> two = engine(store, cache, new RecordingApplier<>());
        RevisionSync<String> three = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("other")
                .source(other)
                .cache(cache)
                .applier(new RecordingApplier<>())
                .build());
        for (RevisionSync<String> sync : List.of(one, two, three)) {
            sync.start().join();
        }
        StateVersion version = store.set("last");
        StateVersion otherVersion = other.set("other's last");
        one.awaitVersion(version).join();
        two.awaitVersion(version).join();
        three.awaitVersion(otherVersion).join();
        one.close();
        two.close();
        three.close();
        assertThat(cache.load(TOPIC).join().data()).isEqualTo("last");
        assertThat(cache.load("other").join().data()).isEqualTo("other's last");
    }

    @Test
    void aReplicaStartsFromWhatTheSourceAcceptedOfIt() throws Exception {
        PersistentCache<String> cache = cache();
        RevisionedStore<String> store = RevisionedStore.of(TOPIC, "0");
        StateReplica<String> replica = StateReplica.<String>builder(TOPIC)
                .source(store)
                .engine(builder -> builder.cache(cache))
                .build();
        replica.start().join();
        replica.set("written").join();
        replica.engine().awaitVersion(store.version()).join();
        replica.close();
        replica.engine().close();
        assertThat(cache.load(TOPIC).join().data()).isEqualTo("written");
    }
}
