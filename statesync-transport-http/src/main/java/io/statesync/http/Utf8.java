package io.statesync.http;

import java.nio.charset.StandardCharsets;

/** UTF-8 as the Encoding standard decodes it: each maximal part of what cannot be a character becomes one U+FFFD. */
final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';

    private Utf8() {}

    static String decode(byte[] bytes, int from, int to) {
        String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
        // The JDK replaces other numbers of bytes, of surrogates for instance.
        return text.indexOf(REPLACEMENT) < 0 ? text : decodeWithErrors(bytes, from, to);
    }

    private static String decodeWithErrors(byte[] bytes, int from, int to) {
        StringBuilder out = new StringBuilder(to - from);
        int at = from;
        while (at < to) {
            int lead = bytes[at] & 0xFF;
            int needed = needed(lead);
            int end = Math.min(at + 1 + needed, to);
            int next = at + 1;
            while (next < end && continues(lead, bytes[next] & 0xFF, next == at + 1)) {
                next++;
            }
            boolean whole = next == at + 1 + needed && (needed > 0 || lead < 0x80);
            out.appendCodePoint(whole ? codePoint(bytes, at, needed) : REPLACEMENT);
            at = next;
        }
        return out.toString();
    }

    /** How many bytes must follow; none if no character begins so. */
    private static int needed(int lead) {
        if (lead < 0xC2 || lead > 0xF4) {
            return 0;
        }
        return lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    }

    private static boolean continues(int lead, int b, boolean first) {
        int lowest = 0x80;
        int highest = 0xBF;
        if (first) {
            lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : lowest;
            highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : highest;
        }
        return b >= lowest && b <= highest;
    }

    private static int codePoint(byte[] bytes, int at, int needed) {
        int lead = bytes[at];
        int point = needed == 0 ? lead : (lead & (0x3F >> needed));
        for (int i = 1; i <= needed; i++) {
            point = (point << 6) | (bytes[at + i] & 0x3F);
        }
        return point;
    }
}
