package io.statesync.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a file new content in two steps, so that a reader sees the old content or the new one and never a part: a
 * temporary file beside it, which is on the disk when the first step ends, and a move over it. A symbolic link stays and
 * its target is replaced. Used by one thread.
 */
class FileReplacer {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");

    private final Path file;

    FileReplacer(Path file) {
        this.file = file;
    }

    /** New content on the disk, and the file whose place it is to take. */
    record Prepared(Path temporary, Path target) {}

    /**
     * Writes a temporary file.
     *
     * @throws IOException if that cannot be done, or the file may not be written; nothing has changed
     */
    Prepared prepare(byte[] content) throws IOException {
        Path target = file.toRealPath();
        if (!Files.isWritable(target)) {
            throw new AccessDeniedException(target.toString(), null, "may not be written");
        }
        Prepared prepared =
                new Prepared(Files.createTempFile(target.resolveSibling(""), ".statesync-", ".tmp"), target);
        try {
            write(prepared.temporary(), content);
            copyPermissions(target, prepared.temporary());
            return prepared;
        } catch (Throwable t) { // whatever it was, nobody else knows of the temporary file
            discard(prepared);
            throw t;
        }
    }

    /** Writes, and waits until it is on the disk. */
    void write(Path temporary, byte[] content) throws IOException {
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /**
     * Puts the new content in the file's place.
     *
     * @throws IOException if that failed; the file may have been replaced all the same
     */
    void replace(Prepared prepared) throws IOException {
        Files.move(
                prepared.temporary(),
                prepared.target(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        forceFolder(prepared.target().resolveSibling(""));
    }

    /** Removes the temporary file, if it is still there. */
    final void discard(Prepared prepared) {
        try {
            Files.deleteIfExists(prepared.temporary());
        } catch (IOException | RuntimeException e) {
            log.warn("temporary file is left behind file={} error={}", prepared.temporary(), e.toString());
        }
    }

    /** The owner first, since a change of owner may take permissions away. */
    private static void copyPermissions(Path from, Path to) throws IOException {
        PosixFileAttributeView source = Files.getFileAttributeView(from, PosixFileAttributeView.class);
        PosixFileAttributeView copy = Files.getFileAttributeView(to, PosixFileAttributeView.class);
        if (source == null || copy == null) {
            copyAcl(
                    Files.getFileAttributeView(from, AclFileAttributeView.class),
                    Files.getFileAttributeView(to, AclFileAttributeView.class));
            return;
        }
        PosixFileAttributes wanted = source.readAttributes();
        PosixFileAttributes present = copy.readAttributes();
        try {
            if (!wanted.owner().equals(present.owner())) {
                copy.setOwner(wanted.owner());
            }
            if (!wanted.group().equals(present.group())) {
                copy.setGroup(wanted.group());
            }
        } catch (IOException e) {
            log.debug("owner or group of a file cannot be kept file={} error={}", from, e.toString());
        }
        copy.setPermissions(wanted.permissions());
    }

    private static void copyAcl(@Nullable AclFileAttributeView source, @Nullable AclFileAttributeView copy)
            throws IOException {
        if (source != null && copy != null) {
            copy.setAcl(source.getAcl());
        }
    }

    /** So that the move outlives a crash of the machine. Not every system can do it, and the move is done by then. */
    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException | RuntimeException e) {
            log.debug("folder cannot be forced to the disk folder={} error={}", folder, e.toString());
        }
    }
}
