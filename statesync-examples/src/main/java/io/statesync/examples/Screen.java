package io.statesync.examples;

import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** What the user sees: lines with the time and who speaks, in columns. Safe for use from any thread. */
final class Screen {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);
    private static final int NAME_WIDTH = 9;
    private static final int MAX_NAME_WIDTH = 32;

    private final PrintWriter out;
    private final boolean colors;
    private final int width; // of names

    Screen(PrintWriter out, boolean colors) {
        this(out, colors, List.of());
    }

    /**
     * For names that may be longer than those of the programs themselves.
     *
     * @param names who will speak; what is far too long shifts its line
     */
    Screen(PrintWriter out, boolean colors, Collection<String> names) {
        this.out = out;
        this.colors = colors;
        int longest = names.stream().mapToInt(String::length).max().orElse(0);
        this.width = Math.min(Math.max(longest, NAME_WIDTH), MAX_NAME_WIDTH);
    }

    /** The colors in use. */
    enum Color {
        NONE(""),
        RED("31"),
        GREEN("32"),
        YELLOW("33"),
        MAGENTA("35"),
        CYAN("36");

        private final String code;

        Color(String code) {
            this.code = code;
        }
    }

    /** Text without a time. */
    synchronized void text(String... lines) {
        for (String line : lines) {
            out.println(line);
        }
        out.flush();
    }

    /** One line of somebody's. */
    void line(Color color, String who, String what) {
        block(color, who, List.of(what));
    }

    /** Lines of somebody's that belong together; only the first has the time and the name. */
    synchronized void block(Color color, String who, List<String> lines) {
        String time = LocalTime.now(ZoneId.systemDefault()).format(TIME);
        String begin = time + "  " + paint(color, String.format("%-" + width + "s", who)) + "  ";
        for (String line : lines) {
            out.println(begin + line);
            begin = " ".repeat(time.length() + 2 + Math.max(width, who.length()) + 2);
        }
        out.flush();
    }

    private String paint(Color color, String text) {
        return colors && color != Color.NONE ? "\u001b[" + color.code + "m" + text + "\u001b[0m" : text;
    }
}
