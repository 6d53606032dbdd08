package io.statesync.persistence;

import io.statesync.StateVersion;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/**
 * The look at a topic's files in a folder: which version is newest, whether it was cleared, whether the folder is there.
 *
 * <p>Files are read only where something hints at a change: the system said so, or size, time or key differ, or the file is
 * so young that another save may have left them the same. Of a file only its header is read. A look needs no turn: when it
 * finds the newest generation moved away by a save, the generation before is what was newest, and the next look finds the
 * rest. Used by the watching thread, but where it says otherwise.
 */
final class EntryFollower {
    /** Longer than the coarsest time stamps of file systems in use. */
    private static final long TIME_GRANULARITY_MS = 3_000;

    private final Path folder;
    private final Path newest;
    private final Path before;
    private final String topic;
    private final long pollNanos;
    private final boolean watching;
    private final Sight sight;

    private volatile boolean woken; // by any thread
    private volatile boolean closed; // by any thread
    private boolean touched;
    private long lookedAt;
    private Stamps seen = new Stamps(null, null);
    private boolean settled;
    private boolean certain;
    private boolean there;
    private @Nullable Announced announced;

    /** What hears of what a follower sees, on the watching thread. */
    interface Sight {
        /** The newest usable generation is another, of this version; told again at the next look if this throws. */
        void version(StateVersion version);

        /**
         * The folder was looked at; told last at each look.
         *
         * @param version what was told last; null if nothing is there that was
         */
        void looked(@Nullable StateVersion version);

        /** A file is there and cannot be used; told at each look. */
        void problem(Path file, Stamp stamp, IOException problem);

        /** There were files, and now there are none. */
        void cleared();

        /**
         * Whether the folder can be reached; told at each look.
         *
         * @param problem why not; null if it can
         */
        void reached(@Nullable Exception problem);
    }

    /** What tells whether a file is another. */
    record Stamp(FileTime modified, long size, @Nullable Object key) {
        /**
         * The stamp of a file; null if there is none.
         *
         * @throws IOException if it cannot be found out
         */
        static @Nullable Stamp of(Path file) throws IOException {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
            } catch (NoSuchFileException e) {
                return null;
            }
        }

        private boolean isOlderThan(long timeMs) {
            return modified.toMillis() < timeMs;
        }
    }

    private record Stamps(@Nullable Stamp newest, @Nullable Stamp before) {
        boolean areOlderThan(long timeMs) {
            return (newest == null || newest.isOlderThan(timeMs)) && (before == null || before.isOlderThan(timeMs));
        }
    }

    private record Announced(StateVersion version, Stamp stamp) {}

    EntryFollower(FileStorage storage, String topic, long pollNanos, boolean watching, Sight sight) {
        this.folder = storage.folder();
        this.newest = storage.newest(topic);
        this.before = storage.before(topic);
        this.topic = topic;
        this.pollNanos = pollNanos;
        this.watching = watching;
        this.sight = sight;
    }

    Path folder() {
        return folder;
    }

    boolean watching() {
        return watching;
    }

    long pollNanos() {
        return pollNanos;
    }

    /** Has the next look come at once. From any thread. */
    void wake() {
        woken = true;
    }

    /** Nobody wants to know any more. From any thread. */
    void close() {
        closed = true;
    }

    /** Whether it is a file of this entry that was touched. */
    boolean touch(Path name) {
        boolean ours = name.equals(newest.getFileName()) || name.equals(before.getFileName());
        touched |= ours;
        return ours;
    }

    /**
     * Looks, if it is time to.
     *
     * @param any whether anything may have been touched
     * @param now a monotonic time in nanoseconds
     * @return how long until it is time again, in nanoseconds
     */
    long lookIfDue(boolean any, long now) {
        boolean hinted = any || touched || woken;
        long rest = lookedAt + pollNanos - now;
        if (!hinted && rest > 0) {
            return rest;
        }
        woken = false;
        touched = false;
        lookedAt = now;
        look(hinted);
        return pollNanos;
    }

    private void look(boolean hinted) {
        long timeMs = System.currentTimeMillis();
        Stamps now;
        try {
            now = stamps();
        } catch (IOException | RuntimeException e) {
            sight.reached(e);
            return;
        }
        sight.reached(null);
        if (hinted || !settled || !now.equals(seen)) {
            seen = now;
            settled = false; // so that it is looked at again if something fails
            certain = true;
            read(now);
            settled = certain && now.areOlderThan(timeMs - TIME_GRANULARITY_MS);
        }
        sight.looked(announced == null ? null : announced.version);
    }

    private void read(Stamps now) {
        if (now.newest != null || now.before != null) {
            there = true;
            announce(now);
        } else if (there && !closed) {
            there = false;
            announced = null;
            sight.cleared();
        }
    }

    /** The newest first: a save that moves it makes the one before be there. */
    private Stamps stamps() throws IOException {
        Stamps stamps = new Stamps(Stamp.of(newest), Stamp.of(before));
        if (stamps.newest == null && stamps.before == null && !Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder.toString(), null, "no such folder");
        }
        return stamps;
    }

    private void announce(Stamps now) {
        Announced found = read(newest, now.newest);
        if (found == null) {
            found = read(before, now.before);
        }
        if (found != null && !found.equals(announced)) {
            sight.version(found.version);
            announced = found; // now that it was told
        }
    }

    /** Read again if the thread was left interrupted, which says nothing of the file. */
    private SnapshotMetadata readMetadata(Path file) throws IOException {
        while (true) {
            try {
                return EntryFormat.readMetadata(topic, file);
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
            }
        }
    }

    private @Nullable Announced read(Path file, @Nullable Stamp stamp) {
        if (stamp == null) {
            return null;
        }
        try {
            return new Announced(readMetadata(file).version(), stamp);
        } catch (NoSuchFileException e) {
            certain = false; // moved since its stamp was taken
        } catch (IOException e) {
            certain &= e instanceof DamagedEntryException; // what could not be read now may be readable later
            sight.problem(file, stamp, e);
        }
        return null;
    }
}
