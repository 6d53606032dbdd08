package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.LifecycleState;
import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.RetryPolicy;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotCache;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncGroup;
import io.statesync.SyncListener;
import io.statesync.SyncPhase;
import io.statesync.SyncStatus;
import io.statesync.Throttling;
import io.statesync.testkit.RecordingApplier;
import io.statesync.testkit.ScriptedProvider;
import io.statesync.testkit.ScriptedSubscriber;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.swing.SwingUtilities;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The code in docs/engine.md and its neighbours. */
@Timeout(60)
class EngineSnippetsTest {
    private static final Logger log = LoggerFactory.getLogger(EngineSnippetsTest.class);

    private final Ipc ipc = new Ipc();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final IpcBinding<Settings> binding = new IpcBinding<>(ipc, Settings::parse, executor);
    private final AtomicReference<Settings> current = new AtomicReference<>();

    @AfterEach
    void shutDown() {
        executor.shutdownNow();
    }

    @Test
    void quickStart() {
        // snippet: QuickStart
        RevisionSyncOptions<Settings> options = RevisionSyncOptions.<Settings>builder("settings")
                .source(binding)
                .applier(snapshot -> current.set(snapshot.data()))
                .build();
        try (RevisionSync<Settings> sync = StateSync.createRevisionSync(options)) {
            sync.start().join();
            log.info("started at {}", sync.localVersion());
        }
        // end
        assertThat(current.get()).isEqualTo(new Settings("{}"));
    }

    @Test
    void tunedOptionsBuild() {
        // snippet: Tuned
        RevisionSyncOptions<Settings> options = RevisionSyncOptions.<Settings>builder("settings")
                .instance("settings-eu")
                .source(binding)
                .applier(snapshot -> current.set(snapshot.data()))
                .throttling(Throttling.builder()
                        .debounce(Duration.ofMillis(50))
                        .maxWait(Duration.ofSeconds(1))
                        .build())
                .retry(RetryPolicy.standard())
                .catchUp(Backoff.exponential(Duration.ofMillis(200), 2, Duration.ofMinutes(1)))
                .resyncInterval(Duration.ofMinutes(5))
                .pullSpread(Duration.ofSeconds(2))
                .executor(executor)
                .applyOn(SwingUtilities::invokeLater)
                .build();
        // end
        assertThat(options.instance()).isEqualTo("settings-eu");
        assertThat(options.retry().maxAttempts()).isEqualTo(3);
    }

    @Test
    void readYourWrites() {
        try (RevisionSync<Settings> sync =
                StateSync.createRevisionSync(options().build())) {
            sync.start().join();
            // snippet: ReadYourWrites
            Revision written = ipc.save("dark");
            sync.awaitRevision(written).orTimeout(1, TimeUnit.MINUTES).join();
            // end
            assertThat(current.get()).isEqualTo(new Settings("dark"));
        }
    }

    private RevisionSyncOptions.Builder<Settings> options() {
        return RevisionSyncOptions.<Settings>builder("settings")
                .source(binding)
                .applier(snapshot -> current.set(snapshot.data()));
    }

    @Test
    void boundedStaleness() {
        try (RevisionSync<Settings> sync =
                StateSync.createRevisionSync(options().build())) {
            sync.start().join();
            // snippet: Fresh
            sync.refreshIfOlderThan(Duration.ofMinutes(1)).join();
            // end
            assertThat(sync.status().pulls()).isEqualTo(1);
        }
    }

    @Test
    void listener() {
        List<String> said = new ArrayList<>();
        // snippet: Listener
        SyncListener<Settings> listener = new SyncListener<>() {
            @Override
            public void onApplied(SnapshotEnvelope<Settings> snapshot, StateVersion version, Duration took) {
                said.add("applied " + version);
            }

            @Override
            public void onError(SyncError error) {
                said.add(error.phase() + ", again: " + error.willRetry());
            }
        };
        // end
        try (RevisionSync<Settings> sync = StateSync.createRevisionSync(options()
                .listener(listener)
                .executor(StateSync.directExecutor())
                .provider(r -> CompletableFuture.completedFuture(SnapshotEnvelope.of(Revision.of(3), new Settings(""))))
                .build())) {
            sync.start().join();
        }
        assertThat(said).containsExactly("applied 3");
    }

