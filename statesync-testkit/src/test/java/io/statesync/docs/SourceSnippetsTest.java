package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Proposal;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.WriteResult.Unknown;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.Replay;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StateJournal;
import io.statesync.source.StoreEvent;
import io.statesync.source.StoreRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code in docs/source.md. */
@Timeout(60)
class SourceSnippetsTest {
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final List<String> told = new ArrayList<>();

    @AfterEach
    void shutDown() {
        executor.shutdownNow();
    }

    @Test
    void aStoreIsTheWholeTransport() throws Exception {
        AtomicReference<Integer> shown = new AtomicReference<>();
        // snippet: StoreQuickStart
        RevisionedStore<Integer> store = RevisionedStore.of("counter", 0);
        RevisionSync<Integer> replica = StateSync.createRevisionSync(RevisionSyncOptions.<Integer>builder("counter")
                .source(store)
                .applier(snapshot -> shown.set(snapshot.data()))
                .build());
        replica.start().join();
        StateVersion version = store.update(n -> n + 1);
        replica.awaitVersion(version).join();
        // end
        assertThat(shown.get()).isEqualTo(1);
        replica.close();
    }

    @Test
    void everyAnswerHasItsCase() {
        RevisionedStore<Integer> store = RevisionedStore.of("counter", 0);
        // snippet: StorePropose
        SnapshotEnvelope<Integer> seen = store.current();
        StateVersion base = StateVersion.of(seen.epoch(), seen.revision());
        Proposal<Integer> proposal = new Proposal<>(base, seen.data() + 1, "window-2", "c0ffee-1");
        WriteResult<Integer> result =
                store.propose(proposal).toCompletableFuture().join();
        if (result instanceof Accepted<Integer> accepted) {
            tell("written at " + accepted.version());
        } else if (result instanceof Conflict<Integer> conflict) {
            tell("somebody was faster: " + conflict.current().data());
        } else if (result instanceof Rejected<Integer> rejected) {
            tell("not taken: " + rejected.reason());
        } else if (result instanceof Unknown<Integer>) {
            tell("ask again, with the same proposal");
        }
        // end
        assertThat(told).hasSize(1).first().asString().startsWith("written at 2@");
    }

    private void tell(String what) {
        told.add(what);
    }

    @Test
    void aJournalKeepsTheCount() throws Exception {
        StateJournal<Integer> journal = new InMemoryJournal<>();
        // snippet: StoreJournalled
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("counter")
                .journal(journal, executor)
                .validator(n -> {
                    if (n < 0) {
                        throw new IllegalArgumentException("a counter is not negative");
                    }
                })
                .open(() -> 0);
        // end
        assertThat(store.set(7).toString()).isEqualTo("2");
        assertThat(store.propose(Proposal.of(null, -1)).toCompletableFuture().get(30, TimeUnit.SECONDS))
                .isEqualTo(new Rejected<>("a counter is not negative"));
        assertThat(RevisionedStore.<Integer>builder("counter")
                        .journal(journal, executor)
                        .open(() -> 0)
                        .get())
                .isEqualTo(7);
    }

    @Test
    void aRegistryHasOneStoreForEachTopic() throws Exception {
        // snippet: Registry
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<Integer> counter = registry.store("counter", () -> 0);
        StoreRegistry room = registry.under("room-7/");
        RevisionedStore<Integer> scores = room.store("scores", () -> 0);
        // end
        assertThat(scores.topic()).isEqualTo("room-7/scores");

        // snippet: RegistryReplay
        long lastSeen = registry.snapshot().lastEventId();
        counter.set(5);
        Replay replay = registry.events().after(lastSeen);
        if (replay instanceof Replay.Events missed) {
            for (StoreEvent event : missed.events()) {
                tell(event.topic() + " is at " + event.version().revision());
            }
        } else {
            tell("start over: " + registry.snapshot().states());
        }
        // end
        assertThat(told).containsExactly("counter is at 2");
    }
}
