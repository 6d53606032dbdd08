package io.statesync.persistence.jdbc;

import java.util.Objects;
import java.util.regex.Pattern;

/** Names of tables and channels, which become part of a statement: nothing but letters, digits and underlines. */
final class Tables {
    static final String DEFAULT_PREFIX = "statesync_";

    private static final Pattern PREFIX =
            Pattern.compile("([A-Za-z_][A-Za-z0-9_]{0,62}\\.)?[A-Za-z_][A-Za-z0-9_]{0,39}");
    private static final Pattern CHANNEL = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

    private Tables() {}

    static String prefix(String value) {
        if (!PREFIX.matcher(Objects.requireNonNull(value, "tablePrefix")).matches()) {
            throw new IllegalArgumentException("tablePrefix must be at most 40 ASCII letters, digits and underlines,"
                    + " not a digit first, after a schema and a dot or not: " + Ascii.escape(value));
        }
        return value;
    }

    static String channel(String option, String value) {
        if (!CHANNEL.matcher(Objects.requireNonNull(value, option)).matches()) {
            throw new IllegalArgumentException(option + " must be at most 63 ASCII letters, digits and underlines,"
                    + " not a digit first: " + Ascii.escape(value));
        }
        return value;
    }
}
