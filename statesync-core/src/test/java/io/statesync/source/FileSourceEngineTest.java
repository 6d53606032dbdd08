package io.statesync.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotApplier;
import io.statesync.StateSync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Engines on a file source. */
@Timeout(120)
class FileSourceEngineTest {
    @TempDir
    Path folder;

    @Test
    void replicaFollowsTheFile() throws Exception {
        Path file = Files.writeString(folder.resolve("greeting.txt"), "hello");
        LinkedBlockingQueue<String> applied = new LinkedBlockingQueue<>();
        try (FileSource<String> source = open(file);
                RevisionSync<String> replica = replica(source, "replica", snapshot -> applied.add(snapshot.data()))) {
            replica.start().get(30, TimeUnit.SECONDS);
            assertThat(applied.poll()).isEqualTo("hello");
            assertThat(replica.localVersion()).isEqualTo(source.version());

            Files.writeString(file, "good day");

            assertThat(applied.poll(30, TimeUnit.SECONDS)).isEqualTo("good day");
        }
    }

    /** A save in place may come between two reads of the old content: "hello" and "good day" once made "helloday". */
    @Test
    void contentThatIsReplacedInPlaceIsNotSeenMixed() throws Exception {
        Path file = Files.writeString(folder.resolve("greeting.txt"), "hello");
        LinkedBlockingQueue<String> applied = new LinkedBlockingQueue<>();
        try (FileSource<String> source = open(file);
                RevisionSync<String> replica = replica(source, "replica", snapshot -> applied.add(snapshot.data()))) {
            replica.start().get(30, TimeUnit.SECONDS);
            assertThat(applied.poll()).isEqualTo("hello");
            for (int i = 0; i < 50; i++) {
                String next = i % 2 == 0 ? "good day" : "hello";
                Files.writeString(file, next);
                assertThat(applied.poll(30, TimeUnit.SECONDS)).isEqualTo(next);
            }
        }
    }

    @Test
    void replicaThatIsHeldUpHoldsUpNoOther() throws Exception {
        Path file = Files.writeString(folder.resolve("greeting.txt"), "hello");
        CountDownLatch release = new CountDownLatch(1);
        LinkedBlockingQueue<String> applied = new LinkedBlockingQueue<>();
        try (FileSource<String> source = open(file);
                RevisionSync<String> slow = replica(source, "slow", snapshot -> release.await());
                RevisionSync<String> quick = replica(source, "quick", snapshot -> applied.add(snapshot.data()))) {
            CompletableFuture<Void> slowStart = slow.start();
            quick.start().get(30, TimeUnit.SECONDS);
            assertThat(applied.poll()).isEqualTo("hello");

            Files.writeString(file, "good day");
            assertThat(applied.poll(30, TimeUnit.SECONDS)).isEqualTo("good day");
            assertThat(slowStart).isNotDone();

            release.countDown();
            slow.awaitRevision(Revision.of(1)).get(30, TimeUnit.SECONDS);
        } finally {
            release.countDown();
        }
    }

    @Test
    void startWithoutTheFileFailsSayingSo() throws Exception {
        Path file = folder.resolve("greeting.txt");
        try (FileSource<String> source = open(file);
                RevisionSync<String> replica = replica(source, "replica", snapshot -> {})) {
            CompletableFuture<Void> start = replica.start();

            assertThat(start)
                    .failsWithin(30, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(IOException.class)
                    .withMessageContaining("does not exist");
        }
    }

    private static FileSource<String> open(Path file) throws IOException {
        return FileSource.open("greeting", file, bytes -> new String(bytes, UTF_8));
    }

    private static RevisionSync<String> replica(
            FileSource<String> source, String name, SnapshotApplier<String> applier) {
        return StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("greeting")
                .instance(name)
                .source(source)
                .applier(applier)
                .build());
    }
}
