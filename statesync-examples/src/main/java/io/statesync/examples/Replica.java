package io.statesync.examples;

import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.examples.Screen.Color;
import io.statesync.replica.ReplicaError;
import io.statesync.replica.StateReplica;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A copy of the file's state that prints what changed in it, and that can be changed itself. */
final class Replica implements AutoCloseable {
    private static final Duration TIME_GRANULARITY = Duration.ofSeconds(3); // of the coarsest file systems

    private final String name;
    private final Color color;
    private final Path file;
    private final Screen screen;
    private final @Nullable Kept kept;
    private final Runnable onApplied;
    private final StateReplica<JsonNode> replica;
    private final Instant begun = Instant.now().minus(TIME_GRANULARITY);
    private long revision; // guarded by this

    Replica(
            String name,
            Color color,
            Path file,
            WritableBinding<JsonNode> source,
            @Nullable Kept kept,
            Screen screen,
            Runnable onApplied) {
        this.name = name;
        this.color = color;
        this.file = file;
        this.screen = screen;
        this.kept = kept;
        this.onApplied = onApplied;
        this.replica = StateReplica.<JsonNode>builder(FileSync.TOPIC)
                .source(source)
                .sourceId(name)
                .listener(new Printer())
                .engine(this::configure)
                .build();
    }

    private void configure(RevisionSyncOptions.Builder<JsonNode> engine) {
        engine.instance(name);
        if (kept == null) {
            engine.startup(Startup.FAIL_FAST);
        } else {
            engine.cache(kept.cache()); // it starts with what is kept, if the source is not there
        }
    }

    /** Follows the source from now on; returns when its present state is applied, or what is kept. */
    void start() {
        replica.start().join();
    }

    /** The revision last printed; 0 before the first. */
    synchronized long revision() {
        return revision;
    }

    /** What failed last, until something succeeded; null for nothing. */
    @Nullable
    Throwable error() {
        return replica.meta().error();
    }

    /** Changes one key, at once here and then in the file; whatever else was changed meanwhile stays. */
    CompletableFuture<WriteResult<JsonNode>> set(Setting setting) {
        screen.line(color, name, "sets         " + setting);
        return replica.update(setting::in).thenApply(this::printed);
    }

    /** Waits until this revision or a later one is printed, but no longer than this. */
    synchronized void awaitRevision(long wanted, Duration patience) throws InterruptedException, TimeoutException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (revision < wanted) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                throw new TimeoutException(name + " is at revision " + revision);
            }
            wait(left);
        }
    }

    /** Before whoever waits for it goes on. */
    private WriteResult<JsonNode> printed(WriteResult<JsonNode> outcome) {
        if (outcome instanceof WriteResult.Accepted<JsonNode> accepted) {
            screen.line(
                    color,
                    name,
                    "written      as revision " + accepted.version().revision());
        } else {
            screen.line(Color.RED, name, "not written  " + outcome);
        }
        return outcome;
    }

    private synchronized void noteRevision(long now) {
        revision = now;
        notifyAll();
    }

    /** Prints what the replica and its engine tell. */
    private final class Printer extends StatePrinter {
        Printer() {
            super(name, color, kept, screen);
        }

        @Override
        String latency() {
            return sinceSave();
        }

        @Override
        void printed(SnapshotEnvelope<JsonNode> snapshot) {
            noteRevision(snapshot.revision().bits());
            onApplied.run();
        }

        @Override
        public void onConflict(JsonNode local, SnapshotEnvelope<JsonNode> current) {
            screen.line(
                    Color.MAGENTA,
                    name,
                    "CONFLICT     the file is at revision " + current.revision()
                            + " already; the change is made again from that");
        }

        @Override
        public void onReplicaError(ReplicaError error) {
            screen.line(Color.RED, name, error.phase() + " failed: " + JsonFile.describe(error.error()));
        }
    }

    private String sinceSave() {
        try {
            Instant savedAt = Files.getLastModifiedTime(file).toInstant();
            return savedAt.isBefore(begun)
                    ? ""
                    : Duration.between(savedAt, Instant.now()).toMillis() + " ms";
        } catch (IOException e) {
            return "? ms"; // gone already
        }
    }

    @Override
    public void close() {
        replica.close();
        replica.engine().close(); // waits until what was applied last is on disk
    }
}
