package io.statesync.simulation;

import io.statesync.Backoff;
import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.SnapshotProvider;
import io.statesync.StateProposer;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaError;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.ReplicaMeta;
import io.statesync.replica.StateReplica;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A replica that also writes. Each write has a mark of its own, by which it is found in the states of the source. */
final class WritingReplica implements Member {
    private static final long LONGEST_WAY = 20_000;

    private static final Pattern MARK = Pattern.compile("<[^>]*>");

    private final World world;
    private final String name;
    private final SimulatedTransport transport;
    private final CountedTime time;
    private final StateReplica<String> replica;
    private final boolean resyncs;
    private final boolean optimistic;
    private final List<CompletableFuture<?>> futures = new ArrayList<>();
    private final List<Await> awaits = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private StateVersion highest;
    private int writes;
    private boolean stopped;

    private record Await(StateVersion version, CompletableFuture<Void> future) {}

    /** Both directions of its transport. */
    private record Binding(
            InvalidationSubscriber subscriber, SnapshotProvider<String> provider, StateProposer<String> proposer)
            implements WritableBinding<String> {}

    WritingReplica(World world, String name) {
        this.world = world;
        this.name = name;
        this.transport = new SimulatedTransport(world, name);
        SimulatedProvider provider = new SimulatedProvider(world, name, transport);
        this.time = new CountedTime(world.time());
        this.optimistic = world.random().nextInt(3) != 0;
        ReplicaBuilder<String> builder = StateReplica.<String>builder(World.TOPIC)
                .source(new Binding(transport, provider, this::propose))
                .sourceId(name)
                .proposalTimeout(millis(100, 20_000))
                .listener(new Hears());
        if (!optimistic) {
            builder.confirmed();
        }
        if (world.random().nextBoolean()) {
            builder.sendBackoff(Backoff.exponential(millis(1, 1_000), 2, millis(1_000, 20_000)));
        }
        switch (world.random().nextInt(3)) {
            case 0 -> builder.conflicts(ConflictPolicy.localWins());
            case 1 -> builder.conflicts(ConflictPolicy.merge(WritingReplica::merge));
            default -> {}
        }
        boolean[] resync = new boolean[1];
        this.replica = builder.engine(engine -> {
                    resync[0] = RandomOptions.draw(engine, world, provider::load);
                    engine.instance(name)
                            .executor(StateSync.directExecutor())
                            .time(time)
                            .shouldRefresh(event -> wants());
                })
                .build();
        this.resyncs = resync[0];
        world.trace(name, "starts, and writes" + (optimistic ? "" : " confirmed"));
    }

    /** The source's state with the marks of the other that it lacks. */
    private static String merge(String local, String server) {
        String lacking = MARK.matcher(local)
                .results()
                .map(MatchResult::group)
                .filter(mark -> !server.contains(mark))
                .collect(Collectors.joining());
        return server + lacking + (local.contains(SimulatedSource.REFUSED) ? SimulatedSource.REFUSED : "");
    }

    private Duration millis(int least, int most) {
        return Duration.ofMillis(world.random().nextInt(least, most + 1));
    }

    private boolean wants() {
        boolean unwanted = world.strikes(Fault.EVENT_REFUSED, name);
        if (unwanted) {
            transport.lost();
        }
        return !unwanted;
    }

    private final class Hears implements ReplicaListener<String> {
        @Override
        public void onError(SyncError error) {
            world.trace(name, "error " + error.phase() + " " + error.error());
            if (error.phase() == SyncPhase.REFRESH && !error.willRetry()) {
                transport.lost(); // given up, by contract K5: a new event or a reconnect has to come
            }
            throwSometimes();
        }

        @Override
        public void onReplicaError(ReplicaError error) {
            world.trace(name, "error " + error.phase() + " " + error.error());
            throwSometimes();
        }

        private void throwSometimes() {
            if (world.strikes(Fault.HOOK_THROWS, name)) {
                throw new IllegalStateException("hook");
            }
        }
    }

    // What its transport does

