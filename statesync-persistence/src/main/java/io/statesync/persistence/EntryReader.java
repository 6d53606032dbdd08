package io.statesync.persistence;

import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the newest generation of a topic that can be used. Safe for use from any thread. */
final class EntryReader<T extends @Nullable Object> {
    private final FileStorage storage;
    private final String topic;
    private final SnapshotFormat<T> format;

    EntryReader(FileStorage storage, String topic, SnapshotFormat<T> format) {
        this.storage = storage;
        this.topic = topic;
        this.format = format;
    }

    /** Hears that the newest generation cannot be used, and that one before it is. */
    @FunctionalInterface
    interface Skipped {
        /**
         * Told once for each read.
         *
         * @param stamp of the file that was skipped; null if it was gone before that was known
         */
        void newest(EntryFollower.@Nullable Stamp stamp, Throwable problem);
    }

    /**
     * Answers a pull.
     *
     * @throws IOException if there is nothing that can be used
     */
    PullResult<T> answer(PullRequest request, Instant now, Skipped skipped) throws IOException {
        StateVersion held = request.heldVersion();
        return held != null && isNewest(held, now) ? NotModified.instance() : newest(now, skipped);
    }

    /** Whether the newest generation has this version and is not expired. Its header alone is read. */
    private boolean isNewest(StateVersion version, Instant now) {
        try {
            SnapshotMetadata newest = EntryFormat.readMetadata(topic, storage.newest(topic));
            return newest.version().equals(version) && !newest.isExpired(now);
        } catch (IOException e) {
            return false; // what is wrong is found out, and told, when all of it is read
        }
    }

    private SnapshotEnvelope<T> newest(Instant now, Skipped skipped) throws IOException {
        EntryFollower.Stamp stamp = EntryFollower.Stamp.of(storage.newest(topic));
        List<Throwable> problems = new ArrayList<>();
        SnapshotMetadata expired = null;
        for (SnapshotStorage.Generation generation : storage.load(topic)) {
            try {
                StoredSnapshot stored = generation.read();
                SnapshotMetadata metadata = stored.metadata();
                if (metadata.isExpired(now)) {
                    expired = metadata;
                    throw expired(metadata);
                }
                if (expired != null && !metadata.savedAt().isAfter(expired.savedAt())) {
                    throw outdated(metadata, expired);
                }
                SnapshotEnvelope<T> snapshot = format.read(stored);
                problems.forEach(problem -> skipped.newest(stamp, problem));
                return snapshot;
            } catch (ClosedByInterruptException | FileLockInterruptionException e) {
                throw e; // which says nothing of the file
            } catch (Throwable t) { // of codecs, migrations and validators too: then the one before
                if (!(t instanceof NoSuchFileException)) { // which says that it was cleared meanwhile
                    problems.add(t);
                }
            }
        }
        throw nothing(problems);
    }

    private static IOException expired(SnapshotMetadata metadata) {
        return new IOException("version " + metadata.version() + ", saved at " + metadata.savedAt()
                + ", has expired: its time to live was " + metadata.timeToLive());
    }

    /** Who says how long a state may be used does not want an earlier one after that, whatever was said of it. */
    private static IOException outdated(SnapshotMetadata metadata, SnapshotMetadata expired) {
        return new IOException("version " + metadata.version() + ", saved at " + metadata.savedAt()
                + ", is not used, since version " + expired.version() + ", which replaced it, has expired");
    }

    /** It is a state, and no fault that a stack trace explains: a log is given one line of it for each attempt. */
    private static IOException notYet(String message) {
        IOException notYet = new IOException(message);
        notYet.setStackTrace(new StackTraceElement[0]);
        return notYet;
    }

    private IOException nothing(List<Throwable> problems) {
        String what = "of topic " + Texts.quote(topic) + " in " + storage.folder();
        if (problems.isEmpty()) {
            return Files.isDirectory(storage.folder())
                    ? notYet("nothing is kept " + what + " yet: it is there once somebody saves it")
                    : new IOException("nothing is kept " + what + ": there is no such folder");
        }
        Throwable first = problems.get(0);
        IOException failure =
                new IOException("what is kept " + what + " cannot be used: " + Texts.reason(first), first);
        problems.subList(1, problems.size()).forEach(failure::addSuppressed);
        return failure;
    }
}
