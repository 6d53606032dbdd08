package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.statesync.Proposal;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.FileWriteQueue;
import io.statesync.persistence.SnapshotFormat;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.Edit;
import io.statesync.replica.Observation;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.ReplicaError;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.ReplicaMiddleware;
import io.statesync.replica.StateReplica;
import io.statesync.replica.VetoException;
import io.statesync.source.RevisionedStore;
import java.awt.EventQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.swing.SwingUtilities;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code in docs/replica.md, docs/writing-state.md and docs/multi-window.md. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // writes report what fails
class ReplicaSnippetsTest {
    /** A state to write. */
    record Theme(String colour, int size) {
        Theme withSize(int other) {
            return new Theme(colour, other);
        }

        Theme withColour(String other) {
            return new Theme(other, size);
        }
    }

    @TempDir
    Path path;

    private final RevisionedStore<Theme> store = RevisionedStore.of("theme", new Theme("light", 12));
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private StateReplica<Theme> replica() {
        StateReplica<Theme> replica = StateReplica.of("theme", store);
        opened.add(replica);
        replica.start().join();
        return replica;
    }

    @Test
    void quickStart() throws Exception {
        BlockingQueue<Theme> screen = new LinkedBlockingQueue<>();
        // snippet: replica
        RevisionedStore<Theme> source = RevisionedStore.of("theme", new Theme("light", 12));

        StateReplica<Theme> mine = StateReplica.of("theme", source);
        StateReplica<Theme> yours = StateReplica.of("theme", source);
        mine.start().join();
        yours.start().join();
        Observation observation = yours.observe(screen::add);

        mine.set(new Theme("dark", 12));
        mine.get(); // dark at once
        mine.update(theme -> theme.withSize(14)).join(); // waits for the source, if you want to
        // end
        opened.add(mine);
        opened.add(yours);
        assertThat(mine.get()).isEqualTo(new Theme("dark", 14));
        Theme last = screen.take();
        while (!last.equals(new Theme("dark", 14))) {
            last = screen.take();
        }
        observation.close();
    }

    @Test
    void outcome() throws Exception {
        StateReplica<Theme> replica = replica();
        BlockingQueue<Object> shown = new LinkedBlockingQueue<>();
        // snippet: replicaOutcome
        replica.set(new Theme("dark", 12)).whenComplete((outcome, failure) -> {
            if (outcome instanceof WriteResult.Accepted<Theme> accepted) {
                shown.add(accepted.version());
            } else if (outcome instanceof WriteResult.Conflict<Theme> conflict) {
                shown.add("somebody was faster: " + conflict.current().data());
            } else if (outcome instanceof WriteResult.Rejected<Theme> rejected) {
                shown.add(rejected.reason());
            } else {
                shown.add(failure != null ? failure : "closed before the source answered");
            }
        });
        // end
        assertThat(shown.take()).isInstanceOf(StateVersion.class);
    }

    @Test
    void select() throws Exception {
        StateReplica<Theme> replica = replica();
        BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        // snippet: replicaSelect
        Observation sizeOnly = replica.select(Theme::size, sizes::add);
        Observation spinner = replica.observeMeta(meta -> showSpinner(meta.dirty()));
        // end
        opened.add(sizeOnly);
        opened.add(spinner);
        assertThat(sizes.take()).isEqualTo(12);
        replica.update(theme -> theme.withColour("dark")).join();
        replica.update(theme -> theme.withSize(20)).join();
        assertThat(sizes.take()).isEqualTo(20);
    }

    private static void showSpinner(boolean visible) {
        assertThat(visible).isIn(true, false);
    }

    @Test
    void merge() {
        // snippet: replicaMerge
        StateReplica<Theme> replica = StateReplica.<Theme>builder("theme")
                .source(store)
                .initialValue(new Theme("light", 12))
                .conflicts(ConflictPolicy.merge((local, server) -> server.withSize(local.size())))
                .build();
        // end
        opened.add(replica);
        store.set(new Theme("dark", 10));
        CompletableFuture<WriteResult<Theme>> outcome = replica.set(new Theme("light", 16));
        replica.start().join();
        assertThat(outcome.join().isAccepted()).isTrue();
        assertThat(store.get()).isEqualTo(new Theme("dark", 16));
    }

    @Test
    void form() {
        StateReplica<Theme> window = StateReplica.<Theme>builder("theme")
                .source(store)
                .conflicts(ConflictPolicy.merge((local, server) -> server.withSize(local.size())))
                .build();
        opened.add(window);
        window.start().join();
        // snippet: replicaEdit
        Edit<Theme> edit = window.edit(); // the form opens
        Theme filledIn = edit.value().withSize(20); // somebody takes their time
        store.update(theme -> theme.withColour("blue")); // and somebody else does not
        CompletableFuture<WriteResult<Theme>> saved = edit.save(filledIn); // a conflict, so: merged
        // end
        assertThat(saved.join().isAccepted()).isTrue();
        assertThat(store.get()).isEqualTo(new Theme("blue", 20));
    }

