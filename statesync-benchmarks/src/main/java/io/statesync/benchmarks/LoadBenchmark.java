package io.statesync.benchmarks;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.Compression;
import io.statesync.persistence.FileStorage;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.persistence.StoredSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.zip.CRC32C;
import tools.jackson.databind.json.JsonMapper;

/**
 * A program that measures what a load of 10 MB of uncompressed JSON costs, beside what it cannot do without: the bytes of a
 * file, their checksum, and Jackson. Ends with exit code 1 if a bound is broken. The folder is as in
 * {@link FileSaveBenchmark}; what is read is in the system's memory.
 */
public final class LoadBenchmark {
    private static final int BYTES = 10_000_000;
    private static final double MAX_RATIO = 1.2;
    private static final int WARM_UP = 50;
    private static final int TIMES = 25;

    private final SnapshotFormat<Fleet> format = SnapshotFormat.builder(JacksonCodec.json(Fleet.class))
            .compression(Compression.none())
            .build();
    private final FileStorage storage;
    private final Path bare;
    private final Fleet fleet;
    private final long crc32c;

    private LoadBenchmark(Path folder) throws IOException {
        fleet = Fleet.ofBytes(BYTES);
        storage = FileStorage.in(folder);
        StoredSnapshot stored = format.write(StateVersion.of(Revision.of(1)), fleet, Instant.now());
        storage.save("fleet", stored);
        bare = Files.write(folder.resolve("bare.json"), stored.payload());
        crc32c = stored.metadata().crc32c() & 0xffff_ffffL;
        System.out.printf(
                "a load of %,d bytes to read, CRC-32C and parse: at most %.1f%n", stored.payload().length, MAX_RATIO);
    }

    /** Measures and prints. No arguments. */
    public static void main(String[] args) throws IOException {
        Path folder = Folders.make("loads-");
        double ratio;
        try {
            LoadBenchmark loads = new LoadBenchmark(folder);
            ratio = new Pair(loads::raw, loads::load).ratio(System.out, WARM_UP, TIMES);
        } finally {
            Folders.delete(folder);
        }
        System.exit(ratio <= MAX_RATIO ? 0 : 1);
    }

    private long load() throws IOException {
        long begin = System.nanoTime();
        Fleet loaded = format.read(storage.load("fleet").get(0).read()).data();
        return done(begin, loaded);
    }

    private long raw() throws IOException {
        long begin = System.nanoTime();
        byte[] bytes = Files.readAllBytes(bare);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        if (crc.getValue() != crc32c) {
            throw new IOException("the checksum is wrong");
        }
        return done(begin, JsonMapper.shared().readValue(bytes, Fleet.class));
    }

    private long done(long begin, Fleet loaded) {
        long nanos = System.nanoTime() - begin;
        if (!loaded.equals(fleet)) {
            throw new IllegalStateException("another state was loaded");
        }
        return nanos;
    }
}
