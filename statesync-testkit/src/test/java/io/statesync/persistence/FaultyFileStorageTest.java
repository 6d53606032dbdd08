package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of a save that fails, or that a power cut ends, at each of its operations. */
class FaultyFileStorageTest {
    private static final String TOPIC = "settings";
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int[] BYTES = {0, 100, NEVER};

    /** How far things were before the save that is cut or fails. */
    enum Before {
        NOTHING(0) {},
        ONE_GENERATION(1) {},
        TWO_GENERATIONS(2) {},
        NEWEST_DAMAGED(2) {
            @Override
            void then(FaultyDisk disk, Path folder) {
                FaultyDisk.Content newest = (FaultyDisk.Content) disk.find(names(folder, ".snapshot"));
                newest.seen = new byte[] {1, 2, 3};
                newest.durable = newest.seen;
            }

            @Override
            long revision() {
                return 1;
            }
        },
        LEFT_BETWEEN_THE_MOVES(2) {
            @Override
            void then(FaultyDisk disk, Path folder) throws IOException {
                disk.move(names(folder, ".snapshot"), names(folder, ".before"));
                disk.create(names(folder, ".tmp"), new FaultyDisk.Content());
            }
        };

        private final long saves;

        Before(long saves) {
            this.saves = saves;
        }

        void then(FaultyDisk disk, Path folder) throws IOException {}

        /** The newest revision there is; 0 for none. */
        long revision() {
            return saves;
        }

        static List<String> names(Path folder, String suffix) {
            return ((FaultyPath) folder.resolve(EntryNames.of(TOPIC) + suffix)).names();
        }
    }

    private FaultyDisk disk;
    private Path folder;
    private FileStorage storage;

    private void prepare(Before before) throws IOException {
        disk = new FaultyDisk();
        folder = new FaultyFileSystem(disk).getPath("/var/cache/replica");
        storage = FileStorage.in(folder);
        for (long revision = 1; revision <= before.saves; revision++) {
            storage.save(TOPIC, StoredSnapshots.at(revision));
        }
        before.then(disk, folder);
    }

    private int operations(Before before, ThrowingCallable task) throws IOException {
        prepare(before);
        disk.arm(FaultyDisk.Fault.FAILS, NEVER);
        assertThat(catchThrowable(task)).isNull();
        return disk.operations().size();
    }

    private long revision(List<DamagedEntryException> damage) throws IOException {
        StoredSnapshot newest = StoredSnapshots.newestReadable(storage, TOPIC, damage);
        return newest == null ? 0 : StoredSnapshots.revision(newest);
    }