    @Test
    void confirmed() {
        // snippet: replicaConfirmed
        StateReplica<Theme> replica =
                StateReplica.<Theme>builder("theme").source(store).confirmed().build();
        replica.start().join();
        WriteResult<Theme> outcome = replica.set(new Theme("dark", 12)).join();
        // end
        opened.add(replica);
        assertThat(outcome).isEqualTo(new WriteResult.Accepted<>(store.version()));
        assertThat(replica.get()).isEqualTo(new Theme("dark", 12));
    }

    @Test
    void middleware() {
        // snippet: replicaMiddleware
        ReplicaMiddleware<Theme> noHugeFonts = new ReplicaMiddleware<>() {
            @Override
            public Proposal<Theme> outgoing(Proposal<Theme> proposal) throws VetoException {
                if (proposal.value().size() > 72) {
                    throw new VetoException("a font of more than 72 points");
                }
                return proposal;
            }
        };
        StateReplica<Theme> replica = StateReplica.<Theme>builder("theme")
                .source(store)
                .middleware(noHugeFonts)
                .build();
        // end
        opened.add(replica);
        replica.start().join();
        assertThat(replica.update(theme -> theme.withSize(100)).join())
                .isEqualTo(new WriteResult.Rejected<>("a font of more than 72 points"));
        assertThat(replica.get().size()).isEqualTo(12);
    }

    // snippet: replicaActions
    @JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME) // for a queue on disk: which action it is
    sealed interface ThemeAction {
        record Resize(int by) implements ThemeAction {}

        record Repaint(String colour) implements ThemeAction {}
    }

    static Theme reduce(Theme theme, ThemeAction action) {
        if (action instanceof ThemeAction.Resize resize) {
            return theme.withSize(theme.size() + resize.by());
        }
        return theme.withColour(((ThemeAction.Repaint) action).colour());
    }
    // end

    @Test
    void actions() throws Exception {
        // snippet: fileWriteQueue
        FileWriteQueue<Theme> onDisk = FileWriteQueue.<Theme>builder(
                        path, "theme", SnapshotFormat.of(JacksonCodec.json(Theme.class)))
                .actions(ThemeAction.class, JacksonCodec.json(ThemeAction.class))
                .build();
        // end
        // snippet: replicaQueue
        StateReplica<Theme> replica = StateReplica.<Theme>builder("theme")
                .source(store)
                .reducer(ThemeAction.class, (theme, action) -> reduce(theme, action))
                .queue(onDisk)
                .build();
        replica.start().join();
        replica.dispatch(new ThemeAction.Resize(2));
        // end
        opened.add(replica);
        replica.flush().join();
        assertThat(store.get().size()).isEqualTo(14);
        Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> Files.notExists(onDisk.file()));
        onDisk.save(List.of(new QueuedWrite.Action<>(new ThemeAction.Repaint("blue"), null)));
        assertThat(onDisk.load()).containsExactly(new QueuedWrite.Action<>(new ThemeAction.Repaint("blue"), null));
        onDisk.close();
    }

    @Test
    void listener() throws Exception {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        // snippet: replicaListener
        ReplicaListener<Theme> listener = new ReplicaListener<>() {
            @Override
            public void onOutcome(WriteResult<Theme> outcome, int writes) {
                lines.add(writes + " written: " + outcome.isAccepted());
            }

            @Override
            public void onReplicaError(ReplicaError error) {
                lines.add(error.phase() + ", again in " + error.nextDelay());
            }
        };
        StateReplica<Theme> replica = StateReplica.<Theme>builder("theme")
                .source(store)
                .listener(listener)
                .build();
        // end
        opened.add(replica);
        replica.start().join();
        replica.set(new Theme("dark", 12)).join();
        assertThat(lines.take()).isEqualTo("1 written: true");
    }

    @Test
    void windows() throws Exception {
        CountDownLatch painted = new CountDownLatch(1);
        // snippet: windows
        StateReplica<Theme> window = StateReplica.<Theme>builder("theme")
                .source(store)
                .initialValue(new Theme("light", 12))
                .observeOn(SwingUtilities::invokeLater)
                .build();
        window.start();
        Observation painting = window.observe(theme -> repaint(theme, painted));
        // end
        opened.add(painting);
        opened.add(window);
        store.set(new Theme("dark", 18));
        assertThat(painted.await(30, TimeUnit.SECONDS)).isTrue();
    }

    private static void repaint(Theme theme, CountDownLatch painted) {
        assertThat(EventQueue.isDispatchThread()).isTrue();
        if (theme.size() == 18) {
            painted.countDown();
        }
    }
}
