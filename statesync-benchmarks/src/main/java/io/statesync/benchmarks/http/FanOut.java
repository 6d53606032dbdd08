package io.statesync.benchmarks.http;

import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import java.util.Arrays;

/**
 * A program that measures how long 2,000 readers, in a process of their own, take to hold the last of 100 rapid writes.
 * Arguments: the number of readers, 2,000 if it is left out. Ends with exit code 1 if the bound is broken.
 */
public final class FanOut {
    private static final int WRITES = 100;
    private static final int ROUNDS = 15;
    private static final int WARM_UP = 5;
    private static final double MAX_MILLIS = 250;

    private FanOut() {}

    /** Measures and prints. */
    public static void main(String[] args) throws Exception {
        int readers = args.length == 0 ? 2000 : Integer.parseInt(args[0]);
        RevisionedStore<String> store = RevisionedStore.of("settings", "0");
        StateServlet servlet = StateServlet.builder()
                .topic(store, JacksonCodec.json(String.class))
                .maxStreams(readers + 10)
                .build();
        double[] millis = new double[ROUNDS];
        try (Jetty jetty = Jetty.serving(servlet);
                ReaderProcess process = new ReaderProcess(jetty.port(), "/state/events?topic=settings", readers)) {
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                long last = store.version().revisionBits() + WRITES;
                process.look("\"revision\":\"" + last + '"');
                Thread.sleep(200); // the readers have read the line
                long begin = System.nanoTime();
                for (int i = 0; i < WRITES; i++) {
                    store.set(Integer.toString(i));
                }
                ReaderProcess.Seen seen = process.seen();
                double took = (System.nanoTime() - begin) / 1e6;
                System.out.printf("%s %.1f ms, %,d bytes%n", round < 0 ? "warm-up" : "round", took, seen.bytes());
                if (round >= 0) {
                    millis[round] = took;
                }
            }
            servlet.close();
        }
        Arrays.sort(millis);
        System.out.printf(
                "%,d readers hold the last of %d writes after %.0f ms (median; %.0f to %.0f); at most %.0f%n",
                readers, WRITES, millis[ROUNDS / 2], millis[0], millis[ROUNDS - 1], MAX_MILLIS);
        System.exit(millis[ROUNDS / 2] <= MAX_MILLIS ? 0 : 1);
    }
}
