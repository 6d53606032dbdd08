package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Engines that follow one another through a folder, in one process and in several. */
@Timeout(120)
class FolderSourceEngineTest {
    private static final String TOPIC = SavingProcess.TOPIC;
    private static final SnapshotFormat<String> FORMAT = SnapshotFormat.of(JacksonCodec.json(String.class));
    private static final int ROUNDS = 4;
    private static final int STEPS = 40;

    @TempDir
    Path temp;

    private final List<Long> applied = new CopyOnWriteArrayList<>();
    private FileStorage storage;

    @BeforeEach
    void makeStorage() throws IOException {
        storage = FileStorage.in(temp.resolve("shared"));
    }

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private static StoredSnapshot stored(long revision) throws IOException {
        return FORMAT.write(version(revision), "state " + revision, Instant.now());
    }

    private RevisionSync<String> engine(Applied then) throws IOException {
        FolderSource<String> source = FolderSource.<String>builder(FileStorage.in(storage.folder()), TOPIC, FORMAT)
                .pollInterval(Duration.ofMillis(50))
                .build();
        return StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .source(source)
                .startup(Startup.KEEP_TRYING)
                .catchUp(Backoff.exponential(Duration.ofMillis(1), 2, Duration.ofMillis(20)))
                .applier(snapshot -> {
                    assertThat(snapshot.data()).isEqualTo("state " + snapshot.revision());
                    applied.add(snapshot.revision().bits());
                    then.take(snapshot);
                })
                .build());
    }

    private interface Applied {
        void take(SnapshotEnvelope<String> snapshot) throws IOException;
    }

    private void assertNeverBack() {
        assertThat(applied).doesNotHaveDuplicates().isSorted();
    }

    // ---- one process

    @Test
    void followsWhatIsSaved() throws Exception {
        try (RevisionSync<String> engine = engine(snapshot -> {})) {
            var start = engine.start();
            for (long revision = 1; revision <= 10; revision++) {
                storage.save(TOPIC, stored(revision));
                engine.awaitRevision(Revision.of(revision)).get(30, TimeUnit.SECONDS);
            }
            start.get(30, TimeUnit.SECONDS);
        }
        assertNeverBack();
    }

    @Test
    void aFollowerThatSavesToTheSameFolderDoesNotLoop() throws Exception {
        SnapshotFormat<String> later = SnapshotFormat.builder(JacksonCodec.json(String.class))
                .migrations(Migrations.to(1).from(0, tree -> tree).build())
                .build();
        List<Boolean> saved = new CopyOnWriteArrayList<>();
        FileStorage own = FileStorage.in(storage.folder());
        FolderSource<String> source = FolderSource.of(own, TOPIC, later);
        try (RevisionSync<String> engine = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
                .source(source)
                .startup(Startup.KEEP_TRYING)
                .applier(snapshot -> {
                    StateVersion at = version(snapshot.revision().bits());
                    applied.add(at.revisionBits());
                    saved.add(own.save(TOPIC, later.write(at, snapshot.data(), Instant.now())));
                    saved.add(own.save(TOPIC, later.write(at, snapshot.data(), Instant.now())));
                })
                .build())) {
            var unused = engine.start();
            for (long revision = 1; revision <= 10; revision++) {
                storage.save(TOPIC, stored(revision));
                engine.awaitRevision(Revision.of(revision)).get(30, TimeUnit.SECONDS);
            }
        }
        assertThat(applied).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
        for (int i = 0; i < saved.size(); i += 2) { // in the later form once, and never again
            assertThat(saved.subList(i, i + 2)).containsExactly(true, false);
        }
    }

    /** Saves, clears, and all kinds of damage, in any order: in the end the follower has the newest that can be used. */
    @RepeatedTest(ROUNDS)
    void whateverHappensToTheEntryTheFollowerEndsAtTheNewest() throws Exception {
        long seed = Long.getLong("statesync.campaign.seed", System.nanoTime());
        Random random = new Random(seed);
        List<String> done = new ArrayList<>();
        try (RevisionSync<String> engine = engine(snapshot -> {})) {
            var start = engine.start();
            long revision = 0;
            for (int step = 0; step < STEPS; step++) {
                done.add(step(random, revision + 1));
                revision += done.get(step).equals("save") ? 1 : 0;
                if (random.nextInt(4) == 0) {
                    awaitNewestUsable(engine, "seed " + seed + ", " + done);
                }
            }
            awaitNewestUsable(engine, "seed " + seed + ", " + done);
            assertThat(storage.save(TOPIC, stored(revision + 1))).isTrue();
            engine.awaitRevision(Revision.of(revision + 1)).get(30, TimeUnit.SECONDS);
            start.get(30, TimeUnit.SECONDS);
            assertThat(engine.localVersion()).isEqualTo(version(revision + 1));
        }
        assertNeverBack();
    }

    private String step(Random random, long next) throws IOException {
        Path newest = storage.newest(TOPIC);
        int kind = random.nextInt(10);
        if (kind < 5 || !Files.exists(newest) || Files.size(newest) == 0) {
            assertThat(storage.save(TOPIC, stored(next))).isTrue();
            return "save";
        }
        byte[] bytes = Files.readAllBytes(newest);
        switch (kind) {
            case 5 -> storage.clear(TOPIC);
            case 6 -> Files.move(newest, storage.before(TOPIC), StandardCopyOption.REPLACE_EXISTING);
            case 7 -> Files.write(newest, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
            default -> {
                bytes[random.nextInt(bytes.length)] ^= 0x10;
                Files.write(newest, bytes);
            }
        }
        return List.of("clear", "move", "cut", "flip", "flip").get(kind - 5);
    }

    private void awaitNewestUsable(RevisionSync<String> engine, String when) throws IOException {
        long usable = 0;
        for (SnapshotStorage.Generation generation : storage.load(TOPIC)) {
            try {
                usable = Math.max(usable, generation.read().metadata().version().revisionBits());
            } catch (DamagedEntryException e) {
                assertThat(e).as(when).hasMessageNotContaining("another topic");
            }
        }
        long least = usable;
        Awaitility.await(when)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> {
                    StateVersion local = engine.localVersion();
                    return least == 0 || (local != null && local.revisionBits() >= least);
                });
    }

    // ---- two processes

    @Test
    void aProcessFollowsAnotherAndHearsOfItsClear() throws Exception {
        Process follower = SavingProcess.java(
                        FollowingProcess.class, storage.folder().toString())
                .start();
        try (BufferedReader heard = follower.inputReader()) {
            assertThat(heard.readLine()).isEqualTo("ready");
            long last = saveInAnotherProcess();
            List<String> lines = readUntil(heard, "applied " + last);
            List<Long> revisions = lines.stream()
                    .map(line -> Long.valueOf(line.substring("applied ".length())))
                    .toList();
            assertThat(revisions).isSorted().doesNotHaveDuplicates();
            storage.clear(TOPIC);
            assertThat(readUntil(heard, "cleared")).containsExactly("cleared");
        } finally {
            follower.destroyForcibly();
        }
    }

    private static List<String> readUntil(BufferedReader lines, String last) throws IOException {
        List<String> read = new ArrayList<>();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            read.add(line);
            if (line.equals(last)) {
                return read;
            }
        }
        throw new AssertionError("never said \"" + last + "\", but " + read);
    }

    private long saveInAnotherProcess() throws Exception {
        Process writer = SavingProcess.command(storage.folder(), 1).start();
        try (BufferedReader lines = writer.inputReader()) {
            List<String> saved = lines.lines().toList();
            assertThat(writer.waitFor()).as("%s", saved).isZero();
            return Long.parseLong(saved.get(saved.size() - 1));
        } finally {
            writer.destroyForcibly();
        }
    }
}
