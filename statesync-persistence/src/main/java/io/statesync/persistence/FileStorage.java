package io.statesync.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A storage in a folder, with a file for the newest generation of each topic and one for the generation before.
 *
 * <p>A save writes a temporary file, forces it, moves the newest generation to be the one before, moves the temporary file
 * to be the newest, and forces the folder: at every moment there is a whole generation, and when a save has returned, that
 * one outlives a power cut. Processes that share the folder take turns by a lock file for each topic. Files and folders that
 * are made are private to their owner where the file system knows owners (POSIX). Windows cannot force a folder: there a
 * power cut right after a save may bring the generation before it back.
 *
 * <p>A topic's files are named for it, see docs/persistence-format.md; they hold the topic itself too. The lock file stays.
 */
public final class FileStorage implements SnapshotStorage {
    private final DurableFolder folder;
    private final long maxBytes;
    private final Map<String, KnownEntry> saved =
            new ConcurrentHashMap<>(); // by topic; what is there is looked at again

    private FileStorage(Path folder, long maxBytes) throws IOException {
        this.maxBytes = maxBytes;
        this.folder = DurableFolder.in(folder);
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
     * over that fails with a {@link StorageFullException}. Saves of several topics at one moment do not see each other, and
     * a save's temporary file does not count.
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

    /** The folder, as an absolute path without links. */
    public Path folder() {
        return folder.path();
    }

    /** Where a topic's newest generation is, if there is one. */
    Path newest(String topic) {
        return files(topic).newest();
    }

    /** Where a topic's generation before the newest is, if there is one. */
    Path before(String topic) {
        return files(topic).before();
    }

    private TopicFiles files(String topic) {
        KnownEntry last = saved.get(topic);
        return last == null ? TopicFiles.of(folder, topic) : last.files();
    }

    @Override
    @SuppressWarnings("try") // a turn is only held
    public boolean save(String topic, StoredSnapshot snapshot) throws IOException {
        Objects.requireNonNull(snapshot, "snapshot");
        TopicFiles files = files(topic);
        try (Turn turn = folder.turn(files.lock())) {
            SnapshotMetadata kept = readableNewest(topic, files);
            Path given = kept == null ? null : files.before(); // what cannot be used is given up
            if (kept == null) {
                kept = readable(topic, files.before()); // a save was cut short, or its file damaged
            }
            if (kept != null && !snapshot.metadata().supersedes(kept)) {
                folder.force(); // who saved it may have failed or died before that
                return false;
            }
            ByteBuffer head = EntryFormat.head(topic, snapshot);
            checkRoom(given == null ? files.newest() : given, head.remaining() + (long) snapshot.payload().length);
            folder.replace(files.newest(), files.temporary(), given, head.duplicate(), snapshot.payload());
            saved.put(topic, new KnownEntry(files, head, snapshot));
            return true;
        }
    }

    /** What describes the newest generation. It is read whole in any case, since it is to be the generation before. */
    private @Nullable SnapshotMetadata readableNewest(String topic, TopicFiles files) throws IOException {
        KnownEntry last = saved.get(topic);
        return last != null && last.isNewest() ? last.metadata() : readable(topic, files.newest());
    }

    /** What describes an entry; null if there is none that can be used. */
    private static @Nullable SnapshotMetadata readable(String topic, Path file) throws IOException {
        try {
            return EntryFormat.read(topic, file).metadata();
        } catch (NoSuchFileException | DamagedEntryException e) {
            return null; // what is damaged is replaced, and never becomes the generation before
        }
    }

    @Override
    public List<Generation> load(String topic) {
        TopicFiles files = files(topic);
        List<Generation> generations = new ArrayList<>();
        if (!Files.notExists(files.newest())) { // what cannot be found out is found out by reading
            generations.add(new FileGeneration(files.newest(), () -> readNewest(topic, files)));
        }
        if (!Files.notExists(files.before())) {
            generations.add(new FileGeneration(files.before(), () -> EntryFormat.read(topic, files.before())));
        }
        return generations;
    }

    /** A generation that says which file it is. */
    private record FileGeneration(Path file, Generation reading) implements Generation {
        @Override
        public StoredSnapshot read() throws IOException {
            return reading.read();
        }

        @Override
        public String place() {
            return file.toString();
        }
    }

    /** A save has moved the newest away for a moment, or it was cleared: after the save's turn it is one or the other. */
    @SuppressWarnings("try") // a turn is only held
    private StoredSnapshot readNewest(String topic, TopicFiles files) throws IOException {
        try {
            return EntryFormat.read(topic, files.newest());
        } catch (NoSuchFileException e) {
            try (Turn turn = folder.turn(files.lock())) {
                return EntryFormat.read(topic, files.newest());
            }
        }
    }

    /** The generation before goes first, for good: cut short, a clear must not leave it alone. */
    @Override
    @SuppressWarnings("try") // a turn is only held
    public void clear(String topic) throws IOException {
        TopicFiles files = files(topic);
        try (Turn turn = folder.turn(files.lock())) {
            Files.deleteIfExists(files.temporary());
            if (Files.deleteIfExists(files.before())) {
                folder.force();
            }
            Files.deleteIfExists(files.newest());
            folder.force();
            saved.remove(topic);
        }
    }

    @Override
    public StorageUsage usage() throws IOException {
        Set<String> topics = new TreeSet<>();
        long bytes = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.path())) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(TopicFiles.NEWEST) || name.endsWith(TopicFiles.BEFORE)) {
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

    private void checkRoom(Path given, long bytes) throws IOException {
        if (maxBytes == Long.MAX_VALUE) {
            return;
        }
        long after = usage().bytes() - size(given) + bytes;
        if (after > maxBytes) {
            throw new StorageFullException("a snapshot of " + bytes + " bytes would make it " + after
                    + " in all, and maxBytes is " + maxBytes + ": " + folder.path());
        }
    }
}
