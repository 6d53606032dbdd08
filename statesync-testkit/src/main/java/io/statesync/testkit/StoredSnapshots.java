package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.persistence.DamagedEntryException;
import io.statesync.persistence.SnapshotMetadata;
import io.statesync.persistence.SnapshotStorage;
import io.statesync.persistence.StoredSnapshot;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Stored snapshots whose bytes follow from their version, so that a mixture or another's bytes are noticed. */
public final class StoredSnapshots {
    private static final Instant SAVED_AT = Instant.parse("2026-01-02T03:04:05.678901234Z");

    private StoredSnapshots() {}

    /** Revision {@code revision} of epoch 0, with up to 300 bytes. */
    public static StoredSnapshot at(long revision) {
        return at(StateVersion.of(Revision.of(revision)));
    }

    /** A version, with up to 300 bytes. */
    public static StoredSnapshot at(StateVersion version) {
        return of(version, (int) Math.floorMod(version.revisionBits() * 37, 300L), null, null);
    }

    /**
     * A version with so many bytes.
     *
     * @param sha256 the SHA-256 that it names; null for none
     * @param timeToLive how long it may be used; null for ever
     */
    public static StoredSnapshot of(
            StateVersion version, int bytes, @Nullable String sha256, @Nullable Duration timeToLive) {
        byte[] payload = new byte[bytes];
        new Random(version.hashCode()).nextBytes(payload);
        CRC32C crc = new CRC32C();
        crc.update(payload, 0, bytes);
        SnapshotMetadata metadata = new SnapshotMetadata(
                version, SAVED_AT, 3, "json", "none", bytes, (int) crc.getValue(), sha256, timeToLive);
        return new StoredSnapshot(metadata, payload);
    }

    /** Of the highest epoch, with so many bytes and with everything that may be left out. */
    public static StoredSnapshot full(long revision, int bytes) {
        StateVersion version = StateVersion.of(Revision.MAX, Revision.of(revision));
        byte[] payload = of(version, bytes, null, null).payload();
        try {
            byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(payload);
            return of(
                    version,
                    bytes,
                    HexFormat.of().formatHex(sha256),
                    Duration.ofDays(7).plusNanos(1));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** The same in another schema version. */
    public static StoredSnapshot inForm(StoredSnapshot snapshot, int schemaVersion) {
        return changed(snapshot, snapshot.metadata().savedAt(), schemaVersion);
    }

    /** The same, saved so much later. */
    public static StoredSnapshot later(StoredSnapshot snapshot, Duration later) {
        SnapshotMetadata m = snapshot.metadata();
        return changed(snapshot, m.savedAt().plus(later), m.schemaVersion());
    }

    private static StoredSnapshot changed(StoredSnapshot snapshot, Instant savedAt, int schemaVersion) {
        SnapshotMetadata m = snapshot.metadata();
        SnapshotMetadata changed = new SnapshotMetadata(
                m.version(),
                savedAt,
                schemaVersion,
                m.codec(),
                m.compression(),
                m.size(),
                m.crc32c(),
                m.sha256(),
                m.timeToLive());
        return new StoredSnapshot(changed, snapshot.payload());
    }

    /** The 64 bits of the revision. */
    public static long revision(StoredSnapshot snapshot) {
        return snapshot.metadata().version().revisionBits();
    }

    /** Asserts that metadata and bytes are equal. */
    public static void assertSame(StoredSnapshot actual, StoredSnapshot expected) {
        assertThat(actual.metadata()).isEqualTo(expected.metadata());
        assertThat(actual.payload()).isEqualTo(expected.payload());
    }

    /**
     * The first generation that can be read, which has to be one of {@link #at}; null if none can.
     *
     * @param damage the damage that was met is added to it
     */
    public static @Nullable StoredSnapshot newestReadable(
            SnapshotStorage storage, String topic, List<DamagedEntryException> damage) throws IOException {
        for (SnapshotStorage.Generation generation : storage.load(topic)) {
            try {
                StoredSnapshot snapshot = generation.read();
                assertSame(snapshot, at(snapshot.metadata().version()));
                return snapshot;
            } catch (DamagedEntryException e) {
                damage.add(e);
            }
        }
        return null;
    }

    /** The revisions of all generations, which all have to be readable; the newest first. */
    public static List<Long> revisions(SnapshotStorage storage, String topic) throws IOException {
        List<Long> revisions = new ArrayList<>();
        for (SnapshotStorage.Generation generation : storage.load(topic)) {
            revisions.add(revision(generation.read()));
        }
        return revisions;
    }
}
