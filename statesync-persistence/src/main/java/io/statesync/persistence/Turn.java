package io.statesync.persistence;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A thread's turn at what a lock file guards, among all threads of all processes, until it is closed.
 *
 * <p>A file lock is held by the whole JVM, so threads take turns by a lock of the JVM first. Two class loaders have two of
 * those; then the JVM refuses the second file lock, and the turn is asked for again.
 */
final class Turn implements AutoCloseable {
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** Files that share one only wait for each other. */
    private static final ReentrantLock[] LOCKS = new ReentrantLock[64];

    static {
        for (int i = 0; i < LOCKS.length; i++) {
            LOCKS[i] = new ReentrantLock();
        }
    }

    private final ReentrantLock lock;
    private final FileChannel channel;

    private Turn(ReentrantLock lock, FileChannel channel) {
        this.lock = lock;
        this.channel = channel;
    }

    /**
     * Waits for the turn. The file is made if it is not there, and never deleted: who waits has it open.
     *
     * @throws IOException if the file cannot be made or locked, or the thread is interrupted
     */
    static Turn take(Path file, FileAttribute<?>... attributes) throws IOException {
        ReentrantLock lock = LOCKS[Math.floorMod(file.hashCode(), LOCKS.length)];
        lock.lock();
        try {
            FileChannel channel =
                    FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), attributes);
            try {
                lock(channel);
                return new Turn(lock, channel);
            } catch (Throwable t) {
                closeAfter(t, channel);
                throw t;
            }
        } catch (Throwable t) {
            lock.unlock();
            throw t;
        }
    }

    private static void lock(FileChannel channel) throws IOException {
        while (true) {
            try {
                FileLock lock = channel.lock();
                if (lock.isValid()) {
                    return;
                }
            } catch (OverlappingFileLockException e) {
                LockSupport.parkNanos(AGAIN_NANOS);
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new FileLockInterruptionException();
            }
        }
    }

    private static void closeAfter(Throwable cause, FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Closing the channel gives the file lock back. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            lock.unlock();
        }
    }
}
