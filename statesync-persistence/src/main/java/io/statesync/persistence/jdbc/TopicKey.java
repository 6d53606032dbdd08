package io.statesync.persistence.jdbc;

import io.statesync.persistence.internal.Hashes;
import java.util.HexFormat;

/**
 * How a table knows a topic, or a proposal.
 *
 * @param hash the SHA-256 of its UTF-16 code units in lower-case hex: what tells it from others
 * @param name for people: its beginning, in printable ASCII
 */
record TopicKey(String hash, String name) {
    private static final int READABLE = 120;

    static TopicKey of(String topic) {
        String name = Ascii.escape(topic.length() > READABLE ? topic.substring(0, READABLE) : topic);
        return new TopicKey(hash(topic), name.length() > READABLE ? name.substring(0, READABLE) : name);
    }

    static String hash(String text) {
        return HexFormat.of().formatHex(Hashes.ofUnits(text));
    }
}
