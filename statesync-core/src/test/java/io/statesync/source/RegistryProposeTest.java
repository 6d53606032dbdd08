package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.WriteResult.Unknown;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A proposal to a topic that may have no store. */
@Timeout(60)
class RegistryProposeTest {
    private static final StateVersion NONE = StateVersion.ofUnsigned(0, 0);
    private static final StateVersion FIRST = StateVersion.ofUnsigned(0, 1);

    private final InMemoryJournal<String> journal = new InMemoryJournal<>();
    private final StoreRegistry registry = withJournal(journal);

    private static StoreRegistry withJournal(StateJournal<String> journal) {
        return StoreRegistry.builder().journals(topic -> journal, Runnable::run).build();
    }

    private static WriteResult<String> propose(StoreRegistry registry, StateVersion base, String value, String id)
            throws Exception {
        return registry.propose("t", new Proposal<>(base, value, "me", id))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void makesTheStoreWithTheStateAtItsFirstVersion() throws Exception {
        long before = registry.events().lastId();
        assertThat(propose(registry, null, "a", null)).isEqualTo(new Accepted<>(FIRST));
        assertThat(registry.find("t").current().data()).isEqualTo("a");
        Replay.Events events = (Replay.Events) registry.events().after(before);
        assertThat(events.events()).singleElement().satisfies(event -> {
            assertThat(event.sourceId()).isEqualTo("me");
            assertThat(event.baseVersion()).isNull();
            assertThat(event.version()).isEqualTo(FIRST);
        });
    }

    @Test
    void aBaseOfRevisionZeroSaysThatThereIsNoStore() throws Exception {
        assertThat(propose(registry, NONE, "a", null)).isEqualTo(new Accepted<>(FIRST));
        assertThat(propose(registry, NONE, "b", null)).isEqualTo(new Conflict<>(SnapshotEnvelope.of(FIRST, "a")));
    }

    @Test
    void theRegistrysValidatorDecidesAboutStoresThatProposalsMake() throws Exception {
        StoreRegistry checked = StoreRegistry.builder()
                .validators(topic -> value -> {
                    if (value.equals("bad")) {
                        throw new IllegalArgumentException("bad for " + topic);
                    }
                })
                .build();
        assertThat(propose(checked, null, "bad", null)).isEqualTo(new Rejected<>("bad for t"));
        assertThat(checked.find("t")).isNull();
        assertThat(propose(checked, null, "good", null).isAccepted()).isTrue();
        assertThat(propose(checked, null, "bad", null)).isEqualTo(new Rejected<>("bad for t"));
        RevisionedStore<String> made = checked.store("u", () -> "x");
        assertThatThrownBy(() -> made.set("bad")).isInstanceOf(WriteRejectedException.class);
        RevisionedStore<String> own = checked.store("v", () -> "x", value -> {});
        assertThat(own.set("bad").revision()).isEqualTo(Revision.of(2));
    }

    @Test
    void anotherBaseIsOfNoStore() throws Exception {
        assertThat(propose(registry, FIRST, "a", null)).isInstanceOf(Rejected.class);
        assertThat(registry.find("t")).isNull();
        assertThatIllegalArgumentException().isThrownBy(() -> registry.propose(" ", Proposal.of(null, "a")));
    }

    @Test
    void theFirstProposalIsMadeOnceAlsoIfItIsAskedAgain() throws Exception {
        assertThat(propose(registry, NONE, "a", "p1")).isEqualTo(new Accepted<>(FIRST));
        assertThat(propose(registry, NONE, "a", "p1")).isEqualTo(new Accepted<>(FIRST));
        StoreRegistry restarted = withJournal(journal);
        assertThat(propose(restarted, NONE, "a", "p1")).isEqualTo(new Accepted<>(FIRST));
        assertThat(restarted.find("t").version()).isEqualTo(FIRST);
    }

    @Test
    void whatTheJournalHoldsIsThereAlready() throws Exception {
        assertThat(propose(registry, NONE, "a", null)).isEqualTo(new Accepted<>(FIRST));
        assertThat(propose(withJournal(journal), NONE, "b", null))
                .isEqualTo(new Conflict<>(SnapshotEnvelope.of(FIRST, "a")));
        assertThat(propose(withJournal(journal), null, "b", null))
                .isEqualTo(new Accepted<>(StateVersion.ofUnsigned(0, 2)));
    }

    @Test
    void aStoreThatItsJournalHasKeptIsOpenedAndDecides() throws Exception {
        assertThat(propose(registry, NONE, "a", null)).isEqualTo(new Accepted<>(FIRST));
        StoreRegistry restarted = withJournal(journal);
        assertThat(propose(restarted, FIRST, "b", null)).isEqualTo(new Accepted<>(StateVersion.ofUnsigned(0, 2)));
        assertThat(withJournal(journal)
                        .findKept("t")
                        .toCompletableFuture()
                        .join()
                        .version())
                .isEqualTo(StateVersion.ofUnsigned(0, 2));
        assertThat(StoreRegistry.create().findKept("t").toCompletableFuture().join())
                .isNull();
    }

    @Test
    void aJournalThatFailsLeavesItUnknownAndNoStore() throws Exception {
        StoreRegistry broken = withJournal(new StateJournal<>() {
            @Override
            public Entry<String> load() {
                return null;
            }

            @Override
            public void commit(StateVersion expected, SnapshotEnvelope<String> next, String proposalId) {
                throw new IllegalStateException("the disk is full");
            }
        });
        assertThat(propose(broken, null, "a", null)).isInstanceOf(Unknown.class);
        assertThat(broken.find("t")).isNull();
    }

    @Test
    void anExecutorThatRefusesFailsTheStage() {
        Executor refusing = task -> {
            throw new RejectedExecutionException("shut down");
        };
        StoreRegistry refused =
                StoreRegistry.builder().journals(topic -> journal, refusing).build();
        assertThat(refused.propose("t", Proposal.of(null, "a"))).isCompletedExceptionally();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void ofManyThatAskAtOnceOneMakesIt() throws Exception {
        int threads = 8;
        StoreRegistry shared = StoreRegistry.create();
        CountDownLatch ready = new CountDownLatch(threads);
        List<CompletableFuture<WriteResult<Integer>>> results = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int mine = i;
            CompletableFuture<WriteResult<Integer>> result = new CompletableFuture<>();
            results.add(result);
            new Thread(() -> {
                        ready.countDown();
                        awaitUninterruptibly(ready);
                        shared.propose("n", Proposal.of(NONE, mine))
                                .whenComplete((outcome, error) -> result.complete(outcome));
                    })
                    .start();
        }
        int accepted = 0;
        for (CompletableFuture<WriteResult<Integer>> result : results) {
            accepted += result.get(20, TimeUnit.SECONDS) instanceof Accepted ? 1 : 0;
        }
        assertThat(accepted).isEqualTo(1);
        assertThat(shared.find("n").version().revision()).isEqualTo(Revision.of(1));
    }
}
