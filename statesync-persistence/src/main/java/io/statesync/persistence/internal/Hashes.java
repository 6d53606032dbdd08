package io.statesync.persistence.internal;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256, also of strings. */
public final class Hashes {
    private Hashes() {}

    /** The digest that every Java platform has. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no SHA-256 in this JVM", e);
        }
    }

    /**
     * The SHA-256 of a string's UTF-16 code units, big-endian: a charset would make a question mark of half a surrogate
     * pair.
     */
    public static byte[] ofUnits(String text) {
        ByteBuffer units = ByteBuffer.allocate(Character.BYTES * text.length());
        units.asCharBuffer().put(text);
        return sha256().digest(units.array());
    }
}
