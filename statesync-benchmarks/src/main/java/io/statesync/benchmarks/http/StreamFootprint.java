package io.statesync.benchmarks.http;

import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/**
 * A program that measures how much live heap an open stream takes on the server, container and all, after a collection.
 * Arguments: the number of streams, 5,000 if it is left out. Ends with exit code 1 if the bound is broken.
 */
public final class StreamFootprint {
    private static final long MAX_BYTES = 32 * 1024;

    private StreamFootprint() {}

    /** Measures and prints. */
    public static void main(String[] args) throws Exception {
        int streams = args.length == 0 ? 5000 : Integer.parseInt(args[0]);
        RevisionedStore<String> store = RevisionedStore.of("settings", "0");
        StateServlet servlet = StateServlet.builder()
                .topic(store, JacksonCodec.json(String.class))
                .maxStreams(streams + 100)
                .build();
        long each;
        try (Jetty jetty = Jetty.serving(servlet)) {
            new ReaderProcess(jetty.port(), "/state/events?topic=settings", 10).close();
            long before = liveHeap();
            try (ReaderProcess process = new ReaderProcess(jetty.port(), "/state/events?topic=settings", streams)) {
                store.set("1");
                process.look("\"revision\":\"2\"");
                store.set("2");
                process.look("\"revision\":\"3\"");
                long after = liveHeap();
                each = (after - before) / streams;
                System.out.printf("%,d streams: %,d bytes of live heap each; at most %,d%n", streams, each, MAX_BYTES);
            }
            servlet.close();
        }
        System.exit(each <= MAX_BYTES ? 0 : 1);
    }

    static long liveHeap() throws InterruptedException {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        for (int i = 0; i < 3; i++) {
            memory.gc();
            Thread.sleep(200); // what a collection frees through references is freed by the next
        }
        return memory.getHeapMemoryUsage().getUsed();
    }
}
