package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.WritableBinding;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.ReplicaError;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.StateReplica;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** An engine, or a replica with its engine, over a client of its own; and what was heard from it. */
final class Follower implements AutoCloseable {
    /** What it reported. */
    static final class Heard implements ReplicaListener<String> {
        final List<SyncError> errors = new CopyOnWriteArrayList<>();
        final List<ReplicaError> replicaErrors = new CopyOnWriteArrayList<>();
        final List<Boolean> connections = new CopyOnWriteArrayList<>();

        @Override
        public void onError(SyncError error) {
            errors.add(error);
        }

        @Override
        public void onConnection(boolean connected) {
            connections.add(connected);
        }

        @Override
        public void onReplicaError(ReplicaError error) {
            replicaErrors.add(error);
        }

        void forget() {
            errors.clear();
            replicaErrors.clear();
            connections.clear();
        }

        /** The phases that the engine failed in. */
        List<SyncPhase> phases() {
            return errors.stream().map(SyncError::phase).distinct().toList();
        }
    }

    final HttpStateClient client;
    final RevisionSync<String> engine;
    final StateReplica<String> replica; // null for an engine alone
    final Heard heard;
    final CompletableFuture<Void> started;
    private final Supplier<String> state;

    private Follower(
            HttpStateClient client,
            RevisionSync<String> engine,
            StateReplica<String> replica,
            Heard heard,
            Supplier<String> state) {
        this.client = client;
        this.engine = engine;
        this.replica = replica;
        this.heard = heard;
        this.state = state;
        this.started = replica == null ? engine.start() : replica.start();
    }

    private static WritableBinding<String> binding(HttpStateClient client) {
        return client.topic(FaultySource.TOPIC, JacksonCodec.json(String.class));
    }

    static Follower engine(HttpStateClient client, Duration timeout, Backoff backoff) {
        Heard heard = new Heard();
        List<String> applied = new CopyOnWriteArrayList<>(List.of(""));
        RevisionSyncOptions.Builder<String> options = RevisionSyncOptions.<String>builder(FaultySource.TOPIC)
                .source(binding(client))
                .listener(heard)
                .applier(snapshot -> applied.set(0, snapshot.data()));
        RevisionSync<String> engine =
                StateSync.createRevisionSync(tuned(options, timeout, backoff).build());
        return new Follower(client, engine, null, heard, () -> applied.get(0));
    }

    static Follower replica(HttpStateClient client, Duration timeout, Backoff backoff) {
        Heard heard = new Heard();
        StateReplica<String> replica = StateReplica.<String>builder(FaultySource.TOPIC)
                .source(binding(client))
                .listener(heard)
                .sendBackoff(backoff)
                .proposalTimeout(timeout)
                .engine(options -> tuned(options, timeout, backoff))
                .build();
        return new Follower(client, replica.engine(), replica, heard, replica::get);
    }

    private static RevisionSyncOptions.Builder<String> tuned(
            RevisionSyncOptions.Builder<String> options, Duration timeout, Backoff backoff) {
        return options.pullTimeout(timeout)
                .subscribeTimeout(timeout.multipliedBy(3))
                .catchUp(backoff)
                .startup(Startup.KEEP_TRYING);
    }

    void assertAt(StateVersion version, String value) {
        assertThat(engine.localVersion()).isEqualTo(version);
        assertThat(state.get()).isEqualTo(value);
    }

    @Override
    public void close() {
        if (replica != null) {
            replica.close();
        }
        engine.close();
        client.close();
    }
}
