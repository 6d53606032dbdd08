package io.statesync.internal;

import org.jspecify.annotations.Nullable;

/** Texts that came from outside, made fit for a message: quoted, cut, and without line breaks. */
public final class Texts {
    private static final int LIMIT = 80;

    private Texts() {}

    public static String quote(@Nullable CharSequence text) {
        return quote(text, LIMIT);
    }

    /** The same, cut after {@code limit} UTF-16 units. */
    public static String quote(@Nullable CharSequence text, int limit) {
        if (text == null) {
            return "null";
        }
        StringBuilder out = new StringBuilder(Math.min(text.length(), limit) + 8).append('"');
        for (int i = 0; i < text.length() && i < limit; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || Character.isSurrogate(c)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append(text.length() > limit ? "…\"" : "\"").toString();
    }

    /** What an exception says, fit to be given as a reason; its type where it says nothing. */
    public static String reason(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getName() : message;
    }
}
