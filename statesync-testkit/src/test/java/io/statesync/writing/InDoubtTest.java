package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.writing.Link.Fate;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** Writes of which it is not known whether the source took them. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class InDoubtTest extends Fixture {
    @Test
    void aLostProposalIsAskedAgainUnderTheSameId() {
        StateReplica<Integer> replica = started();
        link.fate(Fate.LOST);
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        link.fate(Fate.PASS);
        time.advance(SEND_DELAY);
        assertAccepted(outcome, store.version());
        assertThat(store.get()).isEqualTo(11);
        assertThat(link.ids()).hasSize(2);
        assertThat(link.ids().get(1)).isEqualTo(link.ids().get(0));
        assertThat(heard.events).containsSubsequence("proposal 1", "error in PROPOSE", "proposal 2");
    }

    @Test
    void aWriteWhoseAnswerWasLostIsNotWrittenTwice() {
        StateReplica<Integer> replica = started();
        link.fate(Fate.ANSWER_LOST);
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        StateVersion written = store.version();
        store.update(n -> n + 100);
        time.advance(SEND_DELAY);
        link.fate(Fate.PASS);
        time.advance(SEND_DELAY);
        assertAccepted(outcome, written);
        assertThat(store.get()).isEqualTo(111);
        assertThat(replica.get()).isEqualTo(111);
        assertThat(link.ids()).hasSize(3).containsOnly(link.ids().get(0));
    }

    @Test
    void anAnswerThatNeverComesTimesOutAndIsAskedForAgain() {
        StateReplica<Integer> replica = started();
        link.fate(Fate.SILENT);
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        link.fate(Fate.PASS);
        time.advance(PROPOSAL_TIMEOUT);
        assertThat(heard.errors.get(0).error()).isInstanceOf(TimeoutException.class);
        assertThat(outcome).isNotDone();
        time.advance(SEND_DELAY);
        assertAccepted(outcome, store.version());
        assertThat(store.get()).isEqualTo(11);
        assertThat(time.pending()).isZero();
    }

    @Test
    void theAnswerToAnEarlierAttemptCountsWhileTheNextOneWaits() {
        StateReplica<Integer> replica = started();
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        time.advance(PROPOSAL_TIMEOUT);
        link.release();
        assertAccepted(outcome, store.version());
        assertThat(time.pending()).isZero();
        settle();
        assertThat(link.proposals).hasSize(1);
        assertThat(store.get()).isEqualTo(11);
    }

    @Test
    void theAnswerToAnEarlierAttemptCountsWhileTheNextOneIsUnderWay() {
        StateReplica<Integer> replica = started();
        link.hold();
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        time.advance(PROPOSAL_TIMEOUT);
        time.advance(SEND_DELAY);
        assertThat(link.proposals).hasSize(2);
        link.release();
        assertAccepted(outcome, store.version());
        assertThat(store.get()).isEqualTo(11);
        assertThat(replica.get()).isEqualTo(11);
        assertThat(heard.events).filteredOn("Accepted of 1"::equals).hasSize(1);
        assertThat(time.pending()).isZero();
    }

    @Test
    void aLateFailureOfAnEarlierAttemptChangesNothing() {
        List<CompletableFuture<WriteResult<Integer>>> answers = new ArrayList<>();
        StateReplica<Integer> replica = started(builder().source(link, proposal -> {
            answers.add(new CompletableFuture<>());
            return answers.get(answers.size() - 1);
        }));
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        time.advance(PROPOSAL_TIMEOUT);
        time.advance(SEND_DELAY);
        answers.get(0).completeExceptionally(new IOException("late"));
        assertThat(heard.errors).hasSize(1);
        answers.get(1).complete(new WriteResult.Accepted<>(store.version()));
        assertAccepted(outcome, store.version());
    }

    @Test
    void aLateFailureOfAnEarlierAttemptDoesNotEndTheOneThatIsAboutToBeAsked() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        List<CompletableFuture<WriteResult<Integer>>> answers = new ArrayList<>();
        StateReplica<Integer> replica = builder()
                .source(link, proposal -> {
                    answers.add(new CompletableFuture<>());
                    return answers.get(answers.size() - 1);
                })
                .engine(engine -> engine.executor(tasks::add).time(time))
                .build();
        replica.start();
        drain(tasks);
        replica.set(11);
        drain(tasks);
        time.advance(PROPOSAL_TIMEOUT);
        drain(tasks);
        time.advance(SEND_DELAY);
        tasks.poll().run();
        answers.get(0).completeExceptionally(new IOException("late"));
        tasks.pollLast().run();
        drain(tasks);
        assertThat(heard.errors).hasSize(1);
        assertThat(answers).hasSize(2);
        assertThat(time.pending()).isEqualTo(1);
    }

    private void drain(Deque<Runnable> tasks) {
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
    }

    @Test
    void aStageThatRefusesToBeListenedToIsAskedAgain() {
        List<CompletionStage<WriteResult<Integer>>> answers = new ArrayList<>();
        answers.add(new CompletableFuture<>() {
            @Override
            public CompletableFuture<WriteResult<Integer>> whenComplete(
                    BiConsumer<? super WriteResult<Integer>, ? super Throwable> action) {
                throw new UnsupportedOperationException("whenComplete");
            }
        });
        StateReplica<Integer> replica = started(builder()
                .source(link, proposal -> answers.isEmpty() ? link.proposer().propose(proposal) : answers.remove(0)));
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        time.advance(SEND_DELAY);
        assertAccepted(outcome, store.version());
        assertThat(heard.errors.get(0).error()).hasMessage("whenComplete");
    }

    @Test
    void notSentAfterADoubtfulAttemptKeepsTheId() {
        StateReplica<Integer> replica = started();
        link.fate(Fate.ANSWER_LOST);
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        link.fate(Fate.NOT_SENT);
        time.advance(SEND_DELAY);
        link.fate(Fate.PASS);
        time.advance(SEND_DELAY);
        assertThat(link.ids()).hasSize(3).containsOnly(link.ids().get(0));
        assertThat(store.get()).isEqualTo(11);
        assertThat(outcome.join().isAccepted()).isTrue();
    }

    @Test
    void itIsAskedAgainAtOnceWhenTheConnectionIsBack() {
        StateReplica<Integer> replica = started();
        link.fate(Fate.ANSWER_LOST);
        CompletableFuture<WriteResult<Integer>> outcome = replica.update(n -> n + 1);
        link.fate(Fate.PASS);
        link.cut();
        link.mend();
        assertAccepted(outcome, store.version());
    }

    @Test
    void anUnknownResultWithOrWithoutACauseIsAskedAgain() {
        List<WriteResult<Integer>> answers = new ArrayList<>(List.of(
                new WriteResult.Unknown<>(new IOException("unknown")),
                new WriteResult.Unknown<>(null),
                new WriteResult.Accepted<>(store.version())));
        StateReplica<Integer> replica =
                started(builder().source(link, proposal -> CompletableFuture.completedFuture(answers.remove(0))));
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        time.advance(SEND_DELAY);
        time.advance(SEND_DELAY);
        assertAccepted(outcome, store.version());
        assertThat(heard.phases()).containsExactly(ReplicaPhase.PROPOSE, ReplicaPhase.PROPOSE);
    }

    @Test
    void aProposerThatThrowsOrAnswersNothingIsAskedAgain() {
        List<Integer> calls = new ArrayList<>();
        StateReplica<Integer> replica = started(builder().source(link, proposal -> {
            calls.add(calls.size());
            return switch (calls.size()) {
                case 1 -> throw new IOException("thrown");
                case 2 -> null;
                case 3 -> CompletableFuture.completedFuture(null);
                default -> link.proposer().propose(proposal);
            };
        }));
        CompletableFuture<WriteResult<Integer>> outcome = replica.set(11);
        settle();
        assertThat(calls).hasSize(4);
        assertAccepted(outcome, store.version());
    }

    @Test
    void writesMadeMeanwhileFollowInTheirOrder() {
        StateReplica<Integer> replica = started();
        link.fate(Fate.ANSWER_LOST);
        CompletableFuture<WriteResult<Integer>> first = replica.set(11);
        CompletableFuture<WriteResult<Integer>> second = replica.set(12);
        CompletableFuture<WriteResult<Integer>> third = replica.update(n -> n + 1);
        link.fate(Fate.PASS);
        time.advance(SEND_DELAY);
        assertThat(link.values()).containsExactly(11, 11, 13);
        assertThat(first.join().isAccepted()).isTrue();
        assertAccepted(second, store.version());
        assertAccepted(third, store.version());
        assertThat(heard.events).noneMatch(event -> event.startsWith("conflict"));
    }
}
