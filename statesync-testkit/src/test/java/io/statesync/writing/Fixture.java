package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.WriteResult;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaError;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A store with the value 10, a link to it, and replicas, in virtual time and on the test's thread. */
class Fixture {
    static final Duration SEND_DELAY = Duration.ofMillis(100);
    static final Duration CONFLICT_DELAY = Duration.ofMillis(10);
    static final Duration PROPOSAL_TIMEOUT = Duration.ofSeconds(5);

    final VirtualTime time = new VirtualTime();
    final RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("counter")
            .deliverOn(StateSync.directExecutor())
            .validator(value -> {
                if (value < 0) {
                    throw new IllegalArgumentException("negative");
                }
            })
            .open(() -> 10);
    final Link<Integer> link = new Link<>(store);
    final Heard heard = new Heard();

    ReplicaBuilder<Integer> builder() {
        return StateReplica.<Integer>builder("counter")
                .source(link)
                .sendBackoff(Backoff.fixed(SEND_DELAY))
                .conflictBackoff(Backoff.fixed(CONFLICT_DELAY))
                .proposalTimeout(PROPOSAL_TIMEOUT)
                .listener(heard)
                .engine(engine ->
                        engine.executor(StateSync.directExecutor()).time(time).catchUp(Backoff.fixed(SEND_DELAY)));
    }

    StateReplica<Integer> started() {
        return started(builder());
    }

    StateReplica<Integer> started(ReplicaBuilder<Integer> builder) {
        StateReplica<Integer> replica = builder.build();
        assertThat(replica.start()).isCompleted();
        return replica;
    }

    /** Lets everything settle that needs no further help. */
    void settle() {
        time.advance(Duration.ofMinutes(1));
    }

    static void assertAccepted(CompletableFuture<WriteResult<Integer>> outcome, StateVersion version) {
        assertThat(outcome).isCompletedWithValue(new WriteResult.Accepted<>(version));
    }

    /** What a replica's listener hears of writes, as text. */
    static final class Heard implements ReplicaListener<Integer> {
        final List<String> events = new ArrayList<>();
        final List<ReplicaError> errors = new ArrayList<>();

        @Override
        public void onProposal(String proposalId, int attempt) {
            events.add("proposal " + attempt);
        }

        @Override
        public void onConflict(Integer local, SnapshotEnvelope<Integer> current) {
            events.add("conflict " + local + " with " + current.data());
        }

        @Override
        public void onOutcome(WriteResult<Integer> outcome, int writes) {
            events.add(outcome.getClass().getSimpleName() + " of " + writes);
        }

        @Override
        public void onReplicaError(ReplicaError error) {
            errors.add(error);
            events.add("error in " + error.phase());
        }

        @Override
        public void onConnection(boolean connected) {
            events.add(connected ? "connected" : "disconnected");
        }

        @Override
        public void onError(SyncError error) {
            events.add("engine error in " + error.phase());
        }

        List<ReplicaPhase> phases() {
            return errors.stream().map(ReplicaError::phase).toList();
        }
    }
}
