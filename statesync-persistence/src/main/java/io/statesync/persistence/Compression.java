package io.statesync.persistence;

import io.statesync.internal.Texts;
import java.io.IOException;

/**
 * How the bytes of a snapshot are made shorter before they are stored. Entries record the name of theirs, so one that is
 * changed reads old entries too. Safe for use from any thread.
 */
public interface Compression {
    /** The name that entries record: what was written under it must always be readable under it. */
    String name();

    /**
     * Makes bytes shorter. What is given is not changed, and may be what is returned.
     *
     * @throws IOException if it cannot be done
     */
    byte[] compress(byte[] bytes) throws IOException;

    /**
     * Makes the bytes again. What is given is not changed, and may be what is returned.
     *
     * @param size how many there should be; more are never made
     * @throws DamagedEntryException if there are fewer or more
     * @throws IOException if the compressed bytes are not what {@link #compress} made
     */
    byte[] decompress(byte[] compressed, int size) throws IOException;

    /** Bytes as they are, not copied. */
    static Compression none() {
        return NoCompression.NONE;
    }

    /** The JDK's gzip (RFC 1952). */
    static Compression gzip() {
        return StreamCompression.GZIP;
    }

    /**
     * Zstandard (RFC 8878), by zstd-jni.
     *
     * @throws IllegalStateException if {@code com.github.luben:zstd-jni} is not on the class or module path
     */
    static Compression zstd() {
        return StreamCompression.zstd();
    }

    /**
     * The compression that an entry records.
     *
     * @throws IOException if it is none that this library knows, or zstd without its library
     */
    static Compression named(String name) throws IOException {
        try {
            return switch (name) {
                case "none" -> none();
                case "gzip" -> gzip();
                case "zstd" -> zstd();
                default -> throw new IOException("an unknown compression: " + Texts.quote(name));
            };
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
