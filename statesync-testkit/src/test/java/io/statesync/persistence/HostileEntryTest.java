package io.statesync.persistence;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries whose checksums are right, and whose contents somebody made to do harm: what is told of them is one short line. */
@Timeout(60)
class HostileEntryTest {
    private static final String TOPIC = "settings";
    private static final String FORGED = "gz\n2026-01-01 ERROR all is lost " + "x".repeat(10_000);
    private static final byte[] PAYLOAD = "\"x\"".getBytes(US_ASCII);

    @TempDir
    Path folder;

    private static void assertIsOneShortLine(Throwable error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            assertThat(t.getMessage()).doesNotContain("\n").hasSizeLessThan(300);
        }
    }

    @Test
    void theNameOfAnUnknownCompressionIsQuotedAndCut() {
        SnapshotMetadata metadata = new SnapshotMetadata(
                StoredSnapshots.at(1).metadata().version(),
                Instant.EPOCH,
                0,
                "json",
                FORGED,
                PAYLOAD.length,
                EntryFormat.crc32c(PAYLOAD),
                null,
                null);
        SnapshotFormat<String> format = SnapshotFormat.of(JacksonCodec.json(String.class));
        Throwable error = catchThrowable(() -> format.read(new StoredSnapshot(metadata, PAYLOAD)));
        assertThat(error)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("an unknown compression: \"gz\\u000a2026");
        assertIsOneShortLine(error);
    }

    @ParameterizedTest
    @ValueSource(strings = {"revision", "savedAt", "schemaVersion", "size", "crc32c", "timeToLive", "length", "format"})
    void aFieldThatIsNotUnderstoodIsQuotedAndCut(String field) throws IOException {
        String header = EntryFormatTest.HEADER.replaceFirst(
                "\"" + field + "\":(\"[^\"]*\"|[0-9]+)", "\"" + field + "\":\"" + FORGED.replace("\n", "\\\\n") + "\"");
        Throwable error = catchThrowable(() -> EntryFormat.read("caf\u00e9/settings", entry(header)));
        assertThat(error)
                .isInstanceOf(DamagedEntryException.class)
                .hasMessageStartingWith("the header is not understood: \"");
        assertIsOneShortLine(error);
    }

    @Test
    void aHeaderThatIsNoJsonIsQuotedAndCut() throws IOException {
        Path entry = entry("{\"topic\":" + "x".repeat(10_000) + "}");
        Throwable error = catchThrowable(() -> EntryFormat.read(TOPIC, entry));
        assertThat(error)
                .isInstanceOf(DamagedEntryException.class)
                .hasMessageStartingWith("the header is not JSON: \"");
        assertIsOneShortLine(error);
    }

    private Path entry(String header) throws IOException {
        byte[] bytes = header.getBytes(US_ASCII);
        byte[] payload = EntryFormatTest.PAYLOAD;
        ByteBuffer entry = ByteBuffer.allocate(16 + bytes.length + payload.length)
                .put(EntryFormat.head(TOPIC, StoredSnapshots.at(1)).slice(0, 8))
                .putInt(bytes.length)
                .putInt(EntryFormat.crc32c(bytes))
                .put(bytes)
                .put(payload);
        return Files.write(folder.resolve("entry"), entry.array());
    }

    @Test
    void anErrorOfAMigrationStepNamesTheStep() throws Exception {
        MemoryStorage memory = new MemoryStorage();
        SnapshotFormat<String> old = SnapshotFormat.of(JacksonCodec.json(String.class));
        memory.save(TOPIC, old.write(StoredSnapshots.at(1).metadata().version(), "x", Instant.EPOCH));
        List<PersistenceError> errors = new CopyOnWriteArrayList<>();
        Migrations migrations = Migrations.to(1)
                .from(0, tree -> {
                    throw new NoClassDefFoundError("made to fail");
                })
                .build();
        PersistentCache<String> cache = PersistentCache.builder(SnapshotFormat.builder(JacksonCodec.json(String.class))
                        .migrations(migrations)
                        .build())
                .storage(memory)
                .listener(new PersistenceListener() {
                    @Override
                    public void onError(PersistenceError error) {
                        errors.add(error);
                    }
                })
                .build();
        assertThatThrownBy(() -> cache.load(TOPIC).get(30, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.operation()).isEqualTo(PersistenceOperation.MIGRATE);
            assertThat(error.error())
                    .isInstanceOf(MigrationException.class)
                    .hasMessage("the migration from schema version 0 to 1 failed")
                    .hasRootCauseInstanceOf(NoClassDefFoundError.class);
        });
    }
}
