package io.statesync.persistence;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A thread's turn at what a lock file guards, among all threads of all processes, until it is closed.
 *
 * <p>A file lock is held by the whole JVM, so the threads that want one queue up for it in the JVM first, file by file and in
 * their order. Who is first asks for the file lock until it is given, with pauses. It never waits in the operating system: on
 * POSIX a wait belongs to the whole process, so two processes that wait for each other's files, with another thread each, are
 * taken for a deadlock and refused. Two class loaders have two queues; then the JVM refuses the second file lock, and it is
 * asked for again.
 *
 * <p>A lock file may be deleted by who cleans up. Who has locked one looks whether it is still the one that others find.
 */
final class Turn implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);

    /** A file's, as long as somebody is in it. */
    private static final ConcurrentHashMap<Path, Queue> QUEUES = new ConcurrentHashMap<>();

    private static final class Queue {
        final ReentrantLock lock = new ReentrantLock(true);
        int users; // changed within QUEUES.compute
    }

    private final Path file;
    private final Queue queue;
    private final FileChannel channel;

    private Turn(Path file, Queue queue, FileChannel channel) {
        this.file = file;
        this.queue = queue;
        this.channel = channel;
    }

    /**
     * Waits for the turn, at most a minute. The file is made if it is not there, and not deleted.
     *
     * @throws FileLockInterruptionException if the thread is interrupted, which it stays
     * @throws IOException if the file cannot be made or locked, or the turn does not come in time
     */
    static Turn take(Path file, FileAttribute<?>... attributes) throws IOException {
        return take(file, LIMIT, attributes);
    }

    /** Waits for the turn, at most so long. */
    static Turn take(Path file, Duration limit, FileAttribute<?>... attributes) throws IOException {
        long begin = System.nanoTime();
        Queue queue = enter(file);
        try {
            if (!queue.lock.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                throw late(file, limit);
            }
            return new Turn(file, queue, locked(file, begin, limit, attributes));
        } catch (InterruptedException e) {
            leave(file, queue);
            Thread.currentThread().interrupt();
            throw new FileLockInterruptionException();
        } catch (Throwable t) {
            leave(file, queue);
            throw t;
        }
    }

    private static IOException late(Path file, Duration limit) {
        return new IOException("no turn at " + file + " within " + limit
                + ": another process has it, and hangs or is stopped; let it go on, or end it");
    }

    private static Queue enter(Path file) {
        return QUEUES.compute(file, (path, there) -> {
            Queue queue = there == null ? new Queue() : there;
            queue.users++;
            return queue;
        });
    }

    private static void leave(Path file, Queue queue) {
        if (queue.lock.isHeldByCurrentThread()) {
            queue.lock.unlock();
        }
        QUEUES.computeIfPresent(file, (path, there) -> --there.users == 0 ? null : there);
    }

    /** A channel that has the lock of the file that has this name. */
    private static FileChannel locked(Path file, long begin, Duration limit, FileAttribute<?>... privately)
            throws IOException, InterruptedException {
        while (true) {
            BasicFileAttributes before = attributes(file);
            FileChannel channel =
                    FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), privately);
            try {
                if (before != null) { // else it was made just now, and which one was opened is known the next time
                    lock(channel, file, begin, limit);
                    if (isSame(before, attributes(file))) {
                        return channel;
                    }
                }
            } catch (Throwable t) {
                closeAfter(t, channel);
                throw t;
            }
            channel.close();
        }
    }

    private static void closeAfter(Throwable cause, FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** What tells files of one name apart; null if there is none. */
    private static @Nullable BasicFileAttributes attributes(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Where the file system has no keys, another file is taken for the same one. */
    private static boolean isSame(BasicFileAttributes before, @Nullable BasicFileAttributes now) {
        return now != null && Objects.equals(before.fileKey(), now.fileKey());
    }

    private static void lock(FileChannel channel, Path file, long begin, Duration limit)
            throws IOException, InterruptedException {
        long pause = FIRST_PAUSE;
        while (!tryLock(channel)) {
            if (System.nanoTime() - begin >= limit.toNanos()) {
                throw late(file, limit);
            }
            LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(pause / 2, pause));
            pause = Math.min(2 * pause, LONGEST_PAUSE);
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException, InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** Closing the channel gives the file lock back. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            leave(file, queue);
        }
    }
}
