package io.statesync.persistence;

import java.io.IOException;

/** Bytes as they are, not copied. */
record NoCompression(String name) implements Compression {
    static final Compression NONE = new NoCompression("none");

    @Override
    public byte[] compress(byte[] bytes) {
        return bytes;
    }

    @Override
    public byte[] decompress(byte[] compressed, int size) throws IOException {
        if (compressed.length != size) {
            throw new DamagedEntryException("there are " + compressed.length + " bytes, and should be " + size);
        }
        return compressed;
    }
}
