package io.statesync.persistence;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One load of a topic: the newest generation that can be used, each that cannot be reported.
 *
 * @param <T> the type of the state
 */
final class Loading<T extends @Nullable Object> {
    private final String topic;
    private final SnapshotStorage storage;
    private final SnapshotFormat<T> format;
    private final Reports reports;
    private final List<Failure> failures = new ArrayList<>();
    private boolean expired; // so is whatever was saved before
    private @Nullable StateVersion unusable;
    private @Nullable IOException interruption;

    Loading(String topic, SnapshotStorage storage, SnapshotFormat<T> format, Reports reports) {
        this.topic = topic;
        this.storage = storage;
        this.format = format;
        this.reports = reports;
    }

    /**
     * What could not be used.
     *
     * @param place where it is; empty if that is not known
     */
    private record Failure(PersistenceError report, String place) {}

    /** What was loaded, with the entry that it came from. */
    record Loaded<T extends @Nullable Object>(
            SnapshotEnvelope<T> snapshot, SnapshotMetadata metadata, boolean migrated) {}

    /**
     * Loads it; null if nothing is kept or all is expired.
     *
     * @throws IOException if something is kept and nothing of it can be used; or the thread was interrupted, which it stays
     */
    @Nullable
    Loaded<T> run(Instant now) throws IOException {
        Loaded<T> loaded = firstUsable(now);
        IOException lost = loaded == null && interruption == null && !failures.isEmpty() ? nothingUsable() : null;
        for (Failure failure : failures) {
            if (lost == null) {
                reports.loadFailed(failure.report(), failure.place());
            } else {
                reports.failedLoggedElsewhere(failure.report());
            }
        }
        if (interruption != null) {
            throw interruption;
        }
        if (lost != null) {
            throw lost;
        }
        if (loaded != null) {
            reports.loaded(topic, loaded.metadata(), loaded.migrated());
        }
        return loaded;
    }

    /** The version of the newest generation, if that can be read and is of no use here. */
    @Nullable
    StateVersion unusable() {
        return unusable;
    }

    private @Nullable Loaded<T> firstUsable(Instant now) {
        int number = 0;
        try {
            for (SnapshotStorage.Generation generation : storage.load(topic)) {
                Loaded<T> loaded = use(generation, number++, now);
                if (loaded != null || expired || interruption != null) {
                    return loaded;
                }
            }
        } catch (Throwable t) { // whatever it is, the engine has to start
            if (isInterruption(t)) {
                return null;
            }
            failed(PersistenceOperation.LOAD, t, null, number, "");
        }
        return null;
    }

    private @Nullable Loaded<T> use(SnapshotStorage.Generation generation, int number, Instant now) {
        SnapshotMetadata metadata = null;
        try {
            StoredSnapshot stored = generation.read();
            metadata = stored.metadata();
            if (metadata.isExpired(now)) {
                expired = true;
                reports.expired(topic, metadata);
                return null;
            }
            SnapshotEnvelope<T> snapshot = format.read(stored);
            return new Loaded<>(snapshot, metadata, format.migrations().needsMigration(metadata.schemaVersion()));
        } catch (NoSuchFileException e) {
            return null; // it was cleared meanwhile
        } catch (Throwable t) { // of codecs, migrations and validators too: then the one before
            if (isInterruption(t)) {
                return null;
            }
            if (number == 0 && metadata != null && !(t instanceof DamagedEntryException)) {
                unusable = metadata.version();
            }
            PersistenceOperation operation =
                    t instanceof MigrationException ? PersistenceOperation.MIGRATE : PersistenceOperation.LOAD;
            failed(operation, t, metadata == null ? null : metadata.version(), number, generation.place());
            return null;
        }
    }

    /** An interruption says nothing of the entry: it ends the load. */
    private boolean isInterruption(Throwable error) {
        if (error instanceof ClosedByInterruptException || error instanceof FileLockInterruptionException) {
            interruption = (IOException) error; // the thread is still interrupted
        } else if (error instanceof InterruptedException || error.getCause() instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            interruption = new InterruptedIOException("interrupted while it was loaded: topic " + Texts.quote(topic));
            interruption.initCause(error);
        }
        return interruption != null;
    }

    private void failed(
            PersistenceOperation operation, Throwable error, @Nullable StateVersion version, int number, String place) {
        failures.add(new Failure(new PersistenceError(topic, operation, error, version, number, 1, null), place));
    }

    private IOException nothingUsable() {
        Failure first = failures.get(0);
        PersistenceError newest = first.report();
        IOException lost = new IOException(
                "nothing that is kept can be used: " + newest.operation() + " of the newest"
                        + (first.place().isEmpty() ? "" : ", " + first.place() + ",") + " failed with "
                        + Texts.reason(newest.error()) + advice(newest),
                newest.error());
        for (Failure failure : failures.subList(1, failures.size())) {
            lost.addSuppressed(failure.report().error());
        }
        return lost;
    }

    /** What could be read, or is damaged, is the entry's fault; of the rest the storage says what it is. */
    private static String advice(PersistenceError newest) {
        boolean isEntrys = newest.version() != null || newest.error() instanceof DamagedEntryException;
        return isEntrys ? "; the next newer version that is saved replaces it, a clear of the topic forgets it" : "";
    }
}
