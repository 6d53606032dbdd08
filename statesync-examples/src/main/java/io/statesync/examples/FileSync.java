package io.statesync.examples;

import io.statesync.InvalidationSubscriber;
import io.statesync.SnapshotProvider;
import io.statesync.StateProposer;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.examples.Screen.Color;
import io.statesync.source.FileAuthority;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The main job: a JSON file, and two replicas that follow it and change it. */
final class FileSync implements AutoCloseable {
    /** What the events are about; one file has one topic. */
    static final String TOPIC = "settings";

    private static final Duration WRITE_PATIENCE = Duration.ofSeconds(10);
    private static final CompletableFuture<Void> OPEN = CompletableFuture.completedFuture(null);

    private final Path file;
    private final Screen screen;
    private final @Nullable Kept kept;
    private final FileAuthority<JsonNode> authority;
    private final List<Replica> replicas = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private volatile CompletableFuture<Void> gate = OPEN;

    /**
     * Opens a file; the replicas are not there yet.
     *
     * @param kept what the replicas keep on disk; null for nothing
     * @throws IOException if there is no such file, or it holds no valid JSON, and nothing is kept
     */
    FileSync(Path file, @Nullable Kept kept, Screen screen) throws IOException {
        this.file = file;
        this.kept = kept;
        this.screen = screen;
        this.authority = JsonFile.open(TOPIC, file, this::refused);
        Throwable problem = authority.problem();
        if (problem != null && (kept == null || !kept.has(TOPIC))) {
            authority.close();
            throw new IOException(file + ": " + JsonFile.describe(problem), problem);
        }
    }

    /**
     * Starts the replicas, and waits until they have the file's state.
     *
     * @param onApplied runs after each apply of a replica
     */
    void start(Runnable onApplied) {
        Throwable problem = authority.problem();
        if (problem != null) {
            screen.line(
                    Color.RED,
                    "file",
                    "not there: " + JsonFile.describe(problem) + "; the replicas start with what is kept, and wait");
        }
        replicas.add(new Replica("replica A", Color.CYAN, file, new Gated(), kept, screen, onApplied));
        replicas.add(new Replica("replica B", Color.GREEN, file, new Gated(), kept, screen, onApplied));
        replicas.forEach(Replica::start);
    }

    /**
     * Has replica A change a key, and waits until both replicas have printed it.
     *
     * @throws IOException if that was refused, or not done in time
     */
    void write(Setting setting) throws IOException, InterruptedException {
        await(replicas.get(0), setting, replicas.get(0).set(setting));
    }

    /**
     * Has both replicas change a key before either change is sent, so that they collide; waits like {@link #write}.
     *
     * @throws IOException as that does
     */
    void writeAtOnce(Setting byA, Setting byB) throws IOException, InterruptedException {
        CompletableFuture<Void> shut = new CompletableFuture<>();
        gate = shut;
        CompletableFuture<WriteResult<JsonNode>> first = replicas.get(0).set(byA);
        CompletableFuture<WriteResult<JsonNode>> second = replicas.get(1).set(byB);
        gate = OPEN;
        shut.complete(null);
        await(replicas.get(0), byA, first);
        await(replicas.get(1), byB, second);
    }

    private void await(Replica writer, Setting setting, CompletableFuture<WriteResult<JsonNode>> outcome)
            throws IOException, InterruptedException {
        try {
            WriteResult<JsonNode> result = outcome.get(WRITE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (!(result instanceof WriteResult.Accepted<JsonNode> accepted)) {
                throw new IOException(setting + " was not written: " + result);
            }
            long revision = accepted.version().revision().bits();
            for (Replica replica : replicas) {
                replica.awaitRevision(revision, WRITE_PATIENCE);
            }
        } catch (ExecutionException e) {
            throw new IOException(
                    setting + " was not written: " + JsonFile.describe(Objects.requireNonNullElse(e.getCause(), e)), e);
        } catch (TimeoutException e) {
            Throwable error = writer.error();
            throw new IOException(
                    setting + " was not written in time" + (error == null ? "" : ": " + JsonFile.describe(error)), e);
        }
    }

    /** The revision of the file that all replicas have, at least; 0 while one has what was kept only. */
    long revision() {
        return replicas.stream().mapToLong(Replica::revision).min().orElse(0);
    }

    /** How often the file's content was refused. */
    int refusals() {
        return refusals.get();
    }

    private void refused(Throwable problem) {
        if (!replicas.isEmpty()) {
            screen.line(
                    Color.RED,
                    "file",
                    "refused: " + JsonFile.describe(problem) + "; the replicas keep revision " + revision());
            refusals.incrementAndGet();
        }
    }

    /** The authority behind a gate that holds up proposals. */
    private final class Gated implements WritableBinding<JsonNode> {
        @Override
        public InvalidationSubscriber subscriber() {
            return authority.subscriber();
        }

        @Override
        public SnapshotProvider<JsonNode> provider() {
            return authority.provider();
        }

        @Override
        public StateProposer<JsonNode> proposer() {
            return proposal -> gate.thenCompose(open -> authority.propose(proposal));
        }
    }

    @Override
    public void close() {
        replicas.forEach(Replica::close);
        authority.close();
    }
}
