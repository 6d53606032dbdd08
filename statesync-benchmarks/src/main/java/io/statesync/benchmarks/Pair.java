package io.statesync.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;

/**
 * Something beside what it cannot do without: the two take turns, each first every other time, so that a disk or a machine
 * that is quick and slow by the second is so for both. The figure is the ratio of their medians.
 *
 * @param what the one that is judged
 * @param baseline what it is compared with
 */
record Pair(Task baseline, Task what) {
    private static final int ROUNDS = 5;

    /** Something to be measured; what it prepares before is not. */
    interface Task {
        /** Does it once, and says how long it took, in nanoseconds. */
        long run() throws IOException;
    }

    /**
     * Measures and prints.
     *
     * @param warmUp how often each is done before
     * @param times how often each is done in each of five rounds
     * @return the median of the rounds' ratios
     */
    double ratio(PrintStream out, int warmUp, int times) throws IOException {
        round(warmUp);
        double[] ratios = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            long[] medians = round(times);
            ratios[round] = medians[1] / (double) medians[0];
            out.printf("  %,10.1f us to %,10.1f us: %5.3f%n", medians[1] / 1e3, medians[0] / 1e3, ratios[round]);
        }
        Arrays.sort(ratios);
        out.printf("%5.3f, from %5.3f to %5.3f%n", ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
        out.flush();
        return ratios[ROUNDS / 2];
    }

    private long[] round(int times) throws IOException {
        long[] of = new long[times];
        long[] to = new long[times];
        for (int i = 0; i < times; i++) {
            if (i % 2 == 0) {
                to[i] = baseline.run();
                of[i] = what.run();
            } else {
                of[i] = what.run();
                to[i] = baseline.run();
            }
        }
        Arrays.sort(of);
        Arrays.sort(to);
        return new long[] {to[times / 2], of[times / 2]};
    }
}
