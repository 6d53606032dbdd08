package io.statesync.persistence;

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

    /** Names what describes it, never the payload. */
    @Override
    public String toString() {
        return "StoredSnapshot[" + metadata + ", " + payload.length + " bytes]";
    }
}
