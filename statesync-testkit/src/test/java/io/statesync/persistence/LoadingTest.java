package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.node.ObjectNode;

/** The chain load, verify, time to live, version, migration, validator; each failure leads to the generation before. */
class LoadingTest {
    private static final String TOPIC = "settings";
    private static final Instant ORIGIN = Instant.parse("2026-01-01T00:00:00Z");

    private final VirtualTime time = new VirtualTime(ORIGIN);
    private final TurnedStorage storage = new TurnedStorage();
    private final List<PersistenceError> errors = new ArrayList<>();
    private final List<String> told = new ArrayList<>();

    private static SnapshotFormat.Builder<Map<String, Integer>> format() {
        return SnapshotFormat.builder(JacksonCodec.json(new TypeReference<Map<String, Integer>>() {}));
    }

    private PersistentCache<Map<String, Integer>> cache(SnapshotFormat<Map<String, Integer>> format) {
        return PersistentCache.builder(format)
                .storage(storage)
                .executor(Runnable::run)
                .time(time)
                .listener(new PersistenceListener() {
                    @Override
                    public void onLoaded(String topic, SnapshotMetadata metadata, boolean migrated) {
                        told.add("loaded " + metadata.version() + (migrated ? " migrated" : ""));
                    }

                    @Override
                    public void onExpired(String topic, SnapshotMetadata metadata) {
                        told.add("expired " + metadata.version());
                    }

                    @Override
                    public void onError(PersistenceError error) {
                        errors.add(error);
                    }
                })
                .build();
    }

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private void save(SnapshotFormat<Map<String, Integer>> format, long revision) throws IOException {
        storage.memory.save(TOPIC, format.write(version(revision), Map.of("a", (int) revision), time.now()));
    }

    private void saveDamaged(long revision) throws IOException {
        StoredSnapshot whole = format().build().write(version(revision), Map.of(), time.now());
        storage.memory.save(TOPIC, new StoredSnapshot(whole.metadata(), "{]".getBytes(StandardCharsets.UTF_8)));
    }

    private static Migrations migrations(UnaryOperator<Migrations.Builder> more) {
        return more.apply(Migrations.to(2)
                        .from(0, tree -> ((ObjectNode) tree).put("b", 0))
                        .from(1, tree -> {
                            ((ObjectNode) tree).put("c", 1);
                            return tree;
                        }))
                .build();
    }

    @Test
    void nothingIsKept() {
        assertThat(cache(format().build()).load(TOPIC)).isCompletedWithValue(null);
        assertThat(errors).isEmpty();
    }

