package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever becomes of the newest file, it is never taken for what was saved, and the generation before is there. */
class DamagedFileTest {
    private static final String TOPIC = "caf\u00e9";
    private static final StoredSnapshot BEFORE = StoredSnapshots.full(1, 90);
    private static final StoredSnapshot NEWEST = StoredSnapshots.full(2, 120);
    private static final int PREFIX = 16;

    @TempDir
    Path temp;

    private FileStorage storage;
    private Path newest;
    private byte[] whole;

    @BeforeEach
    void saveTwoGenerations() throws IOException {
        storage = FileStorage.in(temp);
        storage.save(TOPIC, BEFORE);
        storage.save(TOPIC, NEWEST);
        newest = storage.folder().resolve(EntryNames.of(TOPIC) + ".snapshot");
        whole = Files.readAllBytes(newest);
    }

    private DamagedEntryException damaged(byte[] bytes) throws IOException {
        Files.write(newest, bytes);
        List<SnapshotStorage.Generation> generations = storage.load(TOPIC);
        assertThat(generations).hasSize(2);
        StoredSnapshots.assertSame(generations.get(1).read(), BEFORE);
        try {
            generations.get(0).read();
        } catch (DamagedEntryException e) {
            return e;
        }
        throw new AssertionError("taken for whole: " + bytes.length + " bytes");
    }

