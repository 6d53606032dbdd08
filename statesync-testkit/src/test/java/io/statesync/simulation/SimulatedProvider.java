package io.statesync.simulation;

import io.statesync.NotModified;
import io.statesync.ProtocolException;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One engine's provider and cache: pulls fail, hang, come late, and are answered from the past. */
final class SimulatedProvider implements SnapshotProvider<String> {
    private static final long LONGEST_ANSWER = 40_000;

    private final World world;
    private final String name;
    private final SimulatedTransport transport;
    private PullRequest asking;

    SimulatedProvider(World world, String name, SimulatedTransport transport) {
        this.world = world;
        this.name = name;
        this.transport = transport;
    }

    /** Where an application keeps its last state. */
    CompletionStage<SnapshotEnvelope<String>> load(String topic) throws IOException {
        if (world.strikes(Fault.CACHE_FAILS, name)) {
            throw new IOException("the cache cannot be read");
        }
        if (world.strikes(Fault.CACHE_HANGS, name)) {
            return new CompletableFuture<>();
        }
        SnapshotEnvelope<String> cached = world.random().nextBoolean()
                ? world.source().snapshot(world.random().nextInt(5))
                : null;
        world.trace(name, "cache holds " + cached);
        return CompletableFuture.completedFuture(cached);
    }

    @Override
    public CompletionStage<PullResult<String>> getSnapshot(PullRequest request) throws IOException {
        if (asking != null && !asking.isCancelled()) {
            world.violated(name, "two pulls at a time");
        }
        asking = request;
        world.trace(name, "pulls");
        if (world.strikes(Fault.PULL_THROWS, name)) {
            asking = null;
            throw new IOException("pull refused");
        }
        CompletableFuture<PullResult<String>> answer = new CompletableFuture<>();
        if (!world.strikes(Fault.PULL_HANGS, name)) {
            boolean late = world.strikes(Fault.PULL_LATE, name);
            SnapshotEnvelope<String> early = world.random().nextBoolean() ? read() : null;
            world.later(
                    world.millis(late ? LONGEST_ANSWER : 20),
                    () -> answer(request, answer, early != null ? early : read()));
        }
        return answer;
    }

    /** What a node of the source answers: the state, or what it was. */
    private SnapshotEnvelope<String> read() {
        boolean lags = world.strikes(Fault.ANSWER_LAGS, name);
        if (lags) {
            transport.misled();
        }
        return world.source().snapshot(lags ? 1 + world.random().nextInt(6) : 0);
    }

    private void answer(
            PullRequest request, CompletableFuture<PullResult<String>> answer, SnapshotEnvelope<String> snapshot) {
        if (asking == request) {
            asking = null;
        }
        if (world.strikes(Fault.PULL_FAILS, name)) {
            answer.completeExceptionally(new IOException("pull failed"));
        } else if (world.strikes(Fault.ANSWER_MALFORMED, name)) {
            answer.completeExceptionally(new ProtocolException("malformed snapshot"));
        } else if (World.versionOf(snapshot).equals(request.heldVersion())
                && world.random().nextBoolean()) {
            world.trace(name, "answer: not modified at " + request.heldVersion());
            answer.complete(NotModified.instance());
        } else {
            world.trace(name, "answer: " + World.versionOf(snapshot));
            answer.complete(snapshot);
        }
    }
}
