package io.statesync.property;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What a step brought, in the form in which two implementations are compared. */
final class Effects {
    private static final Pattern COMPLETION =
            Pattern.compile("(started|startFailed|refreshed|refreshFailed|reached|awaitFailed):\\d+");

    private Effects() {}

    /** The effects in their order, then the completions as a set. */
    static String describe(List<String> effects) {
        List<String> ordered = new ArrayList<>();
        List<String> completions = new ArrayList<>();
        for (String effect : effects) {
            (COMPLETION.matcher(effect).matches() ? completions : ordered).add(effect);
        }
        completions.sort(null);
        return ordered + " " + completions;
    }
}