    private void nextSaveReplacesIt() throws IOException {
        StoredSnapshot next = StoredSnapshots.full(3, 50);
        assertThat(storage.save(TOPIC, next)).isTrue();
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), next);
        StoredSnapshots.assertSame(storage.load(TOPIC).get(1).read(), BEFORE);
    }

    @Test
    void whoeverIsToLookAtItIsToldWhichFileItIsAndWhatBecomesOfIt() throws IOException {
        byte[] bytes = whole.clone();
        bytes[bytes.length - 1] ^= 1;
        assertThat(damaged(bytes)).hasMessageEndingWith(": " + newest);
        Path before = storage.folder().resolve(EntryNames.of(TOPIC) + ".before");
        Files.write(before, Arrays.copyOf(whole, 3));
        PersistentCache<String> cache = PersistentCache.in(storage, JacksonCodec.json(String.class));
        assertThatThrownBy(cache.load(TOPIC)::join)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("load of the newest, " + newest + ", failed with ")
                .hasMessageEndingWith(
                        "; the next newer version that is saved replaces it, a clear of the topic forgets it")
                .satisfies(lost -> assertThat(lost.getSuppressed())
                        .singleElement()
                        .satisfies(other -> assertThat(other).hasMessageEndingWith(": " + before)));
    }

    @Test
    void everyByteFlipped() throws IOException {
        for (int i = 0; i < whole.length; i++) {
            for (int flip : new int[] {0x01, 0x80, 0xff}) {
                byte[] bytes = whole.clone();
                bytes[i] ^= (byte) flip;
                damaged(bytes);
            }
        }
        nextSaveReplacesIt();
    }

    @Test
    void aByteThatRotsAfterItsSaveAndIsLikeBeforeToTheFileSystem() throws IOException {
        for (int i = 0; i < whole.length; i += 7) {
            storage.clear(TOPIC);
            saveTwoGenerations();
            FileTime time = Files.getLastModifiedTime(newest);
            byte[] bytes = whole.clone();
            bytes[i] ^= 0x01;
            Files.write(newest, bytes);
            Files.setLastModifiedTime(newest, time);
            nextSaveReplacesIt();
        }
    }

    @Test
    void cutAtEveryLength() throws IOException {
        for (int length = 0; length < whole.length; length++) {
            damaged(Arrays.copyOf(whole, length));
        }
        nextSaveReplacesIt();
    }

    @Test
    void bytesAppended() throws IOException {
        for (int more : new int[] {1, 7, 4096, 1 << 20}) {
            assertThat(damaged(Arrays.copyOf(whole, whole.length + more))).hasMessageContaining("should have 120");
        }
        nextSaveReplacesIt();
    }

    @Test
    void everyByteOverwrittenByZeroesFromThereOn() throws IOException {
        for (int i = 0; i < whole.length; i++) {
            byte[] bytes = whole.clone();
            Arrays.fill(bytes, i, bytes.length, (byte) 0);
            damaged(bytes);
        }
        nextSaveReplacesIt();
    }

    @Test
    void neverReplacedByAnOlderSnapshotThanTheGenerationBefore() throws IOException {
        damaged(Arrays.copyOf(whole, 100));
        assertThat(storage.save(TOPIC, StoredSnapshots.full(1, 10))).isFalse();
        assertThat(storage.save(TOPIC, StoredSnapshots.full(2, 120))).isTrue();
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), NEWEST);
    }

    @Test
    void anotherTopicsEntryUnderTheName() throws IOException {
        storage.save("another", StoredSnapshots.full(9, 120));
        byte[] another = Files.readAllBytes(storage.folder().resolve(EntryNames.of("another") + ".snapshot"));
        assertThat(damaged(another)).hasMessageContaining("another topic's");
        nextSaveReplacesIt();
    }

    @Test
    void aHeaderThatIsWholeAndMeansNothing() throws IOException {
        String header = header();
        List<String> wrong = List.of(
                "",
                "[]",
                "null",
                "{",
                "{}",
                header.replace("\"format\":1", "\"format\":0"),
                header.replace("\"format\":1", "\"format\":\"one\""),
                header.replace("\"format\":1", "\"format\":[1]"),
                header.replace("\"length\":120", "\"length\":-1"),
                header.replace("\"length\":120", "\"length\":99999999999"),
                header.replace("\"size\":120", "\"size\":-1"),
                header.replace("\"schemaVersion\":3", "\"schemaVersion\":-3"),
                header.replace("\"revision\":\"2\"", "\"revision\":\"-2\""),
                header.replace("\"revision\":\"2\"", "\"revision\":\"two\""),
                header.replace("\"savedAt\":\"2026", "\"savedAt\":\"soon"),
                header.replace("\"timeToLive\":\"P", "\"timeToLive\":\"Q"),
                header.replace("\"codec\"", "\"code\""));
        for (String each : wrong) {
            assertThat(each).isNotEqualTo(header);
            damaged(withHeader(each));
        }
        nextSaveReplacesIt();
    }

    @Test
    void moreInAHeaderIsPassedOver() throws IOException {
        Files.write(newest, withHeader(header().replace("{", "{\"more\":{\"a\":[1]},\"less\":[],")));
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), NEWEST);
    }

    @Test
    void aFormatOfTheFutureIsNamedAndNotReplaced() throws IOException {
        Files.write(newest, withHeader(header().replace("\"format\":1", "\"format\":2")));
        assertThatThrownBy(() -> storage.load(TOPIC).get(0).read())
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(DamagedEntryException.class)
                .hasMessageContaining("format 2")
                .hasMessageContaining("reads up to 1");
        StoredSnapshots.assertSame(storage.load(TOPIC).get(1).read(), BEFORE);
        assertThatThrownBy(() -> storage.save(TOPIC, StoredSnapshots.full(3, 50)))
                .hasMessageContaining("format 2");
        storage.clear(TOPIC);
        assertThat(storage.save(TOPIC, StoredSnapshots.full(3, 50))).isTrue();
    }

    @Test
    void aTopicTooLongToBeReadAgainIsRefused() throws IOException {
        assertThatThrownBy(() -> storage.save("\u00e9".repeat(200_000), NEWEST))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("1048576");
        assertThat(storage.load("\u00e9".repeat(200_000))).isEmpty();
    }

    private String header() {
        return new String(whole, PREFIX, ByteBuffer.wrap(whole).getInt(8), StandardCharsets.US_ASCII);
    }

    private byte[] withHeader(String header) {
        byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        byte[] payload = NEWEST.payload();
        return ByteBuffer.allocate(PREFIX + bytes.length + payload.length)
                .put(whole, 0, 8)
                .putInt(bytes.length)
                .putInt(EntryFormat.crc32c(bytes))
                .put(bytes)
                .put(payload)
                .array();
    }
}
