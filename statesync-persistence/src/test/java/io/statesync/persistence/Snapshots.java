package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Snapshots whose bytes follow from their version, so that a mixture or another's bytes are noticed. */
final class Snapshots {
    private static final Instant SAVED_AT = Instant.parse("2026-01-02T03:04:05.678901234Z");

    private Snapshots() {}

    /** Revision {@code revision} of epoch 0, with up to 300 bytes. */
    static StoredSnapshot at(long revision) {
        return at(StateVersion.of(Revision.of(revision)));
    }

    static StoredSnapshot at(StateVersion version) {
        return of(version, (int) Math.floorMod(version.revisionBits() * 37, 300L), null, null);
    }

    static StoredSnapshot of(StateVersion version, int bytes, @Nullable String sha256, @Nullable Duration timeToLive) {
        byte[] payload = new byte[bytes];
        new Random(version.hashCode()).nextBytes(payload);
        int crc = EntryFormat.crc32c(payload);
        SnapshotMetadata metadata =
                new SnapshotMetadata(version, SAVED_AT, 3, "json", "none", bytes, crc, sha256, timeToLive);
        return new StoredSnapshot(metadata, payload);
    }

    /** With everything that may be left out. */
    static StoredSnapshot full(long revision, int bytes) {
        StateVersion version = StateVersion.of(Revision.MAX, Revision.of(revision));
        byte[] payload = of(version, bytes, null, null).payload();
        String sha256 = HexFormat.of().formatHex(EntryNames.sha256().digest(payload));
        return of(version, bytes, sha256, Duration.ofDays(7).plusNanos(1));
    }

    static long revision(StoredSnapshot snapshot) {
        return snapshot.metadata().version().revisionBits();
    }

    static void assertSame(StoredSnapshot actual, StoredSnapshot expected) {
        assertThat(actual.metadata()).isEqualTo(expected.metadata());
        assertThat(actual.payload()).isEqualTo(expected.payload());
    }

    /** The first generation that can be read, one of {@link #at}; null if none can. Adds to the damage that it met. */
    static @Nullable StoredSnapshot newestReadable(
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

    /** The revisions of all generations, which all can be read; the newest first. */
    static List<Long> revisions(SnapshotStorage storage, String topic) throws IOException {
        List<Long> revisions = new ArrayList<>();
        for (SnapshotStorage.Generation generation : storage.load(topic)) {
            revisions.add(revision(generation.read()));
        }
        return revisions;
    }
}
