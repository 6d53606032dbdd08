package io.statesync.persistence;

import io.statesync.persistence.internal.Hashes;
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
        byte[] hash = Hashes.ofUnits(topic);
        return name.append('-')
                .append(HexFormat.of().formatHex(hash, 0, HASH_BYTES))
                .toString();
    }
}
