package io.statesync.persistence;

import io.statesync.persistence.internal.Hashes;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.zip.CRC32C;

/** A snapshot as a storage keeps it: bytes, with what describes them. The bytes are not copied; nobody may change them. */
public final class StoredSnapshot {
    private final SnapshotMetadata metadata;
    private final byte[] payload;
    private boolean verified; // threads that do not see it verify again

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
     * Checks the payload against its checksums; once, since nobody may change it.
     *
     * @throws DamagedEntryException if it is not what was saved
     */
    public void verify() throws DamagedEntryException {
        if (!verified) {
            verify(metadata, payload, 0);
            verified = true;
        }
    }

    /** Checks a payload that begins somewhere in these bytes and ends with them. */
    static void verify(SnapshotMetadata metadata, byte[] bytes, int from) throws DamagedEntryException {
        int length = bytes.length - from;
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        if ((int) crc.getValue() != metadata.crc32c()) {
            throw new DamagedEntryException("the payload's CRC-32C is wrong");
        }
        String sha256 = metadata.sha256();
        if (sha256 != null) {
            MessageDigest digest = Hashes.sha256();
            digest.update(bytes, from, length);
            if (!sha256.equals(HexFormat.of().formatHex(digest.digest()))) {
                throw new DamagedEntryException("the payload's SHA-256 is wrong");
            }
        }
    }

    /** Names what describes it, never the payload. */
    @Override
    public String toString() {
        return "StoredSnapshot[" + metadata + ", " + payload.length + " bytes]";
    }
}
