package io.statesync.persistence;

import io.statesync.StateCodec;
import io.statesync.internal.Checks;
import io.statesync.internal.Texts;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.WriteQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A queue of a replica's pending writes in a file, so that a crash loses none that was saved.
 *
 * <p>A save writes a temporary file, forces it, moves it over the queue's, and forces the folder: when it has returned, the
 * writes outlive a power cut. An empty queue has no file. The file is private to its owner where the file system knows
 * owners (POSIX); its name is made of the topic, see docs/persistence-format.md. It may be in the folder of a
 * {@link FileStorage}.
 *
 * <p>From its first load on until it is closed, a queue belongs to one instance of one process: two that send the same
 * writes would each tell the source of them under its own name. An instance serves one replica at a time.
 *
 * <p>A file that is damaged is not used, not even in part, and there is no generation before it: writes that are older than
 * what the source was asked for would be made twice. It is put aside, and the load fails and says where; the next one finds
 * an empty queue. One that is whole and cannot be read by this application, for want of a codec or a migration, stays.
 *
 * @param <T> the type of the state
 */
public final class FileWriteQueue<T extends @Nullable Object> implements WriteQueue<T>, AutoCloseable {
    private static final String QUEUE = ".queue";
    private static final String TEMPORARY = ".queue-tmp";
    private static final String LOCK = ".queue-lock";
    private static final String DAMAGED = ".queue-damaged";

    private final String topic;
    private final QueueFormat<T> format;
    private final DurableFolder folder;
    private final Path file;
    private final Path temporary;
    private final Object lock = new Object(); // held while the file is read or written; no codec runs under it
    private State state = State.NEW; // guarded by lock
    private @Nullable Lease lease; // guarded by lock; there from the first load on

    private enum State {
        /** Nothing was loaded: what is kept must not be replaced. */
        NEW,
        LOADED,
        CLOSED
    }

    private FileWriteQueue(Builder<T> b) throws IOException {
        topic = b.topic;
        format = new QueueFormat<>(b.topic, b.format, b.actions);
        folder = DurableFolder.in(b.folder);
        String name = EntryNames.of(topic);
        file = folder.file(name + QUEUE);
        temporary = folder.file(name + TEMPORARY);
    }

    /**
     * A queue with the defaults of {@link Builder}: it keeps values, and no actions.
     *
     * @throws IOException as {@link Builder#build()} does
     */
    public static <T extends @Nullable Object> FileWriteQueue<T> in(Path folder, String topic, SnapshotFormat<T> format)
            throws IOException {
        return FileWriteQueue.<T>builder(folder, topic, format).build();
    }

    /**
     * A builder for the queue of a topic.
     *
     * @param folder the folder that it is in, which is made if it is not there
     * @param topic the replica's topic
     * @param format how values are encoded, migrated and validated; its time to live is not for them
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(Path folder, String topic, SnapshotFormat<T> format) {
        return new Builder<>(folder, topic, format);
    }

    /** The queue's file, which is there if there are pending writes. */
    public Path file() {
        return file;
    }

    /**
     * Takes possession of the queue, and reads it. What was read is durable.
     *
     * @throws DamagedEntryException if the file is not what was saved: it is put aside, and the next load finds an empty queue
     * @throws IOException if another process or instance has the queue, or it cannot be read; it stays as it is
     * @throws IllegalStateException if this was closed
     */
    @Override
    public List<QueuedWrite<T>> load() throws IOException {
        QueueFormat.Read read;
        synchronized (lock) {
            if (state == State.CLOSED) {
                throw closedFailure();
            }
            own();
            folder.force(); // who saved may have died before that; what is sent now must not be unknown later
            read = readOrPutAside();
            if (read == null) {
                state = State.LOADED;
                return List.of();
            }
        }
        List<QueuedWrite<T>> writes = decode(read);
        synchronized (lock) {
            if (state == State.CLOSED) {
                throw closedFailure();
            }
            state = State.LOADED;
        }
        return writes;
    }

