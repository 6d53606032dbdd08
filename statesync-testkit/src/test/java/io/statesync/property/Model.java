package io.statesync.property;

import io.statesync.property.ModelCycles.Waiters;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A second reading of the engine's contract: synchronous, without threads, and as plain as the rules allow. It takes the
 * steps of a conformance scenario and says which effects each must have.
 */
final class Model {
    private enum Life {
        IDLE,
        STARTING,
        RUNNING,
        STOPPED
    }

    private final ModelOptions options;
    private final List<String> effects = new ArrayList<>();
    private final Timers timers = new Timers(this::answerApplies);
    private final ModelTarget target = new ModelTarget(effects, this::settle);
    private final ModelCycles cycles;
    private final ModelThrottle throttle;

    private Life life = Life.IDLE;
    private final List<Integer> starts = new ArrayList<>();
    private boolean startPullAsked;
    private boolean subscribed;
    private boolean subscribing;
    private int subscribeFailures;
    private Version cached;

    private String shouldRefresh = "true";
    private int startCalls;
    private int refreshCalls;
    private int awaitCalls;

    Model(JsonNode options) {
        this.options = ModelOptions.of(options);
        this.cycles = new ModelCycles(this, this.options, timers, effects);
        this.throttle = new ModelThrottle(this.options, timers, target::behind, () -> cycles.request(new Waiters()));
    }

    private void answerApplies() {
        cycles.answerApplies();
    }

    private void settle() {
        cycles.settle();
    }

    ModelTarget target() {
        return target;
    }

    int awaitCalls() {
        return awaitCalls;
    }

    String life() {
        return life.name();
    }

    boolean isRunning() {
        return life == Life.RUNNING;
    }

    boolean isStopped() {
        return life == Life.STOPPED;
    }

    boolean throttleHolds() {
        return throttle.holds();
    }

    List<String> step(JsonNode step) {
        effects.clear();
        String text = step.path("do").asString();
        switch (text) {
            case "start" -> start(++startCalls);
            case "stop" -> stop();
            case "refresh" -> refresh(++refreshCalls);
            case "refreshIfOlder" ->
                refreshIfOlder(++refreshCalls, step.path("ms").asLong());
            case "await" -> await(++awaitCalls, string(step, "revision"), string(step, "epoch"));
            case "cancelAwait" -> target.cancelAwait(step.path("n").asInt());
            case "shouldRefresh" -> shouldRefresh = string(step, "answer");
            case "failNextApply" -> cycles.failNextApply();
            case "hooksThrow", "disconnected" -> {}
            case "advance" -> timers.advance(step.path("ms").asLong());
            case "subscribed", "subscribeFails" -> subscribeAnswered(text.equals("subscribed"));
            case "snapshot" -> cycles.pullAnswered(new String[] {string(step, "revision"), string(step, "epoch")});
            case "nullSnapshot" -> cycles.pullAnswered(new String[] {null, null});
            case "notModified" -> cycles.pullAnswered(new String[0]);
            case "snapshotFails" -> cycles.pullAnswered(null);
            case "applied", "applyFails" -> cycles.applyAnswered(text.equals("applied"));
            default -> transport(step);
        }
        answerApplies();
        return List.copyOf(effects);
    }

    private void transport(JsonNode step) {
        if (!subscribed) {
            return;
        }
        switch (string(step, "do")) {
            case "event" -> event(string(step, "topic"), string(step, "revision"), string(step, "epoch"));
            case "push" -> push(string(step, "revision"), string(step, "epoch"));
            case "malformed" -> effects.add("error:protocol");
            case "reconnected" -> {
                target.owe();
                cycles.request(new Waiters());
            }
            default -> throw new IllegalArgumentException("unknown step: " + step);
        }
    }

    private static String string(JsonNode step, String field) {
        return step.path(field).asString(null);
    }

    // Lifecycle: L1 to L4, P1 to P3, B1 to B3

    private void start(int n) {
        if (life == Life.STOPPED || life == Life.RUNNING) {
            effects.add((life == Life.RUNNING ? "started:" : "startFailed:") + n);
            return;
        }
        starts.add(n);
        if (life == Life.IDLE) {
            life = Life.STARTING;
            startPullAsked = false;
            if (options.cached() != null && target.local() == null && !cycles.isApplying()) {
                applyCached();
            }
            subscribe();
        }
    }

