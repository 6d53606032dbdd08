package io.statesync.persistence;

import io.statesync.persistence.internal.Hashes;
import java.util.HexFormat;
import java.util.Objects;

/** A snapshot as a storage keeps it: bytes, with what describes them. The bytes are not copied; nobody may change them. */
public final class StoredSnapshot {
    private final SnapshotMetadata metadata;
    private final byte[] payload;

    /** A snapshot of these bytes. */
    public StoredSnapshot(SnapshotMetadata metadata, byte[] payload) {
        this.metadata = Objects.requireNonNull(metadata, "metadata");
        this.payload = Objects.requireNonNull(payload, "payload");
    }

    /** What describes the bytes. */
    public SnapshotMetadata metadata() {
        return metadata;
    }

    /** The bytes. */
    public byte[] payload() {
        return payload;
    }

    /**
     * Checks the payload against its checksums.
     *
     * @throws DamagedEntryException if it is not what was saved
     */
    public void verify() throws DamagedEntryException {
        if (EntryFormat.crc32c(payload) != metadata.crc32c()) {
            throw new DamagedEntryException("the payload's CRC-32C is wrong");
        }
        String sha256 = metadata.sha256();
        if (sha256 != null
                && !sha256.equals(HexFormat.of().formatHex(Hashes.sha256().digest(payload)))) {
            throw new DamagedEntryException("the payload's SHA-256 is wrong");
        }
    }

    /** Names what describes it, never the payload. */
    @Override
    public String toString() {
        return "StoredSnapshot[" + metadata + ", " + payload.length + " bytes]";
    }
}
