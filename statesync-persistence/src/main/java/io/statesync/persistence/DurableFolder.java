package io.statesync.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A folder whose files are replaced at once or not at all, and durably. Files and folders that are made are private to their
 * owner where the file system knows owners (POSIX). Windows cannot force a folder: there a power cut may undo changes of
 * names.
 */
final class DurableFolder {
    private static final Set<OpenOption> NEW = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    private static final boolean WINDOWS = System.getProperty("os.name", "").startsWith("Windows");

    private final Path path;
    private final FileAttribute<?>[] privately;

    private DurableFolder(Path path, FileAttribute<?>[] privately) {
        this.path = path;
        this.privately = privately;
    }

    /**
     * A folder, which is made if it is not there.
     *
     * @throws IOException if it is not a folder and cannot be made one
     */
    static DurableFolder in(Path folder) throws IOException {
        make(folder.toAbsolutePath());
        Path path = folder.toRealPath(); // one name for those who share it, whatever links they came by
        return new DurableFolder(path, permissions(folder, "rw-------"));
    }

    private static FileAttribute<?>[] permissions(Path folder, String permissions) {
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static void make(Path folder) throws IOException {
        List<Path> made = new ArrayList<>();
        for (Path path = folder; path != null && Files.notExists(path); path = path.getParent()) {
            made.add(path);
        }
        try {
            Files.createDirectories(folder, permissions(folder, "rwx------"));
        } catch (FileAlreadyExistsException e) {
            FileSystemException clear = new FileSystemException(
                    e.getFile(), null, "it is there and is no folder: name a folder, or remove it");
            clear.initCause(e);
            throw clear;
        }
        for (Path path : made) {
            Path parent = path.getParent();
            if (parent != null) {
                force(parent);
            }
        }
    }

    /** The folder, as an absolute path without links. */
    Path path() {
        return path;
    }

    /** A file of the folder. */
    Path file(String name) {
        return path.resolve(name);
    }

    /** Makes all changes of names durable. */
    void force() throws IOException {
        force(path);
    }

    private static void force(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (FileSystemException e) {
            if (!WINDOWS) {
                throw e;
            }
        }
    }

    /**
     * Gives a file new content. When this returns it is durable.
     *
     * @param temporary where the content is written first; what is there is of a replacing that was cut short
     * @param given where the file is moved first; null to give it up
     * @throws IOException if it is not certain to be replaced; the file is what and where it was, or moved, or replaced
     */
    void replace(Path file, Path temporary, @Nullable Path given, ByteBuffer head, byte[] rest) throws IOException {
        try {
            write(temporary, head, rest);
            if (given != null) {
                move(file, given);
            }
            move(temporary, file);
        } catch (IOException | RuntimeException e) {
            discard(temporary, e);
            throw e;
        }
        force();
    }

    private void write(Path file, ByteBuffer head, byte[] bytes) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        ByteBuffer[] parts = {head, rest};
        try (FileChannel channel = openNew(file)) {
            do {
                rest.limit(Math.min(bytes.length, rest.position() + FileFrame.PIECE));
                channel.write(parts);
            } while (head.hasRemaining() || rest.position() < bytes.length);
            channel.force(true);
        }
    }

    /** Opens a file that is made anew, whatever there is: deleting first would cost each save what only few need. */
    private FileChannel openNew(Path file) throws IOException {
        try {
            return FileChannel.open(file, NEW, privately);
        } catch (FileAlreadyExistsException e) {
            Files.deleteIfExists(file);
            return FileChannel.open(file, NEW, privately);
        }
    }

    private static void discard(Path file, Exception cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /** Moves a file within the folder, over what is there. Durable after the next {@link #force()}. */
    void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Waits for the turn at what a lock file of the folder guards. */
    Turn turn(Path lockFile) throws IOException {
        return Turn.take(lockFile, privately);
    }

    /** Opens a file to be locked, which is made if it is not there. */
    FileChannel openLock(Path file) throws IOException {
        return FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), privately);
    }
}