    @Test
    void health() {
        try (RevisionSync<Settings> sync =
                StateSync.createRevisionSync(options().build())) {
            sync.start().join();
            // snippet: Health
            SyncStatus status = sync.status();
            boolean healthy = status.state() == LifecycleState.RUNNING
                    && (status.behindFor() == null || status.behindFor().toMinutes() < 1);
            // end
            assertThat(healthy).isTrue();
        }
    }

    @Test
    void group() {
        Ipc other = new Ipc();
        RevisionSync<Settings> first = StateSync.createRevisionSync(options().build());
        RevisionSync<Settings> second = StateSync.createRevisionSync(options()
                .instance("second")
                .source(new IpcBinding<>(other, Settings::parse, executor))
                .build());
        // snippet: Group
        try (SyncGroup group = SyncGroup.of(first, second)) {
            group.start().join();
            log.info("all current: {}", group.isCurrent());
        }
        // end
        assertThat(first.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(second.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    void phases() {
        // snippet: Phases
        RevisionSyncOptions<Settings> options = RevisionSyncOptions.<Settings>builder("settings")
                .source(binding)
                .applier(snapshot -> current.set(snapshot.data()))
                .onError(error -> {
                    if (error.phase() == SyncPhase.APPLY) {
                        log.error("settings {} cannot be used", error.snapshotVersion(), error.error());
                    }
                })
                .build();
        // end
        assertThat(options.onError()).isNotNull();
    }

    // snippet: Cache
    static SnapshotCache<Settings> cacheIn(Path folder, ExecutorService executor) {
        return topic -> CompletableFuture.supplyAsync(() -> load(folder.resolve(topic)), executor);
    }

    private static SnapshotEnvelope<Settings> load(Path file) {
        try {
            if (!Files.exists(file)) {
                return null;
            }
            List<String> lines = Files.readAllLines(file);
            return SnapshotEnvelope.parse(lines.get(0), lines.get(1), Settings.parse(lines.get(2)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
    // end

    @Test
    void aCacheLetsAStartSucceedWithoutItsSource(@TempDir Path folder) throws IOException {
        Files.write(folder.resolve("settings"), List.of("7", "0", "kept"));
        ipc.breakConnections();
        try (RevisionSync<Settings> sync = StateSync.createRevisionSync(
                options().cache(cacheIn(folder, executor)).build())) {
            sync.start().join();
            assertThat(current.get()).isEqualTo(new Settings("kept"));
            assertThat(sync.localRevision()).isEqualTo(Revision.of(7));
        }
    }

    @Test
    void conditionalPull() throws Exception {
        // snippet: Conditional
        SnapshotProvider<Settings> conditional = SnapshotProvider.blocking(
                request -> {
                    Ipc.Reply reply = ipc.fetch(request.topic());
                    StateVersion held = request.heldVersion();
                    if (held != null
                            && reply.revision().equals(held.revision().toString())
                            && reply.epoch().equals(held.epoch().toString())) {
                        return NotModified.instance();
                    }
                    return SnapshotEnvelope.parse(reply.revision(), reply.epoch(), Settings.parse(reply.json()));
                },
                executor);
        // end
        Revision saved = ipc.save("dark");
        PullRequest holding =
                io.statesync.testkit.FakePullRequest.of("settings").holding(StateVersion.of(saved));
        assertThat(conditional.getSnapshot(holding).toCompletableFuture().get(30, TimeUnit.SECONDS))
                .isSameAs(NotModified.instance());
    }

    // snippet: VirtualTime
    @Test
    void aLaggingSourceIsPulledAgain() {
        VirtualTime time = new VirtualTime();
        ScriptedSubscriber subscriber = new ScriptedSubscriber();
        ScriptedProvider<String> provider = new ScriptedProvider<>();
        RecordingApplier<String> applier = new RecordingApplier<>();
        RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("settings")
                .subscriber(subscriber)
                .provider(provider)
                .applier(applier)
                .catchUp(Backoff.standard().withoutJitter())
                .executor(StateSync.directExecutor())
                .time(time)
                .build());
        CompletableFuture<Void> started = sync.start();
        provider.next().answer(SnapshotEnvelope.of(Revision.of(1), "old"));
        assertThat(started).isCompleted();

        subscriber.event("settings", "2");
        provider.next().answer(SnapshotEnvelope.of(Revision.of(1), "old"));
        assertThat(sync.status().behind()).isTrue();

        time.advance(Duration.ofMillis(100));
        provider.next().answer(SnapshotEnvelope.of(Revision.of(2), "new"));
        assertThat(applier.last().data()).isEqualTo("new");
        sync.close();
    }
    // end
}
