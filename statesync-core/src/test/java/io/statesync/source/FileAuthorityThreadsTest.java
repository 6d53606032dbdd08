package io.statesync.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Proposers on threads of their own, and an editor beside them. */
@Timeout(400)
class FileAuthorityThreadsTest {
    private static final int PROPOSERS = 4;
    private static final int WRITES_EACH = 50;

    @TempDir
    Path folder;

    @Test
    void incrementsOfManyProposersEndAtTheExactSum() throws Exception {
        Path file = Files.writeString(folder.resolve("count.txt"), "0");
        try (FileAuthority<String> authority = open(file, FileReplacer::new)) {
            List<CompletableFuture<Void>> proposers = new ArrayList<>();
            for (int i = 0; i < PROPOSERS; i++) {
                proposers.add(Background.run(() -> {
                    for (int written = 0; written < WRITES_EACH; ) {
                        SnapshotEnvelope<String> now = get(authority);
                        String next = Integer.toString(Integer.parseInt(now.data()) + 1);
                        written += propose(authority, versionOf(now), next).isAccepted() ? 1 : 0;
                    }
                    return null;
                }));
            }
            for (CompletableFuture<Void> proposer : proposers) {
                proposer.get(300, TimeUnit.SECONDS);
            }

            assertThat(file).hasContent(Integer.toString(PROPOSERS * WRITES_EACH));
            assertThat(authority.version().revision().bits()).isEqualTo(PROPOSERS * WRITES_EACH + 1);
        }
    }

    /**
     * Each accepted version's content was in the file, at a version of its own; whatever is in the file at the end is the
     * last revision; nothing is left behind.
     */
    @Test
    void proposersAndAnEditorWriteBesideEachOther() throws Exception {
        Path file = Files.writeString(folder.resolve("state.txt"), "first");
        List<String> written = new CopyOnWriteArrayList<>();
        Map<StateVersion, String> accepted = new ConcurrentHashMap<>();
        Semaphore turns = new Semaphore(1);
        AtomicBoolean ended = new AtomicBoolean();
        try (FileAuthority<String> authority = open(file, path -> new FileReplacer(path) {
            @Override
            void replace(Prepared prepared) throws IOException {
                String content = Files.readString(prepared.temporary());
                super.replace(prepared);
                written.add(content);
            }
        })) {
            CompletableFuture<Integer> editor = Background.run(() -> edit(file, turns, ended));
            List<CompletableFuture<Void>> proposers = new ArrayList<>();
            for (int i = 0; i < PROPOSERS; i++) {
                int proposer = i;
                proposers.add(Background.run(() -> {
                    for (int n = 0; n < WRITES_EACH; ) {
                        String value = "proposer " + proposer + " writes " + n;
                        WriteResult<String> answer = proposeOrNot(authority, versionOf(get(authority)), value);
                        if (answer instanceof Accepted<String> taken) {
                            assertThat(accepted.put(taken.version(), value)).isNull();
                            n++;
                            turns.release();
                        }
                    }
                    return null;
                }));
            }
            for (CompletableFuture<Void> proposer : proposers) {
                proposer.get(300, TimeUnit.SECONDS);
            }
            ended.set(true);
            turns.release();
            int edits = editor.get(300, TimeUnit.SECONDS);
            String last = Files.readString(file);
            WriteResult<String> answer = propose(authority, StateVersion.ofUnsigned(0, 0), "no base of anybody");

            assertThat(((WriteResult.Conflict<String>) answer).current().data()).isEqualTo(last);
            assertThat(accepted).hasSize(PROPOSERS * WRITES_EACH);
            assertThat(written).containsExactlyInAnyOrderElementsOf(accepted.values());
            assertThat(edits).isPositive();
        }
        try (var names = Files.list(folder)) {
            assertThat(names).containsExactly(file);
        }
    }

    /** One save for each accepted write, so that neither side starves the other. */
    private static int edit(Path file, Semaphore turns, AtomicBoolean ended) throws Exception {
        int edits = 0;
        turns.acquire();
        while (!ended.get()) {
            edits++;
            String content = "the editor writes " + edits;
            if (edits % 2 == 0) {
                Files.writeString(file, content);
            } else {
                Path temporary = Files.writeString(file.resolveSibling("new"), content);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            }
            turns.acquire();
        }
        return edits;
    }

    private static FileAuthority<String> open(Path file, Function<Path, FileReplacer> replacer) throws IOException {
        return FileSource.<String>builder("state", file, content -> new String(content, UTF_8))
                .writable(state -> state.getBytes(UTF_8))
                .replacer(replacer)
                .open();
    }

    private static SnapshotEnvelope<String> get(FileAuthority<String> authority) throws Exception {
        return authority.snapshot().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static StateVersion versionOf(SnapshotEnvelope<?> snapshot) {
        return StateVersion.of(snapshot.epoch(), snapshot.revision());
    }

    /** An editor in the middle of a save is met as well: then nothing is written. */
    private static WriteResult<String> proposeOrNot(FileAuthority<String> authority, StateVersion base, String value)
            throws Exception {
        try {
            return propose(authority, base, value);
        } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(NotSentException.class);
            return new WriteResult.Unknown<>(e.getCause());
        }
    }

    private static WriteResult<String> propose(FileAuthority<String> authority, StateVersion base, String value)
            throws Exception {
        return authority.propose(Proposal.of(base, value)).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
