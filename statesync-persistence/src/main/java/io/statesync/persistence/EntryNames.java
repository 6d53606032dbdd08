package io.statesync.persistence;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * File names of topics: a part that people can read, and a hash that tells topics apart. Any topic has one, of at most 73
 * characters, all of them lower-case letters, digits, dashes and underlines, so that no two clash where case is ignored.
 */
final class EntryNames {
    private static final int READABLE = 40;
    private static final int HASH_BYTES = 16;

    private EntryNames() {}

    static String of(String topic) {
        StringBuilder name = new StringBuilder();
        String lower = topic.toLowerCase(Locale.ROOT);
        for (int i = 0; i < lower.length() && name.length() < READABLE; i++) {
            char c = lower.charAt(i);
            boolean safe = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
            name.append(safe ? c : '_');
        }
        byte[] hash = sha256().digest(units(topic));
        return name.append('-')
                .append(HexFormat.of().formatHex(hash, 0, HASH_BYTES))
                .toString();
    }

    /** All of a topic: a charset would make a question mark of half a surrogate pair. */
    private static byte[] units(String topic) {
        ByteBuffer units = ByteBuffer.allocate(Character.BYTES * topic.length());
        units.asCharBuffer().put(topic);
        return units.array();
    }

    /** The digest that every Java platform has. */
    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no SHA-256 in this JVM", e);
        }
    }
}
