package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.testkit.SnapshotStorageContract;
import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FileStorageTest extends SnapshotStorageContract {
    private static final String TOPIC = "settings";

    @TempDir
    Path temp;

    @Override
    protected SnapshotStorage create() throws IOException {
        return storage();
    }

    @Override
    protected SnapshotStorage reopen(SnapshotStorage storage) throws IOException {
        return storage();
    }

    private FileStorage storage() throws IOException {
        return FileStorage.in(temp.resolve("outer/inner"));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static Path file(FileStorage storage, String topic, String suffix) {
        return storage.folder().resolve(EntryNames.of(topic) + suffix);
    }

    @Test
    void givesFilesNamesThatAnyFileSystemTakes() {
        for (String topic : topics().toList()) {
            String name = EntryNames.of(topic) + ".snapshot";
            assertThat(name).matches("[a-z0-9_-]*-[0-9a-f]{32}\\.snapshot").hasSizeLessThanOrEqualTo(82);
            assertThat(name).isEqualTo(name.toLowerCase(Locale.ROOT));
        }
        assertThat(EntryNames.of("Settings/Main")).startsWith("settings_main-");
    }

    @Test
    void hasItsFilesInItsFolderOnly() throws IOException {
        FileStorage storage = storage();
        for (String topic : topics().toList()) {
            storage.save(topic, StoredSnapshots.at(1));
        }
        assertThat(files(storage.folder())).hasSize(2 * (int) topics().count()); // with the lock files
        assertThat(files(temp)).hasSize(1);
        assertThat(files(temp.resolve("outer"))).hasSize(1);
    }

    @Test
    void isPrivateToItsOwner() throws IOException {
        assumeTrue(temp.getFileSystem().supportedFileAttributeViews().contains("posix"));
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(1));
        storage.save(TOPIC, StoredSnapshots.at(2));
        for (Path file : files(storage.folder())) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(storage.folder())))
                .isEqualTo("rwx------");
    }

    @Test
    void refusesASaveThatWouldTakeItOverItsMaximum() throws IOException {
        FileStorage storage = FileStorage.in(temp.resolve("limited"), 5_000);
        storage.save(TOPIC, StoredSnapshots.full(1, 2_000));
        assertThatThrownBy(() -> storage.save("another", StoredSnapshots.full(1, 3_000)))
                .isInstanceOf(StorageFullException.class)
                .hasMessageContaining("maxBytes is 5000");
        assertThat(storage.load("another")).isEmpty();
        storage.save(TOPIC, StoredSnapshots.full(2, 2_000));
        storage.save(TOPIC, StoredSnapshots.full(3, 2_000)); // what the generation before takes is free again
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(3L, 2L);
        assertThat(storage.usage().maxBytes()).isEqualTo(5_000);
        assertThat(storage.usage().bytes()).isBetween(4_000L, 5_000L);
        assertThat(files(storage.folder())).noneMatch(file -> file.toString().endsWith(".tmp"));
    }

    @Test
    void countsADamagedNewestAsRoomThatASaveGivesUp() throws IOException {
        FileStorage storage = FileStorage.in(temp.resolve("limited"), 5_000);
        storage.save(TOPIC, StoredSnapshots.full(1, 1_000));
        storage.save(TOPIC, StoredSnapshots.full(2, 3_000));
        byte[] bytes = Files.readAllBytes(file(storage, TOPIC, ".snapshot"));
        bytes[bytes.length - 1] ^= 1;
        Files.write(file(storage, TOPIC, ".snapshot"), bytes);
        assertThat(storage.save(TOPIC, StoredSnapshots.full(3, 3_000))).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(3L, 1L);
    }

    @Test
    void refusesAMaximumBelowOne() {
        assertThatThrownBy(() -> FileStorage.in(temp, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxBytes");
    }

    @Test
    void refusesAFolderThatIsAFile() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));
        assertThatThrownBy(() -> FileStorage.in(file))
                .isInstanceOf(IOException.class)
                .hasMessage(file + ": it is there and is no folder: name a folder, or remove it");
        Path below = file.resolve("below");
        assertThatThrownBy(() -> FileStorage.in(below))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString());
        assertThat(file).isRegularFile();
    }

    @Test
    void comparesWithWhatAnotherProcessSavedSinceItsLastSave() throws IOException {
        FileStorage storage = storage();
        FileStorage other = storage();
        storage.save(TOPIC, StoredSnapshots.full(1, 100));
        other.save(TOPIC, StoredSnapshots.full(5, 100)); // as long as the one before
        assertThat(storage.save(TOPIC, StoredSnapshots.full(3, 100))).isFalse();
        assertThat(storage.save(TOPIC, StoredSnapshots.full(6, 100))).isTrue();
        assertThat(other.save(TOPIC, StoredSnapshots.full(5, 100))).isFalse();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(6L, 5L);
    }

    @Test
    void savesAgainWhatAnotherProcessCleared() throws IOException {
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(5));
        storage().clear(TOPIC);
        assertThat(storage.save(TOPIC, StoredSnapshots.at(3))).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(3L);
    }

    @Test
    void replacesTheTemporaryFileOfACrash() throws IOException {
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(1));
        Files.writeString(file(storage, TOPIC, ".tmp"), "half a snapsh");
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(1L);
        assertThat(storage.save(TOPIC, StoredSnapshots.at(2))).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(2L, 1L);
        assertThat(file(storage, TOPIC, ".tmp")).doesNotExist();
    }

    @Test
    void clearsTheTemporaryFileOfACrash() throws IOException {
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(1));
        Files.writeString(file(storage, TOPIC, ".tmp"), "half a snapsh");
        storage.clear(TOPIC);
        assertThat(files(storage.folder())).containsExactly(file(storage, TOPIC, ".lock"));
    }

    @Test
    void goesOnFromASaveThatWasCutBetweenItsMoves() throws IOException {
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(5));
        Files.move(file(storage, TOPIC, ".snapshot"), file(storage, TOPIC, ".before"));
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(5L);
        assertThat(storage.save(TOPIC, StoredSnapshots.at(5))).isFalse();
        assertThat(storage.save(TOPIC, StoredSnapshots.at(6))).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(6L, 5L);
    }

    @Test
    @Timeout(60)
    void readsTheNewestThatASaveInAnotherThreadHasJustMovedAway() throws Exception {
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(1));
        SnapshotStorage.Generation generation = storage.load(TOPIC).get(0);
        Path newest = file(storage, TOPIC, ".snapshot");
        Path before = file(storage, TOPIC, ".before");
        FutureTask<StoredSnapshot> read = new FutureTask<>(generation::read);
        Thread reader = new Thread(read, "reader");
        try (Turn turn = Turn.take(file(storage, TOPIC, ".lock"))) {
            Files.move(newest, before);
            reader.start();
            while (reader.getState() != Thread.State.TIMED_WAITING && !read.isDone()) {
                Thread.onSpinWait();
            }
            assertThat(read).as("waits for the turn").isNotDone();
            Files.move(before, newest);
        }
        StoredSnapshots.assertSame(read.get(30, TimeUnit.SECONDS), StoredSnapshots.at(1));
    }

    @Test
    void sharesItsFolderWithOneOpenedByALink() throws Exception {
        FileStorage storage = storage();
        Path link = Files.createSymbolicLink(temp.resolve("link"), storage.folder());
        FileStorage linked = FileStorage.in(link);
        assertThat(linked.folder()).isEqualTo(storage.folder());
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<?> other = threads.submit(() -> saveEach(linked, 1));
            saveEach(storage, 0);
            other.get(30, TimeUnit.SECONDS);
        } finally {
            threads.shutdownNow();
        }
        assertThat(StoredSnapshots.revisions(storage, TOPIC).get(0)).isEqualTo(99);
    }

    private static void saveEach(SnapshotStorage storage, int offset) {
        try {
            for (int revision = offset; revision < 100; revision += 2) {
                storage.save(TOPIC, StoredSnapshots.at(revision));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void waitsForAFileLockThatTheSameJvmHoldsElsewhere() throws Exception {
        FileStorage storage = storage();
        Path lock = Files.createFile(file(storage, TOPIC, ".lock"));
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Boolean> saved;
            try (FileChannel held = FileChannel.open(lock, StandardOpenOption.WRITE)) {
                held.lock(); // as the same class does that another class loader has loaded
                saved = thread.submit(() -> storage.save(TOPIC, StoredSnapshots.at(1)));
            }
            assertThat(saved.get(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void anInterruptedSaveFailsAndTheNextOneWorks() throws IOException {
        FileStorage storage = storage();
        storage.save(TOPIC, StoredSnapshots.at(1));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> storage.save(TOPIC, StoredSnapshots.at(2))).isInstanceOf(IOException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(1L);
        assertThat(storage.save(TOPIC, StoredSnapshots.at(2))).isTrue();
    }
}
