package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.NotSentException;
import io.statesync.StateSync;
import io.statesync.WriteResult;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.replica.WriteQueue;
import io.statesync.source.RevisionedStore;
import io.statesync.writing.Link.Fate;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Pending writes that are kept where they outlive the process. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class QueueTest extends Fixture {
    private final Disk disk = new Disk();

    /** A replica on the disk, which adds actions to the value. */
    private ReplicaBuilder<Integer> queued() {
        return builder().queue(disk).reducer(Integer.class, Integer::sum);
    }

    @Nested
    class Closing {
        @Test
        void whatIsPendingIsKeptForTheNextReplica() {
            StateReplica<Integer> first = started(queued());
            link.cut();
            CompletableFuture<WriteResult<Integer>> outcome = first.dispatch(1);
            first.close();
            assertThat(outcome.join()).isInstanceOf(WriteResult.Unknown.class);
            assertThat(disk.kept).hasSize(1);
            link.mend();
            StateReplica<Integer> second = started(queued());
            settle();
            assertThat(store.get()).isEqualTo(11);
            assertThat(second.get()).isEqualTo(11);
            assertThat(disk.kept).isEmpty();
        }

        @Test
        void whatWasProposedIsKeptWithItsProposal() {
            StateReplica<Integer> first = started(queued());
            link.hold();
            first.dispatch(1);
            first.close();
            assertThat(store.get()).isEqualTo(10);
            assertThat(disk.kept.get(0).proposal()).isEqualTo(link.proposals.get(0));
            link.fate(Fate.PASS);
            started(queued());
            settle();
            link.release();
            assertThat(store.get()).isEqualTo(11);
            assertThat(link.ids()).hasSize(2).containsOnly(link.ids().get(0));
        }

        @Test
        void savedSaysWhenWhatIsPendingIsKeptAlsoAfterTheClose() {
            Deque<Runnable> tasks = new ArrayDeque<>();
            boolean[] direct = {true};
            StateReplica<Integer> replica =
                    started(queued().engine(engine -> engine.time(time).executor(task -> {
                        if (direct[0]) {
                            task.run();
                        } else {
                            tasks.add(task);
                        }
                    })));
            link.cut();
            assertThat(replica.saved()).isCompleted();
            direct[0] = false;
            replica.dispatch(1);
            replica.close();
            CompletableFuture<Void> saved = replica.saved();
            assertThat(saved).isNotDone();
            assertThat(disk.kept).isEmpty();
            direct[0] = true;
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
            assertThat(saved).isCompleted();
            assertThat(disk.kept).hasSize(1);
        }

        @Test
        void savedFailsWithWhatFailedTheSaveAndMayBeAskedAgain() {
            StateReplica<Integer> replica = started(queued());
            link.cut();
            disk.failure = new IOException("full");
            replica.dispatch(1);
            replica.close();
            assertThatThrownBy(replica.saved()::join).hasCause(disk.failure);
            disk.failure = null;
            assertThat(replica.saved()).isCompleted();
            assertThat(disk.kept).hasSize(1);
        }

        @Test
        void savedIsCancelledIfTheReplicaIsClosedBeforeItHasReadTheQueue() {
            StateReplica<Integer> replica = queued().build();
            CompletableFuture<Void> before = replica.saved();
            assertThat(before).isNotDone();
            replica.close();
            assertThat(before).isCancelled();
            assertThat(replica.saved()).isCancelled();
        }

        @Test
        void beforeTheStartNothingThatIsKeptIsReplaced() {
            disk.kept = List.of(new QueuedWrite.Action<>(1, null));
            StateReplica<Integer> replica = queued().build();
            CompletableFuture<WriteResult<Integer>> outcome = replica.set(5);
            replica.close();
            assertThat(outcome).isCancelled();
            assertThat(disk.saves).isZero();
        }

        @Test
        void whileTheQueueIsReadNothingOfItIsSentOrLost() {
            disk.kept = List.of(new QueuedWrite.Action<>(1, null));
            Deque<Runnable> tasks = new ArrayDeque<>();
            StateReplica<Integer> replica = queued().engine(
                            engine -> engine.executor(tasks::add).time(time))
                    .build();
            CompletableFuture<Void> start = replica.start();
            replica.close();
            while (!tasks.isEmpty()) {
                tasks.poll().run();
            }
            settle();
            assertThat(start).isCompletedExceptionally();
            assertThat(link.proposals).isEmpty();
            assertThat(replica.meta().dirty()).isFalse();
            assertThat(disk.kept).hasSize(1);
        }
    }

    @Nested
    class Saving {
        @Test
        void aProposalIsSavedBeforeItIsSent() {
            List<QueuedWrite<Integer>> savedWhenAsked = new ArrayList<>();
            StateReplica<Integer> replica = started(queued().source(link, proposal -> {
                savedWhenAsked.addAll(disk.kept);
                return link.proposer().propose(proposal);
            }));
            replica.dispatch(1);
            assertThat(savedWhenAsked).hasSize(1);
            assertThat(savedWhenAsked.get(0).proposal()).isEqualTo(link.proposals.get(0));
            assertThat(disk.kept).isEmpty();
        }

        @Test
        void aFunctionIsRefusedWithTheAlternatives() {
            StateReplica<Integer> replica = started(queued());
            assertThatThrownBy(() -> replica.update(n -> n + 1))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("dispatch")
                    .hasMessageContaining("set");
            assertThat(replica.get()).isEqualTo(10);
        }

        @Test
        void aWriteThatEqualsWhatIsKeptIsSavedAllTheSame() {
            record Entity(int id, String name) {
                @Override
                public boolean equals(Object other) {
                    return other instanceof Entity entity && entity.id == id;
                }

                @Override
                public int hashCode() {
                    return id;
                }
            }
            RevisionedStore<Entity> entities = RevisionedStore.<Entity>builder("entity")
                    .deliverOn(StateSync.directExecutor())
                    .open(() -> new Entity(1, "a"));
            List<QueuedWrite<Entity>> kept = new ArrayList<>();
            StateReplica<Entity> replica = StateReplica.<Entity>builder("entity")
                    .source(entities, proposal -> {
                        throw new NotSentException("away", null);
                    })
                    .queue(new WriteQueue<>() {
                        @Override
                        public List<QueuedWrite<Entity>> load() {
                            return List.of();
                        }

                        @Override
                        public void save(List<QueuedWrite<Entity>> writes) {
                            kept.clear();
                            kept.addAll(writes);
                        }
                    })
                    .engine(engine ->
                            engine.executor(StateSync.directExecutor()).time(time))
                    .build();
            assertThat(replica.start()).isCompleted();
            replica.set(new Entity(1, "b"));
            replica.set(new Entity(1, "c"));
            assertThat(((QueuedWrite.Value<Entity>) kept.get(0)).value().name()).isEqualTo("c");
            replica.close();
        }

        @Test
        void whatCannotBeSavedIsNotSentUntilItCan() {
            StateReplica<Integer> replica = started(queued());
            disk.failure = new IOException("disk full");
            CompletableFuture<WriteResult<Integer>> outcome = replica.dispatch(1);
            time.advance(SEND_DELAY);
            assertThat(link.proposals).isEmpty();
            assertThat(replica.get()).isEqualTo(11);
            assertThat(heard.phases()).containsOnly(ReplicaPhase.QUEUE);
            assertThat(replica.meta().error()).hasMessage("disk full");
            disk.failure = null;
            settle();
            assertAccepted(outcome, store.version());
            assertThat(replica.meta().error()).isNull();
            assertThat(disk.kept).isEmpty();
        }

        @Test
        void aSaveThatFailsBeforeACrashMakesNoWriteTwice() {
            StateReplica<Integer> replica = started(queued());
            link.cut();
            replica.dispatch(1);
            disk.failure = new IOException("disk full");
            link.mend();
            settle();
            List<QueuedWrite<Integer>> left = disk.kept;
            replica.close();
            disk.failure = null;
            disk.kept = left;
            StateReplica<Integer> next = queued().build();
            assertThat(next.start()).isCompleted();
            settle();
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void anActionThatThrowsOnTheInitialValueWaitsForTheSourcesState() {
            disk.kept = List.of(new QueuedWrite.Action<>(3, null));
            StateReplica<Integer> replica = builder()
                    .queue(disk)
                    .initialValue(0)
                    .reducer(Integer.class, (stock, taken) -> {
                        if (stock < taken) {
                            throw new IllegalStateException("not enough");
                        }
                        return stock - taken;
                    })
                    .build();
            assertThat(replica.start()).isCompleted();
            settle();
            assertThat(store.get()).isEqualTo(7);
            assertThat(disk.kept).isEmpty();
        }

        @Test
        void aLoadThatFailsKeepsTheReplicaFromStartingUntilItSucceeds() {
            disk.kept = List.of(new QueuedWrite.Action<>(1, null));
            disk.failure = new IOException("unreadable");
            StateReplica<Integer> replica = queued().build();
            CompletableFuture<WriteResult<Integer>> outcome = replica.dispatch(2);
            assertThatThrownBy(() -> replica.start().join())
                    .hasStackTraceContaining("unreadable")
                    .hasStackTraceContaining("counter");
            assertThat(disk.saves).isZero();
            assertThat(link.proposals).isEmpty();
            disk.failure = null;
            assertThat(replica.start()).isCompleted();
            settle();
            assertAccepted(outcome, store.version());
            assertThat(store.get()).isEqualTo(13);
        }

        @Test
        void startingTwiceReadsTheQueueOnce() {
            disk.kept = List.of(new QueuedWrite.Action<>(1, null));
            Deque<Runnable> tasks = new ArrayDeque<>();
            StateReplica<Integer> replica = queued().engine(
                            engine -> engine.executor(tasks::add).time(time))
                    .build();
            CompletableFuture<Void> first = replica.start();
            CompletableFuture<Void> second = replica.start();
            while (!tasks.isEmpty()) {
                tasks.poll().run();
            }
            assertThat(first).isCompleted();
            assertThat(second).isCompleted();
            assertThat(disk.loads).isEqualTo(1);
            time.advance(SEND_DELAY);
            while (!tasks.isEmpty()) {
                tasks.poll().run();
            }
            assertThat(store.get()).isEqualTo(11);
        }

        @Test
        void anExecutorThatRefusesFailsTheStart() {
            StateReplica<Integer> replica = queued().engine(
                            engine -> engine.time(time).executor(task -> {
                                throw new RejectedExecutionException("full");
                            }))
                    .build();
            assertThat(replica.start()).isCompletedExceptionally();
        }

        @Test
        void nothingIsSavedWhenNothingChanged() {
            StateReplica<Integer> replica = started(queued());
            assertThat(disk.saves).isZero();
            store.set(20);
            replica.refresh();
            assertThat(disk.saves).isZero();
        }
    }
}