    private void applyCached() {
        effects.add("load");
        if (options.cached().equals("fails")) {
            effects.add("error:start");
        } else if (!options.cached().equals("empty")) {
            Version version = Version.parse(options.cached(), options.cachedEpoch(), BigInteger.ZERO);
            effects.add("apply:" + version.revision());
            if (cycles.applyIsToFail()) {
                effects.add("error:apply");
            } else {
                cached = version;
                target.moveLocal(version);
            }
        }
    }

    private void subscribe() {
        effects.add("subscribe");
        subscribing = true;
        if (!options.manualSubscribe()) {
            subscribeAnswered(true);
        }
    }

    private void subscribeAnswered(boolean success) {
        if (!subscribing) {
            return;
        }
        subscribing = false;
        if (life == Life.STOPPED) {
            if (success) {
                effects.add("unsubscribe");
            }
        } else if (success) {
            subscribed = true;
            if (startPullAsked) {
                target.owe();
                cycles.request(new Waiters());
            } else {
                requestStartPull();
            }
        } else if (options.keepTrying()) {
            long delay = options.catchUp().after(++subscribeFailures);
            effects.add("error:subscribe:retry:" + subscribeFailures + ":" + delay);
            timers.after(delay, this::subscribe);
            if (!startPullAsked) {
                requestStartPull();
            }
        } else {
            effects.add("error:subscribe");
            rollBack();
        }
    }

    private void requestStartPull() {
        startPullAsked = true;
        Waiters start = new Waiters();
        start.start = true;
        cycles.request(start);
    }

    /** The start's pull succeeded, or need not (B1). */
    void started() {
        life = Life.RUNNING;
        starts.forEach(n -> effects.add("started:" + n));
        starts.clear();
        settle();
    }

    /** The source's first answer since a cached snapshot was applied (P4). */
    void firstAnswer(Version version) {
        Version local = target.local();
        boolean sameEpoch = cached != null && version.epoch().equals(cached.epoch());
        if (sameEpoch && cached.equals(local) && local.above(version)) {
            effects.add("error:refresh");
        }
        cached = null;
    }

    void rollBack() {
        if (subscribed) {
            effects.add("unsubscribe");
            subscribed = false;
        }
        life = Life.IDLE;
        starts.forEach(n -> effects.add("startFailed:" + n));
        starts.clear();
        target.forget();
        throttle.drop();
        cycles.rollBack();
    }

    private void stop() {
        if (life == Life.STOPPED) {
            return;
        }
        cycles.stop();
        rollBack();
        life = Life.STOPPED;
        timers.clear();
    }

    private void refresh(int n) {
        if (life == Life.STOPPED) {
            effects.add("refreshed:" + n);
            return;
        }
        Waiters waiter = new Waiters();
        waiter.refreshes.add(n);
        cycles.request(waiter);
    }

    private void refreshIfOlder(int n, long age) {
        if (cycles.succeededWithin(age)) {
            effects.add("refreshed:" + n);
        } else {
            refresh(n);
        }
    }

    // Awaits: W1 to W4

    private void await(int n, String revision, String epoch) {
        Version version = Version.parse(revision, epoch, target.localEpoch());
        Version local = target.local();
        if (local != null && !version.above(local)) {
            effects.add("reached:" + n);
        } else if (life == Life.STOPPED) {
            effects.add("awaitFailed:" + n);
        } else {
            target.await(n, version);
            cycles.request(new Waiters());
        }
    }

    // The gate: G1 to G6, S1

    private void event(String topic, String revision, String epoch) {
        if (topic == null || topic.isBlank()) {
            effects.add("error:protocol");
            return;
        }
        if (!topic.equals(options.topic())) {
            return;
        }
        Version version = Version.parse(revision, epoch, target.localEpoch());
        if (version == null) {
            effects.add("error:protocol");
            return;
        }
        if (!version.above(target.local()) || shouldRefresh.equals("false")) {
            return;
        }
        if (shouldRefresh.equals("throws")) {
            effects.add("error:invalidation");
        }
        target.tell(version);
        throttle.event();
    }

    private void push(String revision, String epoch) {
        Version version = Version.parse(revision, epoch, target.localEpoch());
        if (version == null) {
            effects.add("error:protocol");
        } else if (version.above(target.local())) {
            target.tell(version);
            cycles.push(version);
        }
    }
}
