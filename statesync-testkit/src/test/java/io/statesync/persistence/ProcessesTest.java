package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that are killed while they save, and that save to one folder.
 *
 * <p>More of both: {@code -Dstatesync.campaign.kills=500 -Dstatesync.campaign.seconds=60}; a run's seed is in its failures,
 * and {@code -Dstatesync.campaign.seed} sets it.
 */
class ProcessesTest {
    private static final int KILLS = Integer.getInteger("statesync.campaign.kills", 20);
    private static final long SECONDS = Long.getLong("statesync.campaign.seconds", 3);
    private static final long SEED = Long.getLong("statesync.campaign.seed", System.nanoTime());
    private static final int PROCESSES = 2;

    @TempDir
    Path folder;

    @Test
    void aKilledProcessLeavesWhatItSaidItSaved() throws Exception {
        Random random = new Random(SEED);
        FileStorage storage = FileStorage.in(folder);
        long newest = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            long acknowledged = killWhileItSaves(random);
            long kept = SavingProcess.newest(storage);
            String when = "kill " + kill + ", seed " + SEED;
            assertThat(acknowledged).as(when).isGreaterThan(newest);
            assertThat(kept).as(when).isGreaterThanOrEqualTo(acknowledged);
            newest = kept;
        }
    }

    /** The last version that it said was saved. */
    private long killWhileItSaves(Random random) throws Exception {
        Process process = SavingProcess.command(folder, 0).start();
        try (BufferedReader lines = process.inputReader()) {
            int acknowledgements = 1 + random.nextInt(10);
            long last = 0;
            for (int i = 0; i < acknowledgements; i++) {
                String line = lines.readLine();
                assertThat(line).as("what it prints, seed " + SEED).matches("[0-9]+");
                last = Long.parseLong(line);
            }
            assertThat(process.waitFor(random.nextInt(3_000), TimeUnit.MICROSECONDS))
                    .isFalse();
            process.toHandle().destroyForcibly(); // Process.destroyForcibly drops what is still to be read
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last = Math.max(last, Long.parseLong(line)); // the last line may be cut
            }
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            return last;
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void processesThatShareAFolderNeverGoBack() throws Exception {
        List<Process> processes = new ArrayList<>();
        try {
            List<CompletableFuture<List<String>>> outputs = new ArrayList<>();
            for (int i = 0; i < PROCESSES; i++) {
                Process process = SavingProcess.command(folder, SECONDS).start();
                processes.add(process);
                outputs.add(CompletableFuture.supplyAsync(
                        () -> lines(process), reading -> new Thread(reading, "output").start()));
            }
            List<Long> kept = new ArrayList<>();
            for (int i = 0; i < PROCESSES; i++) {
                List<String> lines = outputs.get(i).get(SECONDS + 60, TimeUnit.SECONDS);
                assertThat(processes.get(i).waitFor())
                        .as(String.join("\n", lines))
                        .isZero();
                assertThat(lines).isNotEmpty();
                lines.forEach(line -> kept.add(Long.valueOf(line)));
            }
            assertThat(kept).as("no version is kept twice").doesNotHaveDuplicates();
            long newest = SavingProcess.newest(FileStorage.in(folder));
            assertThat(kept).hasSize((int) newest).contains(newest);
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
    }

    /** Two processes that wait for each other's files, in several threads, are no deadlock, whatever the system thinks. */
    @Test
    @Timeout(180)
    void noSaveFailsWhereProcessesWithSeveralTopicsShareAFolder() throws Exception {
        List<Process> processes = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                processes.add(SavingProcess.java(
                                SavingProcess.OfSeveralTopics.class,
                                folder.toString(),
                                Long.toString(SECONDS),
                                "a",
                                "b",
                                "c",
                                "d")
                        .start());
            }
            for (Process process : processes) {
                List<String> lines = lines(process);
                assertThat(process.waitFor()).as(String.join("\n", lines)).isZero();
                assertThat(lines).containsOnly("a", "b", "c", "d").doesNotHaveDuplicates();
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
    }

    private static List<String> lines(Process process) {
        try (BufferedReader lines = process.inputReader()) {
            return lines.lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
