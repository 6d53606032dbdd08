package io.statesync.benchmarks;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.Compression;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.persistence.StoredSnapshot;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the compressions make of 1 MB of JSON, and what that costs: encoding and decoding are part of it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 10, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@State(Scope.Benchmark)
public class CompressionBenchmark {
    private static final int BYTES = 1_000_000;

    /** The name of the compression. */
    @Param({"none", "gzip", "zstd"})
    public String compression;

    private final Fleet fleet = Fleet.ofBytes(BYTES);
    private final StateVersion version = StateVersion.of(Revision.of(1));
    private SnapshotFormat<Fleet> format;
    private StoredSnapshot stored;

    /** Says how many bytes there are; fails if they do not come back. */
    @Setup
    public void prepare() throws IOException {
        format = SnapshotFormat.builder(JacksonCodec.json(Fleet.class))
                .compression(Compression.named(compression))
                .build();
        stored = write();
        System.out.printf(
                "bytes=%d compressed=%d by=%s%n",
                stored.metadata().size(),
                stored.payload().length,
                stored.metadata().compression());
        if (!read().equals(fleet) || !stored.metadata().compression().equals(compression)) {
            throw new IllegalStateException("not what was written: " + stored);
        }
    }

    /** One operation encodes, compresses and checksums a state. */
    @Benchmark
    public StoredSnapshot write() throws IOException {
        return format.write(version, fleet, Instant.EPOCH);
    }

    /** One operation checks, expands and decodes it. */
    @Benchmark
    public Fleet read() throws IOException {
        return format.read(new StoredSnapshot(stored.metadata(), stored.payload()))
                .data();
    }
}
