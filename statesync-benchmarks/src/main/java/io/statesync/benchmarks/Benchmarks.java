package io.statesync.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The main of the benchmarks' jar: JMH's own, with two defaults. Bytes per operation are measured as well
 * ({@code -prof gc}) unless another profiler is named, and a benchmark that fails ends the run with an error.
 */
public final class Benchmarks {
    private Benchmarks() {}

    /** Runs JMH; {@code -h} lists what it understands. */
    public static void main(String[] args) throws IOException {
        List<String> given = new ArrayList<>(Arrays.asList(args));
        addDefault(given, "-prof", "gc");
        addDefault(given, "-foe", "true");
        org.openjdk.jmh.Main.main(given.toArray(new String[0]));
    }

    private static void addDefault(List<String> args, String option, String value) {
        if (!args.contains(option)) {
            args.add(option);
            args.add(value);
        }
    }
}
