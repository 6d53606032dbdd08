package io.statesync.jackson.internal;

import io.statesync.internal.Texts;
import java.io.Serial;
import java.lang.reflect.Field;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;

/**
 * What may be told of an exception whose message may quote a state: its type, its place in the data, its stack trace, and the
 * same of its causes. Of the names on the way to that place only those that are fields of a class; others are data.
 */
public final class Redacted extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final int MOST_CAUSES = 10;

    private Redacted(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** A copy without the text. */
    public static Redacted of(Throwable error) {
        return of(error, MOST_CAUSES);
    }

    private static Redacted of(Throwable error, int causes) {
        Throwable cause = error.getCause();
        Redacted copy = new Redacted(describe(error), cause == null || causes == 0 ? null : of(cause, causes - 1));
        copy.setStackTrace(error.getStackTrace());
        return copy;
    }

    private static String describe(Throwable error) {
        StringBuilder out = new StringBuilder(error.getClass().getName());
        if (error instanceof JacksonException jackson) {
            TokenStreamLocation at = jackson.getLocation();
            if (at != null) {
                append(out, "line", at.getLineNr());
                append(out, "column", at.getColumnNr());
                append(out, "byte", at.getByteOffset());
            }
            jackson.getPath().forEach(step -> append(out, step));
        }
        return out.toString();
    }

    private static void append(StringBuilder out, String what, long number) {
        if (number >= 0) {
            out.append(", ").append(what).append(' ').append(number);
        }
    }

    private static void append(StringBuilder out, JacksonException.Reference step) {
        Object from = step.from();
        Class<?> type = from instanceof Class<?> named ? named : from == null ? Object.class : from.getClass();
        String name = step.getPropertyName();
        out.append(", in ").append(type.getName()).append('[');
        if (name == null) {
            out.append(step.getIndex());
        } else {
            out.append(isField(type, name) ? Texts.quote(name) : "…");
        }
        out.append(']');
    }

    private static boolean isField(Class<?> type, String name) {
        for (Class<?> declaring = type; declaring != null; declaring = declaring.getSuperclass()) {
            if (Arrays.stream(declaring.getDeclaredFields()).map(Field::getName).anyMatch(name::equals)) {
                return true;
            }
        }
        return false;
    }
}
