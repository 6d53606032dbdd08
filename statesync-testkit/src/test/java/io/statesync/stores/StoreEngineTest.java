package io.statesync.stores;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.RecordingApplier;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Engines over a store: in one JVM it is the whole transport. */
@Timeout(120)
class StoreEngineTest {

    private static RevisionSync<Integer> follow(RevisionedStore<Integer> store, List<Integer> applied) {
        return StateSync.createRevisionSync(RevisionSyncOptions.<Integer>builder(store.topic())
                .source(store)
                .applier(snapshot -> applied.add(snapshot.data()))
                .executor(StateSync.directExecutor())
                .build());
    }

    @Test
    void anEngineFollowsEachWrite() throws Exception {
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .deliverOn(Runnable::run)
                .open(() -> 1);
        List<Integer> applied = new ArrayList<>();
        try (RevisionSync<Integer> engine = follow(store, applied)) {
            engine.start().get(30, TimeUnit.SECONDS);
            store.set(2);
            StateVersion last = store.update(value -> value + 1);
            assertThat(applied).containsExactly(1, 2, 3);
            assertThat(engine.localVersion()).isEqualTo(last);
            assertThat(engine.awaitVersion(last)).isDone();
            store.close();
            assertThat(engine.status().connected()).isFalse();
        }
    }

    @Test
    void anEngineOnItsOwnThreadsEndsAtTheLastOfManyWrites() throws Exception {
        RevisionedStore<Integer> store = RevisionedStore.of("count", 0);
        RecordingApplier<Integer> applier = new RecordingApplier<>();
        try (RevisionSync<Integer> engine = StateSync.createRevisionSync(RevisionSyncOptions.<Integer>builder("count")
                .source(store)
                .applier(applier)
                .build())) {
            engine.start().get(30, TimeUnit.SECONDS);
            StateVersion last = store.version();
            for (int n = 1; n <= 1_000; n++) {
                last = store.set(n);
            }
            StateVersion end = last;
            await().atMost(30, TimeUnit.SECONDS).until(() -> end.equals(engine.localVersion()));
        }
    }

    @Test
    void anEngineFollowsAcrossARestartOfAStoreWithoutAJournal() throws Exception {
        List<Integer> applied = new ArrayList<>();
        RevisionedStore<Integer> before = RevisionedStore.of("count", 1);
        before.set(2);
        before.set(3);
        RevisionedStore<Integer> after = RevisionedStore.of("count", 1);
        assertThat(after.version()).isGreaterThan(before.version());
        try (RevisionSync<Integer> engine = follow(after, applied)) {
            engine.start().get(30, TimeUnit.SECONDS);
            assertThat(applied).containsExactly(1);
        }
    }

    @Test
    void anEngineThatHoldsTheVersionOfAJournalledStoreIsCurrentAfterItsRestart() throws Exception {
        InMemoryJournal<Integer> journal = new InMemoryJournal<>();
        RevisionedStore<Integer> before = RevisionedStore.<Integer>builder("count")
                .journal(journal, Runnable::run)
                .open(() -> 1);
        StateVersion written = before.set(2);
        RevisionedStore<Integer> after = RevisionedStore.<Integer>builder("count")
                .journal(journal, Runnable::run)
                .open(() -> 1);
        assertThat(after.version()).isEqualTo(written);
        List<Integer> applied = new ArrayList<>();
        try (RevisionSync<Integer> engine = follow(after, applied)) {
            engine.start().get(30, TimeUnit.SECONDS);
            assertThat(applied).containsExactly(2);
        }
    }
}
