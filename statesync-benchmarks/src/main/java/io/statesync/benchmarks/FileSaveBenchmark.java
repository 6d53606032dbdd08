package io.statesync.benchmarks;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.persistence.FileStorage;
import io.statesync.persistence.SnapshotMetadata;
import io.statesync.persistence.StoredSnapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Random;
import java.util.zip.CRC32C;

/**
 * A program that measures what a durable save costs, beside what it cannot do without: a file that is written and forced,
 * moved over another, and a folder that is forced. Ends with exit code 1 if a bound is broken.
 *
 * <p>The folder is made in {@code -Dstatesync.benchmarks.folder}, by default beside the jar. That has to be on a disk: a file
 * system in memory forces nothing.
 */
public final class FileSaveBenchmark {
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 100 << 10;
    private static final double MAX_RATIO = 1.2;
    private static final int WARM_UP = 5_000;
    private static final int TIMES = 1_000;

    private final Path folder;
    private final FileStorage storage;
    private final byte[] payload;
    private final int crc32c;
    private long revision;

    private FileSaveBenchmark(Path folder, int bytes) throws IOException {
        this.folder = folder;
        this.storage = FileStorage.in(folder);
        this.payload = new byte[bytes];
        new Random(42).nextBytes(payload);
        CRC32C crc = new CRC32C();
        crc.update(payload);
        this.crc32c = (int) crc.getValue();
    }

    /** Measures and prints. No arguments. */
    public static void main(String[] args) throws IOException {
        System.out.printf(
                "a durable save to a file written, forced, moved and its folder forced: at most %.1f%n", MAX_RATIO);
        double small = ratio(SMALL);
        ratio(LARGE);
        System.exit(small <= MAX_RATIO ? 0 : 1);
    }

    private static double ratio(int bytes) throws IOException {
        Path folder = Folders.make("saves-");
        try {
            System.out.printf("%n%,d bytes%n", bytes);
            FileSaveBenchmark saves = new FileSaveBenchmark(folder, bytes);
            double ratio = new Pair(saves::raw, saves::save).ratio(System.out, WARM_UP, TIMES);
            saves.check();
            return ratio;
        } finally {
            Folders.delete(folder);
        }
    }

    private long save() throws IOException {
        StoredSnapshot snapshot = next();
        long begin = System.nanoTime();
        storage.save("settings", snapshot);
        return System.nanoTime() - begin;
    }

    private long raw() throws IOException {
        long begin = System.nanoTime();
        replace(folder.resolve("raw"), folder.resolve("raw.tmp"));
        return System.nanoTime() - begin;
    }

    private StoredSnapshot next() {
        StateVersion version = StateVersion.of(Revision.of(++revision));
        SnapshotMetadata metadata =
                new SnapshotMetadata(version, Instant.now(), 0, "json", "none", payload.length, crc32c, null, null);
        return new StoredSnapshot(metadata, payload);
    }

    private void replace(Path file, Path temporary) throws IOException {
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer left = ByteBuffer.wrap(payload);
            while (left.hasRemaining()) {
                channel.write(left);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Fails if the last save is not there. */
    private void check() throws IOException {
        StoredSnapshot kept = storage.load("settings").get(0).read();
        if (kept.metadata().version().revisionBits() != revision) {
            throw new IllegalStateException("saved=" + revision + " kept=" + kept);
        }
    }
}
