package io.statesync.persistence;

import io.statesync.StateVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A storage in a folder, with a file for the newest generation of each topic and one for the generation before.
 *
 * <p>A save writes a temporary file, forces it, moves the newest generation to be the one before, moves the temporary file
 * to be the newest, and forces the folder: at every moment there is a whole generation, and when a save has returned, that
 * one outlives a power cut. Processes that share the folder take turns by a lock file for each topic. Files and a folder that
 * is made are private to their owner where the file system knows owners (POSIX). Windows cannot force a folder: there a
 * power cut right after a save may bring the generation before it back.
 *
 * <p>A topic's files are named for it, see docs/persistence-format.md; they hold the topic itself too. The lock file stays.
 */
public final class FileStorage implements SnapshotStorage {
    private static final String NEWEST = ".snapshot";
    private static final String BEFORE = ".before";
    private static final String TEMPORARY = ".tmp";
    private static final String LOCK = ".lock";

    /** The JVM's own turn-taking: a file lock is held by the whole JVM. Files that share one only wait for each other. */
    private static final ReentrantLock[] LOCKS = new ReentrantLock[64];

    static {
        for (int i = 0; i < LOCKS.length; i++) {
            LOCKS[i] = new ReentrantLock();
        }
    }

    private final Path folder;
    private final long maxBytes;
    private final FileAttribute<?>[] privately;

    private FileStorage(Path folder, long maxBytes) throws IOException {
        this.folder = folder.toAbsolutePath();
        this.maxBytes = maxBytes;
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        this.privately = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        makeFolder(posix);
    }

    /**
     * A storage in a folder, which is made if it is not there.
     *
     * @throws IOException if it is not a folder and cannot be made one
     */
    public static FileStorage in(Path folder) throws IOException {
        return new FileStorage(folder, Long.MAX_VALUE);
    }

    /**
     * A storage in a folder that may take so many bytes, both generations of all topics together. A save that would take it
     * over that fails with a {@link StorageFullException}.
     *
     * @throws IllegalArgumentException if {@code maxBytes} is not positive
     * @throws IOException if it is not a folder and cannot be made one
     */
    public static FileStorage in(Path folder, long maxBytes) throws IOException {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("maxBytes must be at least 1: " + maxBytes);
        }
        return new FileStorage(folder, maxBytes);
    }

    private void makeFolder(boolean posix) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        FileAttribute<?>[] attributes = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        Files.createDirectories(folder, attributes);
        Path parent = folder.getParent();
        if (parent != null) {
            forceFolder(parent);
        }
    }

    /** The folder, as an absolute path. */
    public Path folder() {
        return folder;
    }

    @Override
    @SuppressWarnings("try") // a turn is only held
    public boolean save(String topic, StoredSnapshot snapshot) throws IOException {
        Objects.requireNonNull(snapshot, "snapshot");
        String name = EntryNames.of(topic);
        try (Turn turn = new Turn(name)) {
            Path newest = folder.resolve(name + NEWEST);
            StoredSnapshot before = readable(topic, newest);
            if (before != null && !isNewer(snapshot, before)) {
                return false;
            }
            if (before == null) {
                StoredSnapshot older = readable(topic, folder.resolve(name + BEFORE));
                if (older != null && !isNewer(snapshot, older)) {
                    return false; // a save was cut short after its first move
                }
            }
            ByteBuffer head = EntryFormat.head(topic, snapshot);
            checkRoom(name, head.remaining() + (long) snapshot.payload().length);
            Path temporary = folder.resolve(name + TEMPORARY);
            write(temporary, head, ByteBuffer.wrap(snapshot.payload()));
            if (before != null) {
                move(newest, folder.resolve(name + BEFORE));
            }
            move(temporary, newest);
            forceFolder(folder);
            return true;
        }
    }

    private static boolean isNewer(StoredSnapshot next, StoredSnapshot kept) {
        StateVersion version = next.metadata().version();
        return version.isNewerThan(kept.metadata().version());
    }

    /** An entry that can be used; null if there is none. */
    private static @Nullable StoredSnapshot readable(String topic, Path file) throws IOException {
        try {
            return EntryFormat.read(topic, Files.readAllBytes(file));
        } catch (NoSuchFileException | DamagedEntryException e) {
            return null; // what is damaged is replaced, and never becomes the generation before
        }
    }

    private void write(Path file, ByteBuffer head, ByteBuffer payload) throws IOException {
        Files.deleteIfExists(file); // of a save that was cut short
        try (FileChannel channel =
                FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), privately)) {
            ByteBuffer[] parts = {head, payload};
            while (head.hasRemaining() || payload.hasRemaining()) {
                channel.write(parts);
            }
            channel.force(true);
        } catch (IOException e) {
            discard(file, e);
            throw e;
        }
    }

    private static void discard(Path file, IOException cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void forceFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (FileSystemException e) {
            if (!isWindows()) {
                throw e;
            }
        }
    }

    private static boolean isWindows() {
        return System.getProperty("os.name", "").startsWith("Windows");
    }

    @Override
    public List<Generation> load(String topic) {
        String name = EntryNames.of(topic);
        List<Generation> generations = new ArrayList<>();
        for (String suffix : List.of(NEWEST, BEFORE)) {
            Path file = folder.resolve(name + suffix);
            if (Files.exists(file)) {
                generations.add(() -> EntryFormat.read(topic, Files.readAllBytes(file)));
            }
        }
        return generations;
    }

    @Override
    @SuppressWarnings("try") // a turn is only held
    public void clear(String topic) throws IOException {
        String name = EntryNames.of(topic);
        try (Turn turn = new Turn(name)) {
            Files.deleteIfExists(folder.resolve(name + TEMPORARY));
            Files.deleteIfExists(folder.resolve(name + BEFORE));
            Files.deleteIfExists(folder.resolve(name + NEWEST));
            forceFolder(folder);
        }
    }

    @Override
    public StorageUsage usage() throws IOException {
        Set<String> topics = new TreeSet<>();
        long bytes = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(NEWEST) || name.endsWith(BEFORE)) {
                    topics.add(name.substring(0, name.lastIndexOf('.')));
                    bytes += size(file);
                }
            }
        }
        return new StorageUsage(topics.size(), bytes, maxBytes);
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException e) {
            return 0; // moved or cleared meanwhile
        }
    }

    /** The newest becomes the one before, and that one goes. */
    private void checkRoom(String name, long bytes) throws IOException {
        if (maxBytes == Long.MAX_VALUE) {
            return;
        }
        long after = usage().bytes() - size(folder.resolve(name + BEFORE)) + bytes;
        if (after > maxBytes) {
            throw new StorageFullException("a snapshot of " + bytes + " bytes would make it " + after
                    + " in all, and maxBytes is " + maxBytes + ": " + folder);
        }
    }

    /** A topic is this thread's, among all threads of all processes, until this is closed. */
    private final class Turn implements AutoCloseable {
        private final ReentrantLock lock;
        private final FileChannel channel;
        private final FileLock fileLock;

        Turn(String name) throws IOException {
            Path file = folder.resolve(name + LOCK);
            lock = LOCKS[Math.floorMod(file.hashCode(), LOCKS.length)];
            lock.lock();
            FileChannel opened = null;
            try {
                opened = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), privately);
                fileLock = opened.lock();
                channel = opened;
            } catch (Throwable t) {
                lock.unlock();
                if (opened != null) {
                    opened.close();
                }
                throw t;
            }
        }

        @Override
        public void close() throws IOException {
            try {
                fileLock.release();
                channel.close();
            } finally {
                lock.unlock();
            }
        }
    }
}