    private List<String> temporaryFiles() throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            files.forEach(file -> names.add(file.toString()));
        }
        names.removeIf(name -> !name.endsWith(".tmp"));
        return names;
    }

    private void nextSaveWorks(long revision) throws IOException {
        assertThat(storage.save(TOPIC, StoredSnapshots.at(revision))).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC).get(0)).isEqualTo(revision);
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).isSortedAccordingTo((a, b) -> Long.compare(b, a));
        assertThat(temporaryFiles()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aPowerCutDuringASaveLeavesTheOldOrTheNewOne(Before before) throws IOException {
        int operations = operations(before, () -> storage.save(TOPIC, StoredSnapshots.at(3)));
        assertThat(operations).isGreaterThan(10);
        for (int at = 0; at <= operations; at++) {
            for (int bytes : BYTES) {
                int changes = 1;
                for (int survivors = 0; survivors < 1 << changes; survivors++) {
                    changes = cutASave(before, at, survivors, bytes);
                }
            }
        }
    }

    /** Any of the changes of names may survive, in any combination: how many there were. */
    private int cutASave(Before before, int at, int survivors, int bytes) throws IOException {
        prepare(before);
        disk.arm(FaultyDisk.Fault.POWER_CUT, at);
        Throwable cut = catchThrowable(() -> storage.save(TOPIC, StoredSnapshots.at(3)));
        String when = before + ", cut at " + at + " of " + disk.operations() + ", survivors "
                + Integer.toBinaryString(survivors) + ", bytes " + bytes;
        assertThat(cut instanceof FaultyDisk.PowerCut || cut == null).as(when).isTrue();
        int changes = disk.unforced();
        disk.restart(survivors, bytes);
        storage = FileStorage.in(folder);
        List<DamagedEntryException> damage = new ArrayList<>();
        long revision = revision(damage);
        if (cut == null) {
            assertThat(revision).as(when).isEqualTo(3);
        } else {
            assertThat(revision).as(when).isIn(before.revision(), 3L);
        }
        if (before != Before.NEWEST_DAMAGED) {
            assertThat(damage).as(when).isEmpty();
        }
        nextSaveWorks(4);
        return changes;
    }

    @ParameterizedTest
    @EnumSource
    void aPowerCutDuringAClearLeavesTheNewestOrNothing(Before before) throws IOException {
        int operations = operations(before, () -> storage.clear(TOPIC));
        for (int at = 0; at <= operations; at++) {
            int changes = 1;
            for (int survivors = 0; survivors < 1 << changes; survivors++) {
                prepare(before);
                disk.arm(FaultyDisk.Fault.POWER_CUT, at);
                Throwable cut = catchThrowable(() -> storage.clear(TOPIC));
                changes = disk.unforced();
                disk.restart(survivors, 0);
                List<DamagedEntryException> damage = new ArrayList<>();
                if (cut == null) {
                    assertThat(storage.load(TOPIC)).isEmpty();
                }
                assertThat(revision(damage)).as(before + ", cut at " + at).isIn(before.revision(), 0L);
            }
        }
    }

    @Test
    void aFolderThatWasMadeOutlivesAPowerCut() throws IOException {
        prepare(Before.NOTHING);
        disk.restart(0, 0);
        assertThat(Files.isDirectory(folder)).isTrue();
    }

    @Test
    void aRefusedSaveMakesDurableWhatWasThere() throws IOException {
        prepare(Before.ONE_GENERATION);
        int operations = operations(Before.ONE_GENERATION, () -> storage.save(TOPIC, StoredSnapshots.at(3)));
        int folderForce = disk.operations().lastIndexOf("force " + folder);
        assertThat(folderForce).isBetween(0, operations);
        prepare(Before.ONE_GENERATION);
        disk.arm(FaultyDisk.Fault.FAILS, folderForce);
        assertThat(catchThrowable(() -> storage.save(TOPIC, StoredSnapshots.at(3))))
                .isInstanceOf(IOException.class);
        assertThat(storage.save(TOPIC, StoredSnapshots.at(3))).isFalse();
        disk.restart(0, 0);
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(3L, 1L);
    }

    @ParameterizedTest
    @EnumSource
    void aSaveThatFailsAtAnyOperationKeepsWhatWasKept(Before before) throws IOException {
        int operations = operations(before, () -> storage.save(TOPIC, StoredSnapshots.at(3)));
        for (FaultyDisk.Fault fault :
                List.of(FaultyDisk.Fault.FAILS, FaultyDisk.Fault.FAILS_AFTERWARDS, FaultyDisk.Fault.FULL)) {
            for (int at = 0; at < operations; at++) {
                failASave(before, fault, at);
            }
        }
    }

    private void failASave(Before before, FaultyDisk.Fault fault, int at) throws IOException {
        prepare(before);
        disk.arm(fault, at);
        Throwable failure = catchThrowable(() -> storage.save(TOPIC, StoredSnapshots.at(3)));
        String when = before + ", " + fault + " at " + at + " of " + disk.operations();
        disk.arm(fault, NEVER);
        long revision = revision(new ArrayList<>());
        if (failure == null) { // closing a damaged file, or opening one that is not there, fails on its own
            assertThat(fault == FaultyDisk.Fault.FAILS_AFTERWARDS || before == Before.NEWEST_DAMAGED)
                    .as(when)
                    .isTrue();
            assertThat(revision).as(when).isEqualTo(3);
        } else {
            assertThat(failure).as(when).isInstanceOf(IOException.class);
            assertThat(revision).as(when).isIn(before.revision(), 3L);
        }
        if (before != Before.LEFT_BETWEEN_THE_MOVES) {
            assertThat(temporaryFiles()).as(when).isEmpty();
        }
        nextSaveWorks(4);
    }
}
