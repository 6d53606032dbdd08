package io.statesync.persistence;

import io.statesync.StateVersion;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What describes a stored snapshot.
 *
 * @param version the version of the state
 * @param savedAt when it was saved, by the clock of who saved it
 * @param schemaVersion the version of the state's form, from 0; what migrations count
 * @param codec the name of the codec that made the bytes
 * @param compression the name of the compression that was used; {@code none} for none
 * @param size how many bytes there are before compression
 * @param crc32c the CRC-32C (RFC 3720, appendix B.4) of the payload as it is kept
 * @param sha256 the SHA-256 of the payload as it is kept, in lower-case hex; null if it was not asked for
 * @param timeToLive how long after {@code savedAt} it may be used; null for ever
 */
public record SnapshotMetadata(
        StateVersion version,
        Instant savedAt,
        int schemaVersion,
        String codec,
        String compression,
        long size,
        int crc32c,
        @Nullable String sha256,
        @Nullable Duration timeToLive) {
    /** Checks what can be checked without the payload. */
    public SnapshotMetadata {
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(savedAt, "savedAt");
        Objects.requireNonNull(codec, "codec");
        Objects.requireNonNull(compression, "compression");
        if (schemaVersion < 0) {
            throw new IllegalArgumentException("schemaVersion must not be negative: " + schemaVersion);
        }
        if (size < 0) {
            throw new IllegalArgumentException("size must not be negative: " + size);
        }
    }

    /**
     * Whether a snapshot that this describes replaces one that {@code other} describes: its version is newer, or it is the
     * same in a later form, as a migration makes it, or in the same form and the other one had outlived its time when this
     * one was saved.
     */
    public boolean supersedes(SnapshotMetadata other) {
        int byVersion = version.compareTo(other.version);
        return byVersion > 0
                || (byVersion == 0
                        && (schemaVersion > other.schemaVersion
                                || (schemaVersion == other.schemaVersion && other.isExpired(savedAt))));
    }

    /** Whether its time to live is over; a clock that was set back since it was saved makes nobody old. */
    public boolean isExpired(Instant now) {
        return timeToLive != null && Duration.between(savedAt, now).compareTo(timeToLive) >= 0;
    }
}
