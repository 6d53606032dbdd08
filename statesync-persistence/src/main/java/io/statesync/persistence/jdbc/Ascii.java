package io.statesync.persistence.jdbc;

import java.util.HexFormat;

/** Any string as printable ASCII, and back: a database may not take half a surrogate pair, or a NUL. */
final class Ascii {
    private static final int HEX_DIGITS = 4;

    private Ascii() {}

    /** All but printable ASCII, and the backslash, as a backslash, {@code u} and four hex digits. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '\\') {
                out.append("\\u").append(HexFormat.of().toHexDigits(c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    /**
     * What was escaped.
     *
     * @throws IllegalArgumentException if it was not
     */
    static String unescape(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                int end = i + 2 + HEX_DIGITS;
                if (end > text.length()) {
                    throw new IllegalArgumentException("an escape is cut");
                }
                out.append((char) HexFormat.fromHexDigits(text, i + 2, end));
                i = end - 1;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
