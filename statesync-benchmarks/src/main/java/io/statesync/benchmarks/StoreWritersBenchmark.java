package io.statesync.benchmarks;

import io.statesync.source.RevisionedStore;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A program that measures what writers of one store take from each other: the writes a second of one thread, of eight, and
 * of the one of the eight that gets least. Ends with exit code 1 if a bound is broken.
 */
public final class StoreWritersBenchmark {
    private static final int WRITERS = 8;
    private static final int ROUNDS = 5;
    private static final long ROUND_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final double MIN_OF_ONE_WRITER = 0.5;
    private static final double MIN_SHARE = 0.05;

    private StoreWritersBenchmark() {}

    /** Measures and prints. No arguments. */
    public static void main(String[] args) throws InterruptedException {
        System.exit(measure(System.out) ? 0 : 1);
    }

    private static boolean measure(PrintStream out) throws InterruptedException {
        writes(1);
        writes(WRITERS);
        double ofOne = 0;
        double least = 1;
        for (int round = 0; round < ROUNDS; round++) {
            long one = writes(1)[0];
            long[] all = writes(WRITERS);
            long sum = Arrays.stream(all).sum();
            double share = Arrays.stream(all).min().orElse(0) / (double) sum;
            out.printf(
                    "one writer %,12d/s  %d writers %,12d/s  %5.1f %%  least share %4.1f %%%n",
                    perSecond(one), WRITERS, perSecond(sum), 100.0 * sum / one, 100 * share);
            ofOne += (double) sum / one / ROUNDS;
            least = Math.min(least, share);
        }
        out.printf("%n%-44s %8s %8s%n", "", "is", "at least");
        out.printf("%-44s %6.0f %% %6.0f %%%n", "writes of eight to those of one, mean", 100 * ofOne, 50.0);
        out.printf("%-44s %6.1f %% %6.0f %%%n", "the least writer's share of a round", 100 * least, 5.0);
        out.flush();
        return ofOne >= MIN_OF_ONE_WRITER && least >= MIN_SHARE;
    }

    private static long perSecond(long count) {
        return count * TimeUnit.SECONDS.toNanos(1) / ROUND_NANOS;
    }

    private static long[] writes(int writers) throws InterruptedException {
        RevisionedStore<Long> store = RevisionedStore.of("count", 0L);
        long[] counts = new long[writers];
        CountDownLatch together = new CountDownLatch(writers);
        Thread[] threads = new Thread[writers];
        for (int i = 0; i < writers; i++) {
            int own = i;
            threads[i] = new Thread(() -> counts[own] = write(store, together));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (store.get() != Arrays.stream(counts).sum()) {
            throw new IllegalStateException("lost updates: " + store.get() + " of " + Arrays.toString(counts));
        }
        return counts;
    }

    private static long write(RevisionedStore<Long> store, CountDownLatch together) {
        together.countDown();
        try {
            together.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        long end = System.nanoTime() + ROUND_NANOS;
        long count = 0;
        while (System.nanoTime() < end) {
            for (int i = 0; i < 16; i++) {
                store.update(value -> value + 1);
                count++;
            }
        }
        return count;
    }
}
