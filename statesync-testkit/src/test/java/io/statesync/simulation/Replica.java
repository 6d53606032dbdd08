package io.statesync.simulation;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One engine with its provider, its applier and its state, watched for what must never happen. */
final class Replica implements Member {
    private static final long LONGEST_APPLY = 5_000;

    private final World world;
    private final String name;
    private final SimulatedTransport transport;
    private final CountedTime time;
    private final RevisionSync<String> sync;
    private final boolean resyncs;
    private final List<CompletableFuture<Void>> futures = new ArrayList<>();
    private final List<Await> awaits = new ArrayList<>();
    private SnapshotEnvelope<String> applying;
    private String state;
    private StateVersion highest;
    private boolean stopped;

    private record Await(StateVersion version, CompletableFuture<Void> future) {}

    Replica(World world, String name) {
        this.world = world;
        this.name = name;
        this.transport = new SimulatedTransport(world, name);
        SimulatedProvider provider = new SimulatedProvider(world, name, transport);
        this.time = new CountedTime(world.time());
        RevisionSyncOptions.Builder<String> builder = RevisionSyncOptions.<String>builder(World.TOPIC)
                .instance(name)
                .subscriber(transport)
                .provider(provider)
                .asyncApplier(this::apply)
                .shouldRefresh(event -> wants())
                .onError(this::hear)
                .executor(StateSync.directExecutor())
                .time(time);
        this.resyncs = RandomOptions.draw(builder, world, provider::load);
        RevisionSyncOptions<String> options = builder.build();
        world.trace(
                name,
                "starts with " + options.startup() + ", " + options.throttling() + ", spread " + options.pullSpread()
                        + ", retry " + options.retry() + ", catch-up " + options.catchUp() + ", give up after "
                        + options.giveUpAfter() + ", time-out " + options.pullTimeout() + ", resync "
                        + options.resyncInterval() + (options.cache() == null ? "" : ", a cache"));
        this.sync = StateSync.createRevisionSync(options);
    }

    private boolean wants() {
        boolean refused = world.strikes(Fault.EVENT_REFUSED, name);
        if (refused) {
            transport.lost();
        }
        return !refused;
    }

    private void hear(SyncError error) {
        world.trace(name, "error " + error.phase() + " " + error.error());
        if (error.phase() == SyncPhase.REFRESH && !error.willRetry()) {
            transport.lost(); // given up, by contract K5: a new event or a reconnect has to come
        }
        if (world.strikes(Fault.HOOK_THROWS, name)) {
            throw new IllegalStateException("hook");
        }
    }

    @Override
    public SimulatedTransport transport() {
        return transport;
    }

    // What the application does

    /** Starts the engine, and again after a while whenever that failed. */
    @Override
    public void start() {
        if (stopped) {
            return;
        }
        world.trace(name, "start");
        var unused = track(sync.start()).whenComplete((done, failure) -> {
            world.trace(name, failure == null ? "started" : "start failed: " + failure);
            if (failure != null && !stopped) {
                world.later(1 + world.millis(5_000), this::start);
            }
        });
    }

    @Override
    public void refresh() {
        world.trace(name, "refresh");
        futures.add(sync.refresh());
    }

    /** Awaits what the source has now, or the next write, which need not come. */
    @Override
    public void await() {
        StateVersion now = world.source().version();
        StateVersion version = world.random().nextBoolean()
                ? now
                : StateVersion.of(now.epoch(), now.revision().next());
        world.trace(name, "await " + version);
        CompletableFuture<Void> future = track(sync.awaitVersion(version));
        awaits.add(new Await(version, future));
    }

    /** Cancels awaits: all, or those of writes that never came. */
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
        sync.stop();
    }

    private CompletableFuture<Void> track(CompletableFuture<Void> future) {
        futures.add(future);
        return future;
    }

    // What the engine asks for

    private CompletionStage<?> apply(SnapshotEnvelope<String> snapshot) throws IOException {
        StateVersion version = World.versionOf(snapshot);
        world.trace(name, "applies " + version);
        checkApply(snapshot, version);
        boolean fails = world.strikes(Fault.APPLY_FAILS, name);
        if (!world.strikes(Fault.APPLY_SLOW, name)) {
            if (fails) {
                throw new IOException("apply failed");
            }
            state = snapshot.data();
            return CompletableFuture.completedFuture(null);
        }
        applying = snapshot;
        CompletableFuture<Void> done = new CompletableFuture<>();
        world.later(world.millis(LONGEST_APPLY), () -> applied(snapshot, fails, done));
        return done;
    }

    private void applied(SnapshotEnvelope<String> snapshot, boolean fails, CompletableFuture<Void> done) {
        applying = null;
        if (fails) {
            done.completeExceptionally(new IOException("apply failed"));
            return;
        }
        if (!stopped) {
            state = snapshot.data();
        }
        world.trace(name, "applied " + World.versionOf(snapshot));
        done.complete(null);
    }

    private void checkApply(SnapshotEnvelope<String> snapshot, StateVersion version) {
        if (applying != null) {
            world.violated(name, "applies overlap: " + version + " during " + applying);
        }
        if (stopped) {
            world.violated(name, "an apply after stop: " + version);
        }
        if (!version.isNewerThan(sync.localVersion())) {
            world.violated(name, "applies " + version + " at " + sync.localVersion());
        }
        if (!snapshot.data().equals(world.source().heldAt(version))) {
            world.violated(name, "applies at " + version + " what the source did not hold: " + snapshot.data());
        }
    }

    // What must hold

    /** While it runs: the version never goes back, and the state is what the source had at it. */
    @Override
    public void checkAlways() {
        StateVersion local = sync.localVersion();
        if (highest != null && !highest.equals(local) && !local.isNewerThan(highest)) {
            world.violated(name, "went back from " + highest + " to " + local);
        }
        highest = local;
        if (local != null
                && applying == null
                && !stopped
                && !world.source().heldAt(local).equals(state)) {
            world.violated(name, "at " + local + " with " + state);
        }
    }

    /** Whether it has what the source has, knows it, and nobody waits. */
    @Override
    public boolean isSettled() {
        return stopped
                || (world.source().version().equals(sync.localVersion())
                        && world.source().heldAt(world.source().version()).equals(state)
                        && !sync.status().behind()
                        && futures.stream().allMatch(CompletableFuture::isDone));
    }

    /** Long after: an idle engine owns no timer but that of a resync. */
    @Override
    public void checkIdle() {
        if (!stopped && !resyncs && time.pending() > 0) {
            world.violated(name, "is idle with timers: " + time.pending());
        }
        if (transport.open() != (stopped ? 0 : 1)) {
            world.violated(name, "has subscriptions: " + transport.open());
        }
    }

    /** After stop: nothing is left. */
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
    public String toString() {
        return name + " " + sync.status() + " with " + state + ", futures not done: "
                + futures.stream().filter(future -> !future.isDone()).count();
    }
}
