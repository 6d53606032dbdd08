package io.statesync.benchmarks.http;

import com.sun.management.OperatingSystemMXBean;
import io.statesync.http.zuno.ZunoServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;

/**
 * A program that measures how many events of Zuno's protocol a server delivers for each second of its processor time, to
 * readers in a process of their own that count bytes: 1,000 writes in a row, each sent to every reader, several in one write
 * where several wait; 100 rapid writes, and when all hold the last; and, without a bound, one write after the other, each
 * waited for. Arguments: the numbers of readers, 50, 500 and 2,000 if they are left out. Ends with exit code 1 if a bound is broken,
 * or a reader missed an event.
 */
public final class ZunoDeliveries {
    private static final int BURST = 1_000;
    private static final int ROUNDS = 12;
    private static final int WARM_UP = 6;
    private static final int RAPID = 100;
    private static final int SINGLE = 100;
    private static final double MIN_PER_CPU_SECOND = 250_000;
    private static final double MAX_RAPID_MILLIS = 250;
    private static final int RAPID_READERS = 2_000;

    private final RevisionedStore<String> store;
    private final ReaderProcess process;
    private final int readers;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private boolean missed;

    private ZunoDeliveries(RevisionedStore<String> store, ReaderProcess process, int readers) {
        this.store = store;
        this.process = process;
        this.readers = readers;
    }

    /** What a round took. */
    private record Round(double millis, double cpuSeconds, int deliveries) {}

    private Round round(int writes) throws Exception {
        String last = "x" + (1_000_000 + store.version().revisionBits() + writes);
        process.look("\"state\":\"" + last + '"');
        Thread.sleep(200); // the readers have read the line
        long cpu = system.getProcessCpuTime();
        long begin = System.nanoTime();
        for (int i = 0; i < writes; i++) {
            store.set("x" + (1_000_000 + store.version().revisionBits() + 1));
        }
        ReaderProcess.Seen seen = process.seen();
        double millis = (System.nanoTime() - begin) / 1e6;
        double cpuSeconds = (system.getProcessCpuTime() - cpu) / 1e9;
        long least =
                (long) writes * readers * 100; // an event is longer than this, and a snapshot in place of many is not
        if (seen.bytes() < least) {
            missed = true;
            System.out.printf(Locale.ROOT, "missed: %,d bytes where there must be %,d%n", seen.bytes(), least);
        }
        return new Round(millis, cpuSeconds, writes * readers);
    }

    /** Over all rounds: the clock of a process's time ticks in hundredths of a second. */
    private double perCpuSecond(int writes, int rounds) throws Exception {
        double cpuSeconds = 0;
        long deliveries = 0;
        for (int i = 0; i < rounds; i++) {
            Round round = round(writes);
            cpuSeconds += round.cpuSeconds;
            deliveries += round.deliveries;
        }
        return deliveries / cpuSeconds;
    }

    private double medianMillis(int writes, int rounds) throws Exception {
        double[] figures = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            figures[i] = round(writes).millis;
        }
        Arrays.sort(figures);
        return figures[rounds / 2];
    }

    private boolean run() throws Exception {
        perCpuSecond(BURST, WARM_UP);
        double saturated = perCpuSecond(BURST, ROUNDS);
        double rapid = medianMillis(RAPID, ROUNDS);
        double single = perCpuSecond(1, SINGLE);
        System.out.printf(
                Locale.ROOT,
                "%,5d readers: %,.0f deliveries per CPU second, at least %,.0f; the last of %d rapid writes after %.0f ms"
                        + "%s; one at a time %,.0f per CPU second%n",
                readers,
                saturated,
                MIN_PER_CPU_SECOND,
                RAPID,
                rapid,
                readers == RAPID_READERS ? ", at most " + MAX_RAPID_MILLIS : "",
                single);
        return !missed && saturated >= MIN_PER_CPU_SECOND && (readers != RAPID_READERS || rapid <= MAX_RAPID_MILLIS);
    }

    /** Measures and prints. */
    public static void main(String[] args) throws Exception {
        int[] sizes = args.length == 0
                ? new int[] {50, 500, RAPID_READERS}
                : Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
        boolean good = true;
        for (int readers : sizes) {
            StoreRegistry registry = StoreRegistry.create();
            RevisionedStore<String> store = registry.store("settings", () -> "x1000001");
            ZunoServlet servlet = ZunoServlet.builder(registry)
                    .codecs(topic -> JacksonCodec.json(String.class))
                    .maxReaders(readers + 10)
                    .build();
            try (Jetty jetty = Jetty.serving(servlet);
                    ReaderProcess process = new ReaderProcess(jetty.port(), "/state/sse", readers)) {
                good &= new ZunoDeliveries(store, process, readers).run();
                servlet.close();
            }
        }
        System.exit(good ? 0 : 1);
    }
}