    private CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) throws NotSentException {
        world.trace(name, "proposes " + proposal.value() + " on " + proposal.base());
        boolean away = !transport.isConnected();
        if ((away && world.random().nextBoolean()) || world.strikes(Fault.PROPOSAL_NOT_SENT, name)) {
            throw new NotSentException("not sent", null);
        }
        CompletableFuture<WriteResult<String>> answer = new CompletableFuture<>();
        if (away || world.strikes(Fault.PROPOSAL_LOST, name)) {
            return answer;
        }
        boolean late = world.strikes(Fault.PROPOSAL_LATE, name);
        world.later(world.millis(late ? LONGEST_WAY : 20), () -> arrive(proposal, answer));
        if (world.strikes(Fault.PROPOSAL_TWICE, name)) {
            world.later(world.millis(LONGEST_WAY), () -> world.propose(proposal));
        }
        return answer;
    }

    private void arrive(Proposal<String> proposal, CompletableFuture<WriteResult<String>> answer) {
        WriteResult<String> result = world.propose(proposal);
        if (world.strikes(Fault.PROPOSAL_ANSWER_LOST, name)) {
            if (world.random().nextBoolean()) {
                answer.completeExceptionally(new IOException("the answer is lost"));
            }
            return;
        }
        boolean late = world.strikes(Fault.PROPOSAL_ANSWER_LATE, name);
        world.later(world.millis(late ? LONGEST_WAY : 20), () -> answer.complete(result));
    }

    // What the application does

    /** Writes, if it is not stopped. */
    void write() {
        if (stopped) {
            return;
        }
        String mark = "<" + name + "." + ++writes + ">";
        String value = world.random().nextInt(10) == 0 ? mark + SimulatedSource.REFUSED : mark;
        boolean sets = world.random().nextInt(3) == 0;
        world.trace(name, (sets ? "sets " : "updates by ") + value);
        CompletableFuture<WriteResult<String>> outcome =
                sets ? replica.set(value) : replica.update(state -> state + value);
        futures.add(outcome);
        var unused = outcome.whenComplete((result, error) -> ended(mark, result, error));
    }

    private void ended(String mark, WriteResult<String> result, Throwable error) {
        world.trace(name, "outcome of " + mark + ": " + (result == null ? error : result));
        if (result instanceof WriteResult.Accepted<String> accepted) {
            if (!world.source().isProposedBy(name, accepted.version())) {
                world.violated(name, "was told that " + mark + " is accepted, and it is not");
            }
        } else if (!(result instanceof WriteResult.Unknown)) {
            refused.add(mark);
        }
        if (!stopped && (error != null || result instanceof WriteResult.Unknown)) {
            world.violated(name, "has no outcome of " + mark + ": " + error);
        }
    }

    @Override
    public void start() {
        if (stopped) {
            return;
        }
        world.trace(name, "start");
        CompletableFuture<Void> start = replica.start();
        futures.add(start);
        var unused = start.whenComplete((done, failure) -> {
            world.trace(name, failure == null ? "started" : "start failed: " + failure);
            if (failure != null && !stopped) {
                world.later(1 + world.millis(5_000), this::start);
            }
        });
    }

    @Override
    public void refresh() {
        world.trace(name, "refresh");
        futures.add(replica.refresh());
    }

    @Override
    public void await() {
        StateVersion now = world.source().version();
        StateVersion version = world.random().nextBoolean()
                ? now
                : StateVersion.of(now.epoch(), now.revision().next());
        world.trace(name, "await " + version);
        CompletableFuture<Void> future = replica.awaitVersion(version);
        futures.add(future);
        awaits.add(new Await(version, future));
    }

    @Override
    public void cancelAwaits(boolean all) {
        for (Await await : awaits) {
            if (all || await.version.isNewerThan(world.source().version())) {
                world.trace(name, "cancels the await of " + await.version);
                await.future.cancel(false);
            }
        }
        awaits.clear();
    }

    @Override
    public void stop() {
        world.trace(name, "stop");
        stopped = true;
        replica.close();
    }

    // What must hold

    @Override
    public void checkAlways() {
        ReplicaMeta meta = replica.meta();
        StateVersion version = meta.version();
        if (highest != null && !highest.equals(version) && !version.isNewerThan(highest)) {
            world.violated(name, "went back from " + highest + " to " + version);
        }
        highest = version;
        boolean shows = !meta.dirty() || !optimistic;
        if (version != null && shows && !world.source().heldAt(version).equals(replica.get())) {
            world.violated(name, "at " + version + " with " + replica.get());
        }
    }

    @Override
    public boolean isSettled() {
        StateVersion version = world.source().version();
        return stopped
                || (version.equals(replica.meta().version())
                        && version.equals(replica.engine().localVersion())
                        && world.source().heldAt(version).equals(replica.get())
                        && !replica.meta().dirty()
                        && !replica.engine().status().behind()
                        && futures.stream().allMatch(CompletableFuture::isDone));
    }

    @Override
    public void checkIdle() {
        if (!stopped && !resyncs && time.pending() > 0) {
            world.violated(name, "is idle with timers: " + time.pending());
        }
        if (transport.open() != (stopped ? 0 : 1)) {
            world.violated(name, "has subscriptions: " + transport.open());
        }
        for (String mark : refused) {
            if (world.source().hasHeld(mark)) {
                world.violated(name, "was told that " + mark + " is not accepted, and it is");
            }
        }
    }

    @Override
    public void checkStopped() {
        if (time.pending() > 0) {
            world.violated(name, "is stopped with timers: " + time.pending());
        }
        if (transport.open() > 0) {
            world.violated(name, "is stopped with subscriptions: " + transport.open());
        }
        if (!futures.stream().allMatch(CompletableFuture::isDone)) {
            world.violated(name, "is stopped with futures that are not done");
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public SimulatedTransport transport() {
        return transport;
    }

    @Override
    public String toString() {
        return name + " " + replica.meta() + " " + replica.engine().status() + ", futures not done: "
                + futures.stream().filter(future -> !future.isDone()).count();
    }
}