    private void own() throws IOException {
        if (lease == null) {
            lease = Lease.take(folder, folder.file(EntryNames.of(topic) + LOCK));
            if (lease == null) {
                throw new IOException("the queue of pending writes is in use by another process, or by another"
                        + " FileWriteQueue of this one: " + file);
            }
        }
    }

    private QueueFormat.@Nullable Read readOrPutAside() throws IOException {
        try {
            return format.read(file);
        } catch (NoSuchFileException e) {
            return null;
        } catch (DamagedEntryException e) {
            throw putAside(e);
        }
    }

    private DamagedEntryException putAside(DamagedEntryException damage) {
        String message =
                "the queue of pending writes is damaged, and none of them is used: " + Texts.reason(damage) + ". ";
        Path aside = folder.file(EntryNames.of(topic) + DAMAGED);
        for (int i = 2; Files.exists(aside); i++) {
            aside = folder.file(EntryNames.of(topic) + DAMAGED + "-" + i);
        }
        try {
            folder.move(file, aside);
            folder.force();
        } catch (IOException e) {
            damage.addSuppressed(e);
            return new DamagedEntryException(
                    message + "It could not be put aside; remove it to go on without them: " + file, damage);
        }
        return new DamagedEntryException(
                message + "It was put aside, and the next start begins with an empty queue: " + aside, damage);
    }

    private List<QueuedWrite<T>> decode(QueueFormat.Read read) throws IOException {
        try {
            return format.decode(read);
        } catch (IOException | RuntimeException e) { // a codec may throw anything
            throw new IOException(
                    "the queue of pending writes is whole, and cannot be read by this application: " + Texts.reason(e)
                            + ". It stays as it is: " + file,
                    e);
        }
    }

    /**
     * Replaces what is kept; durable when it returns.
     *
     * @throws IOException if it could not be: what was kept before is kept still, or this is; or a write cannot be encoded
     * @throws IllegalStateException if nothing was loaded, or this was closed
     */
    @Override
    public void save(List<QueuedWrite<T>> writes) throws IOException {
        QueueFormat.Encoded encoded = writes.isEmpty() ? null : format.encode(writes);
        synchronized (lock) {
            if (state == State.CLOSED) {
                throw closedFailure();
            }
            if (state == State.NEW) {
                throw new IllegalStateException(
                        "the queue of pending writes is to be loaded before it is saved: " + file);
            }
            if (encoded != null) {
                folder.replace(file, temporary, null, encoded.head, encoded.payload);
            } else {
                Files.deleteIfExists(temporary); // of a save that was cut short
                Files.deleteIfExists(file);
                folder.force();
            }
        }
    }

    private IllegalStateException closedFailure() {
        return new IllegalStateException("the queue of pending writes was closed: " + file);
    }

    /**
     * Gives the queue back, for another process or instance; what is kept is kept. Waits for a save under way. Later saves
     * fail. Idempotent.
     *
     * @throws IOException if the lock file could not be closed
     */
    @Override
    public void close() throws IOException {
        synchronized (lock) {
            state = State.CLOSED;
            Lease held = lease;
            lease = null;
            if (held != null) {
                held.close();
            }
        }
    }

    /**
     * The options of a {@link FileWriteQueue}. By default it keeps values, and fails to save an action.
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final Path folder;
        private final String topic;
        private final SnapshotFormat<T> format;
        private QueueFormat.@Nullable Actions<?> actions;

        private Builder(Path folder, String topic, SnapshotFormat<T> format) {
            this.folder = Objects.requireNonNull(folder, "folder");
            this.topic = Checks.notBlank("topic", topic);
            this.format = Objects.requireNonNull(format, "format");
        }

        /** How the actions of a replica with a reducer are kept. The codec's name is recorded with each. */
        public <A> Builder<T> actions(Class<A> type, StateCodec<A> codec) {
            this.actions = new QueueFormat.Actions<>(
                    Objects.requireNonNull(type, "type"), Objects.requireNonNull(codec, "codec"));
            return this;
        }

        /**
         * The queue. It belongs to nobody before it is loaded.
         *
         * @throws IOException if the folder is not there and cannot be made
         */
        public FileWriteQueue<T> build() throws IOException {
            return new FileWriteQueue<>(this);
        }
    }
}
