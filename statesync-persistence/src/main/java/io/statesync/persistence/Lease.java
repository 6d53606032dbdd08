package io.statesync.persistence;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Sole possession of what a lock file guards, among all threads of all processes, until it is closed. */
final class Lease implements AutoCloseable {
    /** A process that opens and closes a file gives back its locks on it, so it has to know of them before. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private Lease(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes possession without waiting. The file is made if it is not there, and never deleted.
     *
     * @return null if somebody else has it
     * @throws IOException if the file cannot be made or locked
     */
    static @Nullable Lease take(DurableFolder folder, Path file) throws IOException {
        if (!HELD.add(file)) {
            return null;
        }
        Lease lease = null;
        try {
            lease = locked(file, folder.openLock(file));
            return lease;
        } finally {
            if (lease == null) {
                HELD.remove(file);
            }
        }
    }

    private static @Nullable Lease locked(Path file, FileChannel channel) throws IOException {
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
            return locked ? new Lease(file, channel) : null;
        } catch (OverlappingFileLockException e) { // of another class loader
            return null;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD.remove(file);
        }
    }
}
