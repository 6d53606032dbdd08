package io.statesync.internal;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The wait for something to happen to files of a folder: the operating system's word about it, or the end of a time-out.
 *
 * <p>The folder is watched, not the files, because a save may put a new file in the place of the old one. Where the system
 * cannot watch it, only the time-out is left. One thread waits; any thread may wake it or close.
 */
public final class FolderWatch implements AutoCloseable {
    /** What ended a wait. */
    public enum Signal {
        /** Any file may have been touched: the watch began, or the system lost count. */
        ANY,
        /** A file that is asked about was touched. */
        FILE,
        /** A name came or went in the folder: the file may be a link to something that was exchanged. */
        FOLDER,
        /** The time-out. */
        TIMEOUT,
        /** The watch was closed. */
        CLOSED
    }

    private final Path folder;
    private final Predicate<? super Path> asked;
    private final Logger log;
    private final @Nullable WatchService service;
    private final CountDownLatch closed = new CountDownLatch(1);
    private @Nullable WatchKey key; // of the waiting thread
    private @Nullable Thread waiting; // guarded by this
    private boolean woken; // guarded by this

    private FolderWatch(Path folder, Predicate<? super Path> asked, boolean watching, Logger log) {
        this.folder = folder;
        this.asked = asked;
        this.log = log;
        this.service = watching ? service(folder, log) : null;
    }

    /**
     * A watch for a file; begins with the first wait.
     *
     * @param watching whether to ask the operating system; else there are time-outs only
     * @throws IOException if the folder does not exist, or the file is a folder itself
     */
    public static FolderWatch ofFile(Path file, boolean watching, Logger log) throws IOException {
        Path folder = file.getParent();
        Path name = file.getFileName();
        if (folder == null || name == null || Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "is a folder, and should be a file");
        }
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "no such folder to watch a file in");
        }
        return new FolderWatch(folder, name::equals, watching, log);
    }

    /**
     * A watch for files of a folder, which need not exist all the time; begins with the first wait.
     *
     * @param asked whether a name within the folder is asked about; told each that is touched, on the waiting thread
     * @param watching whether to ask the operating system; else there are time-outs only
     */
    public static FolderWatch ofFolder(Path folder, Predicate<? super Path> asked, boolean watching, Logger log) {
        return new FolderWatch(folder, asked, watching, log);
    }

    private static @Nullable WatchService service(Path folder, Logger log) {
        try {
            return folder.getFileSystem().newWatchService();
        } catch (IOException | UnsupportedOperationException e) {
            log.warn("folder cannot be watched, its files are polled folder={} error={}", folder, e.toString());
            return null;
        }
    }

    /** Waits until something happened, at most {@code nanos}. An interrupt and a wake end the wait like a time-out. */
    public Signal await(long nanos) {
        if (!beginWait()) {
            return Signal.TIMEOUT;
        }
        try {
            return service == null ? awaitClose(nanos) : await(service, nanos);
        } catch (InterruptedException e) {
            // A wake, or user code; the end comes by close().
            return Signal.TIMEOUT;
        } catch (ClosedWatchServiceException e) {
            return Signal.CLOSED;
        } finally {
            endWait();
        }
    }

    /** Ends the wait under way, or else the next one. */
    public synchronized void wake() {
        woken = true;
        if (waiting != null) {
            waiting.interrupt();
        }
    }

    private synchronized boolean beginWait() {
        if (woken) {
            woken = false;
            return false;
        }
        waiting = Thread.currentThread();
        return true;
    }

    private synchronized void endWait() {
        waiting = null;
        woken = false;
        Thread.interrupted(); // a wake that came too late must not reach user code
    }

    private Signal awaitClose(long nanos) throws InterruptedException {
        return closed.await(nanos, TimeUnit.NANOSECONDS) ? Signal.CLOSED : Signal.TIMEOUT;
    }

    private Signal await(WatchService watch, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        if (register(watch)) {
            // What happened before a (new) registration was not seen.
            return Signal.ANY;
        }
        while (true) {
            WatchKey signalled = watch.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (signalled == null) {
                return Signal.TIMEOUT;
            }
            Signal signal = Signal.TIMEOUT;
            for (WatchEvent<?> event : signalled.pollEvents()) {
                signal = strongest(signal, signalOf(event));
            }
            signalled.reset();
            if (signal != Signal.TIMEOUT) {
                return signal;
            }
        }
    }

    private Signal signalOf(WatchEvent<?> event) {
        if (event.kind() == OVERFLOW || !(event.context() instanceof Path name)) {
            return Signal.ANY;
        }
        if (asked.test(name)) {
            return Signal.FILE;
        }
        return event.kind() == ENTRY_MODIFY ? Signal.TIMEOUT : Signal.FOLDER;
    }

    private static Signal strongest(Signal one, Signal other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** Whether the folder had to be registered, and could be. */
    private boolean register(WatchService watch) {
        if (key != null && key.isValid()) {
            return false;
        }
        try {
            key = folder.register(watch, ENTRY_CREATE, ENTRY_DELETE, ENTRY_MODIFY);
            return true;
        } catch (IOException e) {
            log.debug("folder cannot be watched now folder={} error={}", folder, e.toString());
            return false;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        if (service != null) {
            try {
                service.close();
            } catch (IOException e) {
                log.warn("folder watch not closed cleanly folder={}", folder, e);
            }
        }
    }
}
