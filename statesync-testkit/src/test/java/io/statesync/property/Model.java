package io.statesync.property;

import io.statesync.property.Timers.Timer;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

    private enum Work {
        PULLING,
        RETRYING,
        HOLDING_ANSWER,
        APPLYING
    }

    private enum End {
        WELL,
        FAILED
    }

    /** Who waits for a cycle. */
    private static final class Waiters {
        final List<Integer> refreshes = new ArrayList<>();
        boolean start;

        void add(Waiters others) {
            refreshes.addAll(others.refreshes);
            start |= others.start;
        }

        boolean isEmpty() {
            return refreshes.isEmpty() && !start;
        }
    }

    private static final class Cycle {
        final Waiters waiters = new Waiters();
        Work work;
        int attempt;
        long began;
        int dutiesBefore;
        Timer timer;
        Object pull;
        String[] heldAnswer;
    }

    private final ModelOptions options;
    private final Timers timers = new Timers(this::answerApplies);
    private final ModelThrottle throttle;
    private final List<String> effects = new ArrayList<>();

    private Life life = Life.IDLE;
    private final List<Integer> starts = new ArrayList<>();
    private boolean startPullAsked;
    private boolean subscribed;
    private boolean subscribing;
    private int subscribeFailures;

    private Version local;
    private Version told;
    private final Map<Integer, Version> awaits = new TreeMap<>();
    private int duties;
    private int oldestDuty;

    private Cycle cycle;
    private Waiters queue;
    private final Deque<Object> pulls = new ArrayDeque<>();
    private long lastSuccess = Long.MIN_VALUE / 2;

    private final Deque<Boolean> applyAnswers = new ArrayDeque<>();
    private Version applying;
    private boolean applyIsCycles;
    private Version waitingPush;
    private End undecided;
    private Version cached;

    private Timer catchUp;
    private int catchUps;
    private long tooOldSince = -1;
    private Timer resync;

    private String shouldRefresh = "true";
    private boolean failNextApply;
    private int startCalls;
    private int refreshCalls;
    private int awaitCalls;

    Model(JsonNode options) {
        this.options = ModelOptions.of(options);
        this.throttle = new ModelThrottle(this.options, timers, this::behind, () -> request(new Waiters()));
    }

    Version local() {
        return local;
    }

    /** The newest version told of and not applied; null for none. */
    Version target() {
        Version target = told;
        for (Version awaited : awaits.values()) {
            target = awaited.above(target) ? awaited : target;
        }
        return target;
    }

    boolean behind() {
        return oldestDuty > 0 || target() != null;
    }

    int awaitCalls() {
        return awaitCalls;
    }

    String life() {
        return life.name();
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
            case "cancelAwait" -> cancelAwait(step.path("n").asInt());
            case "shouldRefresh" -> shouldRefresh = string(step, "answer");
            case "failNextApply" -> failNextApply = true;
            case "hooksThrow", "disconnected" -> {}
            case "advance" -> timers.advance(step.path("ms").asLong());
            case "subscribed", "subscribeFails" -> subscribeAnswered(text.equals("subscribed"));
            case "snapshot" -> pullAnswered(new String[] {string(step, "revision"), string(step, "epoch")});
            case "nullSnapshot" -> pullAnswered(new String[] {null, null});
            case "notModified" -> pullAnswered(new String[0]);
            case "snapshotFails" -> pullAnswered(null);
            case "applied", "applyFails" -> applyAnswered(text.equals("applied"));
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
                owe();
                request(new Waiters());
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
            if (options.cached() != null && local == null && applying == null) {
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
            if (failNextApply) {
                failNextApply = false;
                effects.add("error:apply");
            } else {
                cached = version;
                moveLocal(version);
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
                owe();
                request(new Waiters());
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
        request(start);
    }

    private void rollBack() {
        if (subscribed) {
            effects.add("unsubscribe");
            subscribed = false;
        }
        life = Life.IDLE;
        starts.forEach(n -> effects.add("startFailed:" + n));
        starts.clear();
        forget();
        waitingPush = null;
        throttle.drop();
        if (queue != null && queue.isEmpty()) {
            queue = null;
        }
    }

    /** Forgets target, duty and awaits (L2, K5). */
    private void forget() {
        told = null;
        oldestDuty = 0;
        awaits.keySet().forEach(n -> effects.add("awaitFailed:" + n));
        awaits.clear();
        settle();
    }

    private void stop() {
        if (life == Life.STOPPED) {
            return;
        }
        if (queue == null) {
            queue = new Waiters();
        }
        if (cycle != null) {
            queue.add(cycle.waiters);
        }
        queue.refreshes.forEach(n -> effects.add("refreshFailed:" + n));
        cycle = null;
        rollBack();
        queue = null;
        undecided = null;
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
        request(waiter);
    }

    private void refreshIfOlder(int n, long age) {
        if (timers.now() - lastSuccess <= age) {
            effects.add("refreshed:" + n);
        } else {
            refresh(n);
        }
    }

    // Awaits: W1 to W4

    private void await(int n, String revision, String epoch) {
        Version version = Version.parse(revision, epoch, localEpoch());
        if (local != null && !version.above(local)) {
            effects.add("reached:" + n);
        } else if (life == Life.STOPPED) {
            effects.add("awaitFailed:" + n);
        } else {
            awaits.put(n, version);
            request(new Waiters());
        }
    }

    private void cancelAwait(int n) {
        if (awaits.remove(n) != null) {
            effects.add("awaitFailed:" + n);
            settle();
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
        Version version = Version.parse(revision, epoch, localEpoch());
        if (version == null) {
            effects.add("error:protocol");
            return;
        }
        if (!version.above(local) || shouldRefresh.equals("false")) {
            return;
        }
        if (shouldRefresh.equals("throws")) {
            effects.add("error:invalidation");
        }
        tell(version);
        throttle.event();
    }

    private void push(String revision, String epoch) {
        Version version = Version.parse(revision, epoch, localEpoch());
        if (version == null) {
            effects.add("error:protocol");
        } else if (version.above(local)) {
            tell(version);
            if (applying == null) {
                apply(version, false);
            } else if (version.above(waitingPush)) {
                waitingPush = version;
            }
        }
    }

    private void tell(Version version) {
        told = version.above(told) ? version : told;
        settle();
    }

    private void owe() {
        oldestDuty = ++duties;
        settle();
    }

    private BigInteger localEpoch() {
        return local == null ? BigInteger.ZERO : local.epoch();
    }

    // Cycles: C1 to C4, R1 to R4, G4, V1, V2

    private void request(Waiters waiters) {
        catchUp = timers.cancel(catchUp);
        if (cycle == null) {
            cycle = new Cycle();
            cycle.waiters.add(waiters);
            pull();
        } else if (cycle.work == Work.RETRYING) {
            cycle.waiters.add(waiters);
        } else {
            queue = queue == null ? new Waiters() : queue;
            queue.add(waiters);
        }
    }

    private void pull() {
        Object pull = new Object();
        cycle.attempt++;
        cycle.work = Work.PULLING;
        cycle.began = timers.now();
        cycle.dutiesBefore = duties;
        cycle.pull = pull;
        pulls.add(pull);
        effects.add("getSnapshot");
        settle();
        if (options.pullTimeout() >= 0) {
            cycle.timer = timers.after(options.pullTimeout(), this::pullFailed);
        }
    }

    /** An answer is text of revision and epoch, empty for not modified, or null for a failed pull. */
    private void pullAnswered(String[] answer) {
        Object pull = pulls.poll();
        if (pull == null || cycle == null || cycle.pull != pull || cycle.work != Work.PULLING) {
            return;
        }
        timers.cancel(cycle.timer);
        if (answer == null) {
            pullFailed();
        } else if (answer.length > 0 && Version.parse(answer[0], answer[1], BigInteger.ZERO) == null) {
            effects.add("error:protocol");
            cycleFailed();
        } else if (applying != null) {
            cycle.work = Work.HOLDING_ANSWER;
            cycle.heldAnswer = answer;
        } else {
            take(answer);
        }
    }

    private void pullFailed() {
        if (cycle.attempt >= options.maxAttempts()) {
            effects.add("error:getSnapshot");
            cycleFailed();
            return;
        }
        long delay = options.retry().after(cycle.attempt);
        effects.add("error:getSnapshot:retry:" + cycle.attempt + ":" + delay);
        cycle.work = Work.RETRYING;
        if (queue != null) {
            cycle.waiters.add(queue);
            queue = null;
        }
        cycle.timer = timers.after(delay, this::pull);
    }

    private void take(String[] answer) {
        if (answer.length == 0 && local == null) {
            effects.add("error:protocol");
            cycleFailed();
            return;
        }
        Version version = answer.length == 0 ? local : Version.parse(answer[0], answer[1], localEpoch());
        if (cached != null && cached.equals(local) && version.epoch().equals(local.epoch()) && local.above(version)) {
            effects.add("error:refresh");
        }
        cached = null;
        if (version.above(local)) {
            apply(version, true);
        } else {
            cycleWell(version.epoch().compareTo(local.epoch()) < 0);
        }
    }

    private void cycleWell(boolean lowerEpoch) {
        Cycle done = cycle;
        cycle = null;
        if (lowerEpoch) {
            owe();
        } else {
            lastSuccess = done.began;
            if (oldestDuty <= done.dutiesBefore) {
                oldestDuty = 0;
            }
        }
        settle();
        done.waiters.refreshes.forEach(n -> effects.add("refreshed:" + n));
        if (done.waiters.start) {
            started();
        }
        afterCycle(End.WELL);
    }

    private void started() {
        life = Life.RUNNING;
        starts.forEach(n -> effects.add("started:" + n));
        starts.clear();
        settle();
    }

    private void cycleFailed() {
        Cycle failed = cycle;
        cycle = null;
        failed.waiters.refreshes.forEach(n -> effects.add("refreshFailed:" + n));
        if (failed.waiters.start && options.keepTrying()) {
            owe();
            started();
        } else if (failed.waiters.start) {
            rollBack();
        }
        settle();
        afterCycle(End.FAILED);
    }

    /** What the end of a cycle brings; the waiting pushed snapshot goes first (S2). */
    private void afterCycle(End end) {
        undecided = end;
        applyWaitingPush();
        answerApplies();
        if (applying == null || queue != null) {
            decide();
        }
    }

    /** The queued cycle (C3, C4), or catching up (K1, K2, K5). */
    private void decide() {
        End end = undecided;
        undecided = null;
        if (end == null || cycle != null) {
            return;
        }
        if (queue != null) {
            Waiters queued = queue;
            queue = null;
            if (!queued.isEmpty() || behind()) {
                request(queued);
            }
        } else if (behind() && !(throttle.holds() && oldestDuty == 0 && awaits.isEmpty())) {
            catchUp(end);
        }
    }

    private void catchUp(End end) {
        if (end == End.WELL && tooOldSince < 0) {
            tooOldSince = timers.now();
        }
        if (end == End.WELL && timers.now() - tooOldSince >= options.giveUpAfter()) {
            effects.add("error:refresh");
            forget();
            return;
        }
        long delay = options.catchUp().after(++catchUps);
        if (end == End.WELL) {
            effects.add("error:refresh:retry:" + catchUps + ":" + delay);
        }
        timers.cancel(catchUp);
        catchUp = timers.after(delay, () -> request(new Waiters()));
    }

    // Applies: C1, S2, S3

    private void apply(Version version, boolean cycles) {
        effects.add("apply:" + version.revision());
        applying = version;
        applyIsCycles = cycles;
        if (cycles) {
            cycle.work = Work.APPLYING;
        }
        if (failNextApply) {
            failNextApply = false;
            applyAnswers.add(false);
        } else if (!options.manualApply()) {
            applyAnswers.add(true);
        }
    }

    /** An applier that answers at once is heard when what called it is through. */
    private void answerApplies() {
        while (!applyAnswers.isEmpty()) {
            applyAnswered(applyAnswers.remove());
        }
    }

    private void applyAnswered(boolean success) {
        if (applying == null) {
            return;
        }
        Version version = applying;
        boolean cycles = applyIsCycles;
        applying = null;
        if (life == Life.STOPPED) {
            return;
        }
        if (success) {
            moveLocal(version);
        } else {
            effects.add("error:apply");
        }
        if (cycles && success) {
            cycleWell(false);
        } else if (cycles) {
            cycleFailed();
        } else {
            afterPush(success);
        }
    }

    private void afterPush(boolean success) {
        applyWaitingPush();
        if (applying != null) {
            return;
        }
        if (cycle != null && cycle.work == Work.HOLDING_ANSWER) {
            take(cycle.heldAnswer);
        } else if (undecided != null) {
            decide();
        } else if (!success && cycle == null && catchUp == null) {
            undecided = End.FAILED;
            decide();
        }
    }

    private void applyWaitingPush() {
        if (applying != null) {
            return;
        }
        Version next = waitingPush;
        waitingPush = null;
        if (next != null && next.above(local)) {
            apply(next, false);
        }
    }

    private void moveLocal(Version version) {
        local = version;
        if (told != null && !told.above(local)) {
            told = null;
        }
        awaits.entrySet().removeIf(await -> {
            boolean reached = !await.getValue().above(local);
            if (reached) {
                effects.add("reached:" + await.getKey());
            }
            return reached;
        });
        settle();
    }

    /** Ends catching up when the engine is not behind (K3), and restarts the quiet time of N2 when it is not quiet. */
    private void settle() {
        if (!behind()) {
            catchUp = timers.cancel(catchUp);
            catchUps = 0;
            tooOldSince = -1;
        }
        boolean quiet = life == Life.RUNNING && !behind() && cycle == null;
        if (!quiet || options.resync() < 0) {
            resync = timers.cancel(resync);
        } else if (resync == null) {
            resync = timers.after(options.resync(), () -> {
                resync = null;
                owe();
                request(new Waiters());
            });
        }
    }
}
