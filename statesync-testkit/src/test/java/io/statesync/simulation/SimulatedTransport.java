package io.statesync.simulation;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One engine's transport: it drops, repeats, delays and reorders what the source says, and loses its connection. */
final class SimulatedTransport implements InvalidationSubscriber {
    private static final long LONGEST_DELAY = 3_000;
    private static final long LONGEST_HANG = 60_000;

    private final World world;
    private final String name;
    private final List<Line> lines = new ArrayList<>();
    private boolean connected = true;
    private boolean misled;
    private int era;

    SimulatedTransport(World world, String name) {
        this.world = world;
        this.name = name;
    }

    /** A subscription: opened when its stage completes, although events may come earlier. */
    private static final class Line {
        final InvalidationHandler handler;
        StateVersion told;
        boolean opened;
        boolean closed;

        Line(InvalidationHandler handler) {
            this.handler = handler;
        }
    }

    @Override
    public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
        if (world.strikes(Fault.SUBSCRIBE_FAILS, name)) {
            if (world.random().nextBoolean()) {
                throw new IOException("subscribe refused");
            }
            CompletableFuture<Subscription> failed = new CompletableFuture<>();
            world.later(world.millis(500), () -> failed.completeExceptionally(new IOException("subscribe failed")));
            return failed;
        }
        Line line = new Line(handler);
        lines.add(line);
        CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
        long delay = world.strikes(Fault.SUBSCRIBE_HANGS, name) ? world.millis(LONGEST_HANG) : world.millis(20);
        world.later(delay, () -> open(line, subscribed));
        return subscribed;
    }

    /** Opens a line; the engine may have given it up, and must close it then. */
    private void open(Line line, CompletableFuture<Subscription> subscribed) {
        line.opened = true;
        world.trace(name, "subscribed");
        subscribed.complete(() -> {
            world.trace(name, "unsubscribed");
            if (line.closed) {
                world.violated(name, "a subscription was closed twice");
            }
            line.closed = true;
        });
        if (subscribed.isCancelled()) {
            line.closed = true;
        }
    }

    boolean isConnected() {
        return connected;
    }

    /** How many subscriptions are open. */
    long open() {
        return lines.stream().filter(line -> line.opened && !line.closed).count();
    }

    /** The source says that it is at a version. */
    void publish(StateVersion version, SnapshotEnvelope<String> snapshot) {
        for (Line line : List.copyOf(lines)) {
            if (!connected || line.closed) {
                continue;
            }
            if (world.strikes(Fault.EVENT_DROPPED, name)) {
                line.told = null;
                continue;
            }
            line.told = version;
            int copies = world.strikes(Fault.EVENT_DUPLICATED, name) ? 2 : 1;
            for (int i = 0; i < copies; i++) {
                long delay = world.strikes(Fault.EVENT_DELAYED, name) ? world.millis(LONGEST_DELAY) : 0;
                int sent = era;
                world.later(delay, () -> {
                    if (sent == era) {
                        deliver(line, version, snapshot);
                    }
                });
            }
        }
    }

    private void deliver(Line line, StateVersion version, SnapshotEnvelope<String> snapshot) {
        if (line.closed) {
            world.weather().count(Fault.EVENT_AFTER_CLOSE);
        }
        if (world.strikes(Fault.SNAPSHOT_PUSHED, name)) {
            world.trace(name, "hears snapshot " + version);
            line.handler.snapshot(snapshot);
        } else if (world.strikes(Fault.EVENT_UNREADABLE, name)) {
            lost();
            unreadable(line.handler);
        } else {
            world.trace(name, "hears event " + version);
            event(line.handler, version);
        }
    }

    private void event(InvalidationHandler handler, StateVersion version) {
        boolean epochs = world.source().hasEpochs();
        if (world.random().nextBoolean()) {
            handler.event(
                    World.TOPIC,
                    version.revision().toString(),
                    epochs ? version.epoch().toString() : null);
        } else {
            handler.event(new InvalidationEvent(
                    World.TOPIC, version.revision(), epochs ? version.epoch() : null, "source", null));
        }
    }

    private void unreadable(InvalidationHandler handler) {
        switch (world.random().nextInt(5)) {
            case 0 -> handler.event((InvalidationEvent) null);
            case 1 -> handler.malformed("?", new IOException("unreadable"));
            case 2 -> handler.event(World.TOPIC, "007", null);
            case 3 -> handler.event("another topic", "18446744073709551615", null);
            default -> handler.snapshot("-1", null, "never applied");
        }
    }

    /** Loses the connection; what is sent meanwhile is lost. The engine is told of it, or not. */
    void disconnect() {
        if (connected) {
            connected = false;
            lost();
            world.weather().count(Fault.DISCONNECTED);
            world.trace(name, "disconnected");
            if (world.random().nextBoolean()) {
                openLines().forEach(line -> line.handler.disconnected());
            }
        }
    }

    /** Is connected (again), and says so. */
    void reconnect() {
        connected = true;
        world.trace(name, "reconnected");
        openLines().forEach(line -> line.handler.reconnected());
    }

    /** The engine does not have to know any more what it was told. */
    void lost() {
        lines.forEach(line -> line.told = null);
        misled = true;
    }

    /** A pull is answered from the past, which an engine that was not told of the present cannot know. */
    void misled() {
        misled = true;
    }

    /** Whether there is a subscription that was not told of the source's version. */
    private boolean isUntold() {
        return openLines().stream().anyMatch(line -> !world.source().version().equals(line.told));
    }

    /**
     * Events get through again. A transport that did not tell its engine of the source's version says that it reconnected,
     * and what it had under way is lost. One that did has nothing to say.
     */
    void heal() {
        connected = true;
        if (isUntold()) {
            era++;
            lines.forEach(line -> line.told = null);
            misled = false;
            reconnect();
        }
    }

    /** Nothing is wrong any more: says so again if the pulls since it healed may not have been enough. */
    void calm() {
        if (misled && isUntold()) {
            reconnect();
        }
    }

    private List<Line> openLines() {
        return lines.stream().filter(line -> line.opened && !line.closed).toList();
    }
}
