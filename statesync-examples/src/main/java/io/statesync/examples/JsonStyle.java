package io.statesync.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.DefaultPrettyPrinter.Indenter;
import tools.jackson.core.util.DefaultPrettyPrinter.NopIndenter;
import tools.jackson.core.util.Separators;
import tools.jackson.core.util.Separators.Spacing;

/**
 * How a JSON file is laid out, seen from its content, so that a write changes no more of it than it has to.
 *
 * @param lines whether objects have a line for each member
 * @param arrayLines whether arrays have a line for each element
 * @param indent one step of indentation
 * @param lineFeed what ends a line
 * @param lastLineFeed whether one ends the file
 * @param colon the spaces around a colon
 * @param comma the spaces around a comma within a line
 */
record JsonStyle(
        boolean lines,
        boolean arrayLines,
        String indent,
        String lineFeed,
        boolean lastLineFeed,
        Spacing colon,
        Spacing comma) {
    private static final Pattern OBJECT_LINES = Pattern.compile("\\{\\s*\\R");
    private static final Pattern ARRAY_LINES = Pattern.compile("\\[\\s*\\R");
    private static final Pattern INDENTED = Pattern.compile("\\R([ \\t]+)\\S");
    private static final Pattern COLON = Pattern.compile("\"( ?):( ?)");
    private static final Pattern COMMA = Pattern.compile(", ?(?=[^ \\r\\n])");

    /** The style of content that is valid JSON. */
    static JsonStyle of(byte[] content) {
        String text = new String(content, UTF_8);
        Matcher indented = INDENTED.matcher(text);
        Matcher colon = COLON.matcher(text);
        boolean spaced = !colon.find() || !colon.group(2).isEmpty();
        Matcher comma = COMMA.matcher(text);
        return new JsonStyle(
                OBJECT_LINES.matcher(text).find(),
                ARRAY_LINES.matcher(text).find(),
                indented.find() ? indented.group(1) : "  ",
                text.contains("\r\n") ? "\r\n" : "\n",
                text.endsWith("\n"),
                !spaced
                        ? Spacing.NONE
                        : colon.reset().find() && !colon.group(1).isEmpty() ? Spacing.BOTH : Spacing.AFTER,
                comma.find() ? comma.group().equals(",") ? Spacing.NONE : Spacing.AFTER : Spacing.AFTER);
    }

    /** Prints in this style. */
    PrettyPrinter printer() {
        Separators separators = Separators.createDefaultInstance()
                .withObjectNameValueSpacing(colon)
                .withObjectEntrySpacing(lines ? Spacing.NONE : comma)
                .withArrayElementSpacing(arrayLines ? Spacing.NONE : comma)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator("");
        return new DefaultPrettyPrinter(separators)
                .withObjectIndenter(indenter(lines))
                .withArrayIndenter(indenter(arrayLines));
    }

    private Indenter indenter(boolean eachOnALine) {
        return eachOnALine ? new DefaultIndenter(indent, lineFeed) : new NopIndenter();
    }

    /** The content of a file with this text. */
    byte[] end(String text) {
        return (lastLineFeed ? text + lineFeed : text).getBytes(UTF_8);
    }
}
