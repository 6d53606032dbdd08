package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.StateVersion;
import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/persistence-format.md, byte by byte: what was written must stay readable. */
class EntryFormatTest {
    private static final String TOPIC = "caf\u00e9/settings";
    static final String HEADER = """
            {"format":1,"topic":"caf\\u00E9/settings","revision":"42","epoch":"1730000000000",\
            "savedAt":"2026-01-02T03:04:05.678Z","schemaVersion":3,"codec":"json","compression":"none",\
            "size":16,"length":16,"crc32c":"c1cafd94",\
            "sha256":"0f4f87db4567232a7f1756aa1534ec1314777b39c3bf5209f87cf9739321cddc","timeToLive":"PT168H"}""";
    static final byte[] PAYLOAD = "{\"theme\":\"dark\"}".getBytes(StandardCharsets.US_ASCII);
    private static final String MAGIC = "8953534e0d0a1a0a";

    @TempDir
    Path temp;

    private static byte[] example() {
        byte[] header = HEADER.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(16 + header.length + PAYLOAD.length)
                .put(HexFormat.of().parseHex(MAGIC))
                .putInt(header.length)
                .putInt(0x0520e9e6)
                .put(header)
                .put(PAYLOAD)
                .array();
    }

    private static StoredSnapshot snapshot() {
        SnapshotMetadata metadata = new SnapshotMetadata(
                StateVersion.ofUnsigned(1_730_000_000_000L, 42),
                Instant.parse("2026-01-02T03:04:05.678Z"),
                3,
                "json",
                "none",
                16,
                0xc1cafd94,
                "0f4f87db4567232a7f1756aa1534ec1314777b39c3bf5209f87cf9739321cddc",
                Duration.ofDays(7));
        return new StoredSnapshot(metadata, PAYLOAD);
    }

    @Test
    void readsTheExample() throws IOException {
        Path file = Files.write(temp.resolve("entry"), example());
        StoredSnapshots.assertSame(EntryFormat.read(TOPIC, file), snapshot());
    }

    @Test
    void writesTheExample() throws IOException {
        ByteBuffer head = EntryFormat.head(TOPIC, snapshot());
        byte[] entry = new byte[head.remaining() + PAYLOAD.length];
        head.get(entry, 0, head.remaining());
        System.arraycopy(PAYLOAD, 0, entry, entry.length - PAYLOAD.length, PAYLOAD.length);
        assertThat(HexFormat.of().formatHex(entry)).isEqualTo(HexFormat.of().formatHex(example()));
    }

    @Test
    void namesTheFileAsThePageSays() {
        assertThat(EntryNames.of(TOPIC)).isEqualTo("caf__settings-10556c83cf42d632b83aa25cc0050180");
    }
}
