package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.docs.WireProposer.Reply;
import io.statesync.docs.WireProposer.Request;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The proposer of docs/WRITING-A-TRANSPORT.md, on a wire to a store. */
class WireProposerTest {
    private final RevisionedStore<Settings> store = RevisionedStore.<Settings>builder("settings")
            .deliverOn(StateSync.directExecutor())
            .validator(settings -> {
                if (settings.theme().isBlank()) {
                    throw new IllegalArgumentException("a theme has a name");
                }
            })
            .open(() -> new Settings("light"));
    private final AtomicBoolean away = new AtomicBoolean();
    private final VirtualTime time = new VirtualTime();
    private final StateReplica<Settings> replica = StateReplica.<Settings>builder("settings")
            .source(store, new WireProposer(this::send)::propose)
            .engine(engine -> engine.executor(StateSync.directExecutor()).time(time))
            .build();

    private CompletableFuture<Reply> send(Request request) throws IOException {
        if (away.get()) {
            throw new IOException("away");
        }
        StateVersion base =
                StateVersion.of(Revision.parse(request.baseEpoch()), Revision.parse(request.baseRevision()));
        return store.propose(
                        new Proposal<>(base, new Settings(request.data()), request.sourceId(), request.proposalId()))
                .thenApply(WireProposerTest::reply)
                .toCompletableFuture();
    }

    private static Reply reply(WriteResult<Settings> result) {
        if (result instanceof WriteResult.Accepted<Settings> accepted) {
            StateVersion version = accepted.version();
            return new Reply(
                    "accepted", version.epoch().toString(), version.revision().toString(), null, null);
        }
        if (result instanceof WriteResult.Conflict<Settings> conflict) {
            return new Reply(
                    "conflict",
                    conflict.current().epoch().toString(),
                    conflict.current().revision().toString(),
                    conflict.current().data().theme(),
                    null);
        }
        return new Reply("rejected", null, null, null, ((WriteResult.Rejected<Settings>) result).reason());
    }

    @Test
    void aReplicaWritesOverTheWire() {
        replica.start().join();
        assertThat(replica.set(new Settings("dark"))).isCompletedWithValue(new WriteResult.Accepted<>(store.version()));
        assertThat(replica.set(new Settings(" ")))
                .isCompletedWithValue(new WriteResult.Rejected<>("a theme has a name"));
        StateVersion old = store.version();
        store.set(new Settings("blue"));
        assertThat(replica.set(new Settings("red"), old))
                .isCompletedWithValueMatching(result -> result instanceof WriteResult.Conflict<Settings> conflict
                        && conflict.current().data().theme().equals("blue"));
    }

    @Test
    void whatIsNotSentIsSentLater() {
        replica.start().join();
        away.set(true);
        CompletableFuture<WriteResult<Settings>> outcome = replica.set(new Settings("dark"));
        assertThat(outcome).isNotDone();
        away.set(false);
        time.advance(Duration.ofMinutes(1));
        assertThat(outcome).isCompletedWithValue(new WriteResult.Accepted<>(store.version()));
    }
}
