package io.statesync.persistence;

import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A program that saves to a folder in a loop, each version one above the newest, and prints a line for each that is kept. */
final class SavingProcess {
    static final String TOPIC = "settings";

    private SavingProcess() {}

    /** How to start it: the folder, then how many seconds, or 0 until it is killed. */
    static ProcessBuilder command(Path folder, long seconds) {
        return java(SavingProcess.class, folder.toString(), Long.toString(seconds));
    }

    /** How to start a program of the tests in a JVM of its own. */
    static ProcessBuilder java(Class<?> program, String... arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    public static void main(String[] arguments) throws IOException {
        FileStorage storage = FileStorage.in(Path.of(arguments[0]));
        long seconds = Long.parseLong(arguments[1]);
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        long seen = 0;
        boolean kept = false; // the others may always be first while there is time
        while (seconds == 0 || System.nanoTime() < end || !kept) {
            long newest = newest(storage);
            if (newest < seen) {
                throw new IllegalStateException("back from " + seen + " to " + newest);
            }
            if (storage.save(TOPIC, StoredSnapshots.at(newest + 1))) {
                System.out.println(newest + 1);
                System.out.flush();
                kept = true;
                seen = newest + 1;
            } else {
                seen = newest;
            }
        }
    }

    /** The newest revision that can be read; 0 for none. What cannot be read is a failure: no power was cut. */
    static long newest(SnapshotStorage storage) throws IOException {
        List<DamagedEntryException> damage = new ArrayList<>();
        StoredSnapshot newest = StoredSnapshots.newestReadable(storage, TOPIC, damage);
        if (!damage.isEmpty()) {
            throw damage.get(0);
        }
        return newest == null ? 0 : StoredSnapshots.revision(newest);
    }

    /** A program that saves several topics for some seconds, with a thread for each, and prints those that went well. */
    static final class OfSeveralTopics {
        private OfSeveralTopics() {}

        public static void main(String[] arguments) throws IOException {
            FileStorage storage = FileStorage.in(Path.of(arguments[0]));
            long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000_000L;
            List<CompletableFuture<Void>> threads = new ArrayList<>();
            for (String topic : List.of(arguments).subList(2, arguments.length)) {
                CompletableFuture<Void> ended = new CompletableFuture<>();
                threads.add(ended);
                new Thread(() -> run(ended, storage, topic, end), topic).start();
            }
            CompletableFuture.allOf(threads.toArray(CompletableFuture<?>[]::new))
                    .join();
        }

        private static void run(CompletableFuture<Void> ended, FileStorage storage, String topic, long end) {
            try {
                for (long revision = 1; System.nanoTime() < end; revision++) {
                    storage.save(topic, StoredSnapshots.at(revision));
                }
                System.out.println(topic);
                ended.complete(null);
            } catch (Throwable t) {
                ended.completeExceptionally(t);
            }
        }
    }
}
