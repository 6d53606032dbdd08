package io.statesync.examples;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads durations as one types them: {@code 500ms}, {@code 10s}, {@code 2m}, {@code 1h}, or ISO 8601. */
final class Durations implements ITypeConverter<Duration> {
    private static final Pattern SHORT_FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    @Override
    public Duration convert(String value) {
        Matcher matcher = SHORT_FORM.matcher(value.toLowerCase(Locale.ROOT));
        Duration duration = matcher.matches() ? of(Long.parseLong(matcher.group(1)), matcher.group(2)) : iso(value);
        if (duration.isZero() || duration.isNegative()) {
            throw new TypeConversionException("'" + value + "' is not longer than zero");
        }
        return duration;
    }

    /** As one reads it: {@code 5 s}, or {@code 1500 ms}. */
    static String text(Duration duration) {
        return duration.toMillisPart() == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    private static Duration of(long amount, String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }

    private static Duration iso(String value) {
        try {
            return Duration.parse(value);
        } catch (DateTimeParseException e) {
            throw new TypeConversionException("'" + value + "' is not a duration such as 500ms, 10s, 2m or 1h");
        }
    }
}
