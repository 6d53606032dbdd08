package io.statesync.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Throttling;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.Compression;
import io.statesync.persistence.DamagedEntryException;
import io.statesync.persistence.FileStorage;
import io.statesync.persistence.PersistenceError;
import io.statesync.persistence.PersistenceListener;
import io.statesync.persistence.PersistentApplier;
import io.statesync.persistence.PersistentCache;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.persistence.SnapshotStorage;
import io.statesync.persistence.StorageUsage;
import io.statesync.persistence.StoredSnapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One test for each fault of the original's persistence that this one must not have, on a real file system. */
@Timeout(60)
class OriginalPersistenceFaultsTest {
    private static final String TOPIC = "settings";
    private static final String TEXT = "the same words again and again, ".repeat(1000);

    @TempDir
    Path folder;

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private Path entry() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".snapshot"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** A storage whose first save waits until the test lets it go on. */
    private static final class SlowStorage implements SnapshotStorage {
        final SnapshotStorage storage;
        final CountDownLatch entered = new CountDownLatch(1);
        final CountDownLatch goOn = new CountDownLatch(1);

        SlowStorage(SnapshotStorage storage) {
            this.storage = storage;
        }

        @Override
        public boolean save(String topic, StoredSnapshot snapshot) throws IOException {
            entered.countDown();
            try {
                assertThat(goOn.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return storage.save(topic, snapshot);
        }

        @Override
        public List<Generation> load(String topic) throws IOException {
            return storage.load(topic);
        }

        @Override
        public void clear(String topic) throws IOException {
            storage.clear(topic);
        }

        @Override
        public StorageUsage usage() throws IOException {
            return storage.usage();
        }
    }

    @Test
    void whatSaysThatItCompressesStoresCompressedData() throws Exception {
        PersistentCache<String> cache = PersistentCache.builder(SnapshotFormat.builder(JacksonCodec.json(String.class))
                        .compression(Compression.gzip())
                        .build())
                .storage(FileStorage.in(folder))
                .build();
        cache.applied(TOPIC, version(1), TEXT);
        cache.flush().join();
        byte[] stored = Files.readAllBytes(entry());
        assertThat(stored).hasSizeLessThan(1_500);
        assertThat(new String(stored, StandardCharsets.ISO_8859_1))
                .contains("\"compression\":\"gzip\"")
                .doesNotContain("the same words");
        assertThat(cache.statistics().bytesBefore()).isGreaterThan(32_000);
        assertThat(cache.statistics().bytesAfter()).isLessThan(1_000);
    }

    @Test
    void whatIsHashedPassesItsOwnCheckAndDamageDoesNot() throws Exception {
        SnapshotFormat<String> format = SnapshotFormat.builder(JacksonCodec.json(String.class))
                .sha256(true)
                .build();
        List<PersistenceError> errors = new CopyOnWriteArrayList<>();
        PersistentCache<String> cache = PersistentCache.builder(format)
                .storage(FileStorage.in(folder))
                .listener(new PersistenceListener() {
                    @Override
                    public void onError(PersistenceError error) {
                        errors.add(error);
                    }
                })
                .build();
        cache.applied(TOPIC, version(1), TEXT);
        cache.flush().join();
        assertThat(cache.load(TOPIC).join().data()).isEqualTo(TEXT);
        try (FileChannel channel = FileChannel.open(entry(), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {7}), channel.size() - 20);
        }
        assertThat(cache.load(TOPIC)).failsWithin(Duration.ofSeconds(30));
        assertThat(errors)
                .singleElement()
                .satisfies(error -> assertThat(error.error()).isInstanceOf(DamagedEntryException.class));
    }

    @Test
    void aSlowOldSaveDoesNotOverwriteANewerOne() throws Exception {
        SlowStorage slow = new SlowStorage(FileStorage.in(folder));
        PersistentCache<String> late = PersistentCache.in(slow, JacksonCodec.json(String.class));
        late.applied(TOPIC, version(1), "old");
        assertThat(slow.entered.await(30, TimeUnit.SECONDS)).isTrue();
        late.applied(TOPIC, version(2), "newer");
        PersistentCache<String> another = PersistentCache.in(FileStorage.in(folder), JacksonCodec.json(String.class));
        another.applied(TOPIC, version(3), "newest");
        another.flush().join();
        slow.goOn.countDown();
        late.flush().join();
        assertThat(another.load(TOPIC).join().data()).isEqualTo("newest");
        assertThat(late.statistics().superseded()).isPositive();
        assertThat(late.statistics().saves()).isZero();
    }

    @Test
    void flushReturnsWhenTheSaveUnderWayIsDone() throws Exception {
        SlowStorage slow = new SlowStorage(FileStorage.in(folder));
        PersistentCache<String> cache = PersistentCache.in(slow, JacksonCodec.json(String.class));
        cache.applied(TOPIC, version(1), "old");
        assertThat(slow.entered.await(30, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Void> flushed = cache.flush();
        assertThat(flushed).isNotDone();
        assertThat(slow.load(TOPIC)).isEmpty();
        slow.goOn.countDown();
        flushed.join();
        assertThat(slow.load(TOPIC)).hasSize(1);
    }

    @Test
    void closingSavesWhatIsPending() throws Exception {
        PersistentCache<String> cache = PersistentCache.builder(SnapshotFormat.of(JacksonCodec.json(String.class)))
                .storage(FileStorage.in(folder))
                .throttling(Throttling.builder().debounce(Duration.ofHours(1)).build())
                .build();
        try (PersistentApplier<String> applier = PersistentApplier.of(TOPIC, snapshot -> {}, cache)) {
            applier.apply(io.statesync.SnapshotEnvelope.of(version(1), "pending"));
            assertThat(cache.load(TOPIC).join()).isNull();
        }
        assertThat(cache.load(TOPIC).join().data()).isEqualTo("pending");
    }
}