    @Test
    void aDamagedNewestIsReportedAndTheGenerationBeforeIsUsed() throws Exception {
        save(format().build(), 1);
        saveDamaged(2);
        PersistentCache<Map<String, Integer>> cache = cache(format().build());
        assertThat(cache.load(TOPIC).join().data()).containsEntry("a", 1);
        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.operation()).isEqualTo(PersistenceOperation.LOAD);
            assertThat(error.error()).isInstanceOf(DamagedEntryException.class);
            assertThat(error.generation()).isZero();
            assertThat(error.version()).isEqualTo(version(2));
        });
        assertThat(told).containsExactly("loaded 1");
        assertThat(cache.statistics().loadErrors()).isOne();
        assertThat(cache.statistics().loads()).isOne();
    }

    @Test
    void whatReplacesADamagedNewestIsTheSameVersionPulledAgain() throws Exception {
        save(format().build(), 1);
        saveDamaged(2);
        PersistentCache<Map<String, Integer>> cache = cache(format().build());
        cache.load(TOPIC).join();
        cache.applied(TOPIC, version(3), Map.of("a", 3));
        assertThat(cache.load(TOPIC).join().data()).containsEntry("a", 3);
    }

    @Test
    void whenAllAreDamagedTheLoadFailsOnceWithAllOfIt() throws Exception {
        saveDamaged(1);
        saveDamaged(2);
        CompletableFuture<?> loaded = cache(format().build()).load(TOPIC);
        assertThatThrownBy(loaded::join)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nothing that is kept can be used")
                .hasCauseInstanceOf(DamagedEntryException.class)
                .satisfies(error -> assertThat(error.getSuppressed()).hasSize(1));
        assertThat(errors).extracting(PersistenceError::generation).containsExactly(0, 1);
    }

    @Test
    void aStorageThatCannotBeReadFailsTheLoad() {
        IOException denied = new IOException("denied");
        storage.failures.add(denied);
        assertThatThrownBy(cache(format().build()).load(TOPIC)::join)
                .rootCause()
                .isSameAs(denied);
        assertThat(errors).singleElement().matches(error -> error.error() == denied);
    }

    @Test
    void anInterruptOfTheReadingEndsTheLoadAndIsNoFaultOfTheEntry(@TempDir Path folder) throws Exception {
        FileStorage files = FileStorage.in(folder);
        PersistentCache<Map<String, Integer>> cache = PersistentCache.builder(format().build())
                .executor(Runnable::run)
                .storage(files)
                .listener(new PersistenceListener() {
                    @Override
                    public void onError(PersistenceError error) {
                        errors.add(error);
                    }
                })
                .build();
        files.save(TOPIC, format().build().write(version(1), Map.of("a", 1), ORIGIN));
        files.save(TOPIC, format().build().write(version(2), Map.of("a", 2), ORIGIN));
        Thread.currentThread().interrupt();
        CompletableFuture<?> loaded = cache.load(TOPIC);
        assertThat(Thread.interrupted()).as("the thread is interrupted still").isTrue();
        assertThatThrownBy(loaded::join).hasCauseInstanceOf(ClosedByInterruptException.class);
        assertThat(errors).isEmpty();
        assertThat(cache.load(TOPIC).join().data()).containsEntry("a", 2);
    }

    @Test
    void anInterruptOfAMigrationEndsTheLoadAfterWhatWasWrongBeforeIsReported() throws Exception {
        save(format().build(), 1);
        saveDamaged(2);
        Migrations migrations = Migrations.to(1)
                .from(0, tree -> {
                    throw new InterruptedException("step");
                })
                .build();
        CompletableFuture<?> loaded =
                cache(format().migrations(migrations).build()).load(TOPIC);
        assertThat(Thread.interrupted()).isTrue();
        assertThatThrownBy(loaded::join)
                .hasCauseInstanceOf(InterruptedIOException.class)
                .hasRootCauseMessage("step");
        assertThat(errors)
                .singleElement()
                .satisfies(error -> assertThat(error.generation()).isZero());
    }

    @Test
    void whatOutlivedItsTimeIsNotUsedAndIsNoFailure() throws Exception {
        SnapshotFormat<Map<String, Integer>> format =
                format().timeToLive(Duration.ofHours(1)).build();
        save(format, 1);
        PersistentCache<Map<String, Integer>> cache = cache(format);
        time.advance(Duration.ofHours(1).minusNanos(1));
        assertThat(cache.load(TOPIC).join()).isNotNull();
        time.advance(Duration.ofNanos(1));
        assertThat(cache.load(TOPIC)).isCompletedWithValue(null);
        assertThat(told).containsExactly("loaded 1", "expired 1");
        assertThat(errors).isEmpty();
        assertThat(cache.statistics().expired()).isOne();
    }

    @Test
    void whenTheNewestHasOutlivedItsTimeAnOlderOneIsNotUsedEither() throws Exception {
        save(format().build(), 1);
        save(format().timeToLive(Duration.ofHours(1)).build(), 2);
        time.advance(Duration.ofHours(1));
        assertThat(cache(format().build()).load(TOPIC)).isCompletedWithValue(null);
        assertThat(told).containsExactly("expired 2");
    }

    @Test
    void aClearDuringTheLoadIsNoFailure() {
        PersistentCache<Map<String, Integer>> cache = PersistentCache.builder(format().build())
                .executor(Runnable::run)
                .storage(new SnapshotStorage() {
                    @Override
                    public boolean save(String topic, StoredSnapshot snapshot) {
                        return false;
                    }

                    @Override
                    public List<Generation> load(String topic) {
                        return List.of(() -> {
                            throw new NoSuchFileException("cleared");
                        });
                    }

                    @Override
                    public void clear(String topic) {}

                    @Override
                    public StorageUsage usage() {
                        return new StorageUsage(0, 0, 1);
                    }
                })
                .build();
        assertThat(cache.load(TOPIC)).isCompletedWithValue(null);
        assertThat(cache.statistics().loadErrors()).isZero();
    }

    @Test
    void anEarlierFormIsMigratedStepByStepAndSavedBackAsOldAsItWas() throws Exception {
        save(format().timeToLive(Duration.ofDays(1)).build(), 1);
        time.advance(Duration.ofHours(3));
        SnapshotFormat<Map<String, Integer>> format =
                format().migrations(migrations(m -> m)).build();
        PersistentCache<Map<String, Integer>> cache = cache(format);
        SnapshotEnvelope<Map<String, Integer>> loaded = cache.load(TOPIC).join();
        assertThat(loaded.data()).isEqualTo(Map.of("a", 1, "b", 0, "c", 1));
        assertThat(told).containsExactly("loaded 1 migrated");
        StoredSnapshot back = storage.memory.load(TOPIC).get(0).read();
        assertThat(back.metadata().schemaVersion()).isEqualTo(2);
        assertThat(back.metadata().version()).isEqualTo(version(1));
        assertThat(back.metadata().savedAt()).isEqualTo(ORIGIN);
        assertThat(back.metadata().timeToLive()).isEqualTo(Duration.ofDays(1));
        assertThat(cache.load(TOPIC).join().data()).isEqualTo(loaded.data());
        assertThat(cache.statistics().migrated()).isOne();
    }

    @Test
    void aFormFromTheFutureIsRefusedAndTheGenerationBeforeIsUsed() throws Exception {
        save(format().build(), 1);
        save(format().migrations(migrations(m -> m)).build(), 2);
        PersistentCache<Map<String, Integer>> cache = cache(format().build());
        assertThat(cache.load(TOPIC).join().data()).containsEntry("a", 1);
        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.operation()).isEqualTo(PersistenceOperation.MIGRATE);
            assertThat(error.error())
                    .hasMessage("schema version 2 is later than this application's 0: a newer application wrote it");
        });
    }

    @Test
    void aStepThatFailsIsNamed() throws Exception {
        save(format().build(), 1);
        Migrations migrations = Migrations.to(1)
                .from(0, tree -> {
                    throw new IllegalStateException("step");
                })
                .build();
        assertThatThrownBy(cache(format().migrations(migrations).build()).load(TOPIC)::join)
                .rootCause()
                .hasMessage("step");
        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.operation()).isEqualTo(PersistenceOperation.MIGRATE);
            assertThat(error.error()).hasMessage("the migration from schema version 0 to 1 failed");
        });
    }

    @Test
    void whatIsNotValidIsNotUsed() throws Exception {
        save(format().build(), 1);
        save(format().build(), 2);
        SnapshotFormat<Map<String, Integer>> format = format().validator(state -> {
                    if (state.containsValue(2)) {
                        throw new IllegalArgumentException("two");
                    }
                })
                .build();
        assertThat(cache(format).load(TOPIC).join().data()).containsEntry("a", 1);
        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.operation()).isEqualTo(PersistenceOperation.LOAD);
            assertThat(error.error()).hasMessage("the state is not valid").hasRootCauseMessage("two");
        });
    }

    @Test
    void whatWouldExpandBeyondTheLimitIsRefusedWithoutExpandingIt() throws Exception {
        byte[] zeros = Compression.gzip().compress(new byte[50 << 20]);
        assertThat(zeros).hasSizeLessThan(60_000);
        save(format().build(), 1);
        SnapshotMetadata bomb = new SnapshotMetadata(
                version(2), ORIGIN, 0, "json", "gzip", 50 << 20, EntryFormat.crc32c(zeros), null, null);
        storage.memory.save(TOPIC, new StoredSnapshot(bomb, zeros));
        SnapshotFormat<Map<String, Integer>> format = format().maxSize(1 << 20).build();
        assertThat(cache(format).load(TOPIC).join().data()).containsEntry("a", 1);
        assertThat(errors)
                .singleElement()
                .satisfies(error -> assertThat(error.error()).hasMessageContaining("maxSize is 1048576"));
    }

    @Test
    void whatSaysThatItIsSmallAndIsNotIsRefused() throws Exception {
        byte[] zeros = Compression.gzip().compress(new byte[50 << 20]);
        SnapshotMetadata bomb =
                new SnapshotMetadata(version(2), ORIGIN, 0, "json", "gzip", 10, EntryFormat.crc32c(zeros), null, null);
        storage.memory.save(TOPIC, new StoredSnapshot(bomb, zeros));
        assertThatThrownBy(cache(format().build()).load(TOPIC)::join)
                .rootCause()
                .isInstanceOf(DamagedEntryException.class)
                .hasMessage("more than 10 bytes come out");
    }

    @Test
    void aCodecThatBreaksDownLeadsToTheGenerationBefore() throws Exception {
        save(format().build(), 1);
        String deep = "[".repeat(100_000);
        byte[] bytes = deep.getBytes(StandardCharsets.UTF_8);
        SnapshotMetadata metadata = new SnapshotMetadata(
                version(2), ORIGIN, 0, "json", "none", bytes.length, EntryFormat.crc32c(bytes), null, null);
        storage.memory.save(TOPIC, new StoredSnapshot(metadata, bytes));
        StateCodec<Map<String, Integer>> json = JacksonCodec.json(new TypeReference<Map<String, Integer>>() {});
        StateCodec<Map<String, Integer>> breaking = new StateCodec<>() {
            @Override
            public String name() {
                return "json";
            }

            @Override
            public byte[] encode(Map<String, Integer> state) throws IOException {
                return json.encode(state);
            }

            @Override
            public Map<String, Integer> decode(byte[] encoded) throws IOException {
                if (encoded.length > 1000) {
                    throw new StackOverflowError();
                }
                return json.decode(encoded);
            }
        };
        assertThat(cache(SnapshotFormat.of(breaking)).load(TOPIC).join().data()).containsEntry("a", 1);
        assertThat(errors).singleElement().matches(error -> error.error() instanceof StackOverflowError);
    }
}
