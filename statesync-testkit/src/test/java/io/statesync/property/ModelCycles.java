package io.statesync.property;

import io.statesync.property.Timers.Timer;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The model's cycles, applies and catching up: what happens between a request and the next quiet moment. */
final class ModelCycles {
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
    static final class Waiters {
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

    private final Model model;
    private final ModelOptions options;
    private final Timers timers;
    private final List<String> effects;
    private Cycle cycle;
    private Waiters queue;
    private final Deque<Object> pulls = new ArrayDeque<>();
    private long lastSuccess = Long.MIN_VALUE / 2;

    private final Deque<Boolean> applyAnswers = new ArrayDeque<>();
    private Version applying;
    private boolean applyIsCycles;
    private Version waitingPush;
    private boolean failNextApply;
    private End undecided;

    private Timer catchUp;
    private int catchUps;
    private long tooOldSince = -1;
    private Timer resync;

    ModelCycles(Model model, ModelOptions options, Timers timers, List<String> effects) {
        this.model = model;
        this.options = options;
        this.timers = timers;
        this.effects = effects;
    }

    private ModelTarget target() {
        return model.target();
    }

    private Version local() {
        return target().local();
    }

    boolean isApplying() {
        return applying != null;
    }

    void failNextApply() {
        failNextApply = true;
    }

    /** Whether the next apply is to fail, which is then over. */
    boolean applyIsToFail() {
        boolean fails = failNextApply;
        failNextApply = false;
        return fails;
    }

    boolean succeededWithin(long age) {
        return timers.now() - lastSuccess <= age;
    }

    /** A start failed (L2): what only events and awaits queued dies, and so does a waiting pushed snapshot. */
    void rollBack() {
        waitingPush = null;
        if (queue != null) {
            queue.start = false;
            queue = queue.isEmpty() ? null : queue;
        }
    }

    /** The engine stopped (L3): who waits for a cycle fails. */
    void stop() {
        Waiters left = new Waiters();
        if (cycle != null) {
            left.add(cycle.waiters);
        }
        if (queue != null) {
            left.add(queue);
        }
        left.refreshes.forEach(n -> effects.add("refreshFailed:" + n));
        cycle = null;
        queue = null;
        waitingPush = null;
        undecided = null;
        settle();
    }

    /** A newer snapshot was pushed (S1, S2). */
    void push(Version version) {
        if (applying == null) {
            apply(version, false);
        } else if (version.above(waitingPush)) {
            waitingPush = version;
        }
    }

    // Cycles: C1 to C4, R1 to R4, G4, V1, V2

    void request(Waiters waiters) {
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
        cycle.dutiesBefore = target().duties();
        cycle.pull = pull;
        pulls.add(pull);
        effects.add("getSnapshot");
        settle();
        if (options.pullTimeout() >= 0) {
            cycle.timer = timers.after(options.pullTimeout(), this::pullFailed);
        }
    }

    /** An answer is text of revision and epoch, empty for not modified, or null for a failed pull. */
    void pullAnswered(String[] answer) {
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
        if (answer.length == 0 && local() == null) {
            effects.add("error:protocol");
            cycleFailed();
            return;
        }
        Version version = answer.length == 0 ? local() : Version.parse(answer[0], answer[1], target().localEpoch());
        model.firstAnswer(version);
        if (version.above(local())) {
            apply(version, true);
        } else {
            cycleWell(version.epoch().compareTo(local().epoch()) < 0);
        }
    }

    private void cycleWell(boolean lowerEpoch) {
        Cycle done = cycle;
        cycle = null;
        if (lowerEpoch) {
            target().owe();
        } else {
            lastSuccess = done.began;
            target().settled(done.dutiesBefore);
        }
        settle();
        done.waiters.refreshes.forEach(n -> effects.add("refreshed:" + n));
        if (done.waiters.start) {
            model.started();
        }
        afterCycle(End.WELL);
    }

    private void cycleFailed() {
        Cycle failed = cycle;
        cycle = null;
        failed.waiters.refreshes.forEach(n -> effects.add("refreshFailed:" + n));
        if (failed.waiters.start && options.keepTrying()) {
            target().owe();
            model.started();
        } else if (failed.waiters.start) {
            model.rollBack();
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
            if (!queued.isEmpty() || target().behind()) {
                request(queued);
            }
        } else if (target().behind() && !(model.throttleHolds() && target().isOnlyTold())) {
            catchUp(end);
        }
    }

    private void catchUp(End end) {
        if (end == End.WELL && tooOldSince < 0) {
            tooOldSince = timers.now();
        }
        if (end == End.WELL && timers.now() - tooOldSince >= options.giveUpAfter()) {
            effects.add("error:refresh");
            target().forget();
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
        if (applyIsToFail()) {
            applyAnswers.add(false);
        } else if (!options.manualApply()) {
            applyAnswers.add(true);
        }
    }

    /** An applier that answers at once is heard when what called it is through. */
    void answerApplies() {
        while (!applyAnswers.isEmpty()) {
            applyAnswered(applyAnswers.remove());
        }
    }

    void applyAnswered(boolean success) {
        if (applying == null) {
            return;
        }
        Version version = applying;
        boolean cycles = applyIsCycles;
        applying = null;
        if (model.isStopped()) {
            return;
        }
        if (success) {
            target().moveLocal(version);
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
        if (next != null && next.above(local())) {
            apply(next, false);
        }
    }

    /** Ends catching up when the engine is not behind (K3), and restarts the quiet time of N2 when it is not quiet. */
    void settle() {
        if (!target().behind()) {
            catchUp = timers.cancel(catchUp);
            catchUps = 0;
            tooOldSince = -1;
        }
        boolean quiet = model.isRunning() && !target().behind() && cycle == null;
        if (!quiet || options.resync() < 0) {
            resync = timers.cancel(resync);
        } else if (resync == null) {
            resync = timers.after(options.resync(), () -> {
                resync = null;
                target().owe();
                request(new Waiters());
            });
        }
    }
}
