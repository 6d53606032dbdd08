package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.FakePullRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that are killed while their replicas write, some of it to a source that does not answer: a write that was in
 * the queue is known to the source, or is in the queue still, and none is made twice.
 *
 * <p>More of it: {@code -Dstatesync.campaign.kills=500}; a run's seed is in its failures, and {@code
 * -Dstatesync.campaign.seed} sets it.
 */
class QueueingProcessTest {
    private static final int KILLS = Integer.getInteger("statesync.campaign.kills", 5);
    private static final long SEED = Long.getLong("statesync.campaign.seed", System.nanoTime());
    private static final int FIRST = 1_000_000; // of the first process; numbers never become longer

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);
    private final RevisionedStore<String> store = RevisionedStore.of(QueueingProcess.TOPIC, "");
    private final Set<Integer> kept = new TreeSet<>();

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void aKilledProcessLosesNoWriteThatWasInItsQueueAndNoneIsMadeTwice() throws Exception {
        for (int kill = 0; kill < KILLS; kill++) {
            killWhileItWrites(FIRST + kill * 10_000);
            try (FileWriteQueue<String> queue = QueueingProcess.queue(folder)) {
                assertNothingIsLost("kill " + kill + ", seed " + SEED, QueueingProcess.numbers(queue.load()));
            }
        }
        try (FileWriteQueue<String> queue = QueueingProcess.queue(folder);
                StateReplica<String> replica =
                        QueueingProcess.replica().source(store).queue(queue).build()) {
            replica.start().get(30, TimeUnit.SECONDS);
            replica.flush().get(30, TimeUnit.SECONDS);
        }
        assertNothingIsLost("in the end, seed " + SEED, List.of());
    }

    /** Closing any of its channels to a file gives back a process's lock on it. */
    @Test
    @Timeout(120)
    void anInstanceThatIsRefusedDoesNotOpenTheQueueForOtherProcesses() throws Exception {
        try (FileWriteQueue<String> queue = QueueingProcess.queue(folder)) {
            assertThat(queue.load()).isEmpty();
            assertInUse();
            Process process = QueueingProcess.command(folder, FIRST).start();
            try (BufferedReader lines = process.inputReader()) {
                assertThat(lines.lines()).anyMatch(line -> line.contains("in use by another process"));
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            } finally {
                process.destroyForcibly();
            }
        }
    }

    private void assertNothingIsLost(String when, List<Integer> queued) {
        List<Integer> made = numbers(store.get());
        assertThat(made).as(when).isSorted().doesNotHaveDuplicates();
        assertThat(queued).as(when).isSorted().doesNotHaveDuplicates();
        Set<Integer> known = new TreeSet<>(made);
        known.addAll(queued);
        assertThat(known).as(when).containsAll(kept);
    }

    private static List<Integer> numbers(String state) {
        return state.isEmpty()
                ? List.of()
                : Arrays.stream(state.split(",")).map(Integer::valueOf).toList();
    }

    private void killWhileItWrites(int first) throws Exception {
        Process process = QueueingProcess.command(folder, first).start();
        try (BufferedReader lines = process.inputReader();
                PrintWriter answers = new PrintWriter(process.outputWriter(), true)) {
            int saves = 1 + random.nextInt(20);
            for (int i = 0; i < saves; i++) {
                String line = lines.readLine();
                while (!line.startsWith("kept ")) {
                    answer(line, answers);
                    line = lines.readLine();
                }
                keep(line);
            }
            assertInUse();
            assertThat(process.waitFor(random.nextInt(3_000), TimeUnit.MICROSECONDS))
                    .isFalse();
            process.toHandle().destroyForcibly(); // Process.destroyForcibly drops what is still to be read
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                afterItsDeath(line);
            }
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
    }

    private void assertInUse() throws IOException {
        try (FileWriteQueue<String> queue = QueueingProcess.queue(folder)) {
            assertThatThrownBy(queue::load)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("in use by another process")
                    .hasMessageContaining(queue.file().toString());
        }
    }

    private void keep(String line) {
        List<Integer> numbers = numbers(line.substring("kept ".length()));
        kept.addAll(numbers);
    }

    /** What it said last may have got through, or not; the last line may be cut. */
    private void afterItsDeath(String line) throws Exception {
        String[] words = line.split(" ", -1);
        if (line.startsWith("kept ") && line.length() % 8 == "kept 1234567".length() % 8) {
            keep(line);
        } else if (line.startsWith("propose ") && line.endsWith(" end") && random.nextBoolean()) {
            propose(words);
        }
    }

    private void answer(String line, PrintWriter answers) throws Exception {
        String[] words = line.split(" ", -1);
        switch (words[0]) {
            case "pull" -> {
                SnapshotEnvelope<String> now = (SnapshotEnvelope<String>) store.provider()
                        .getSnapshot(FakePullRequest.of(QueueingProcess.TOPIC))
                        .toCompletableFuture()
                        .join();
                answers.println("snapshot " + words[1] + " " + text(now));
            }
            case "propose" -> {
                switch (random.nextInt(10)) {
                    case 0 -> answers.println("refused " + words[1]); // known not to be sent
                    case 1 -> propose(words); // the answer is lost
                    case 2 -> {} // it is lost itself
                    default -> answers.println(text(words[1], propose(words)));
                }
            }
            default -> throw new AssertionError("seed " + SEED + ": " + line);
        }
    }

    private WriteResult<String> propose(String[] words) throws Exception {
        StateVersion base = StateVersion.of(Revision.parse(words[3]), Revision.parse(words[4]));
        return store.proposer()
                .propose(new Proposal<>(base, words[5], "child", words[2]))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    private static String text(String ask, WriteResult<String> result) {
        if (result instanceof WriteResult.Accepted<String> accepted) {
            StateVersion version = accepted.version();
            return "accepted " + ask + " " + version.epoch() + " " + version.revision();
        }
        return "conflict " + ask + " " + text(((WriteResult.Conflict<String>) result).current());
    }

    private static String text(SnapshotEnvelope<String> snapshot) {
        return snapshot.epoch() + " " + snapshot.revision() + " " + snapshot.data();
    }
}
