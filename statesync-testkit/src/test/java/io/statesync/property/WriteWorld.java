package io.statesync.property;

import io.statesync.InvalidationEvent;
import io.statesync.SnapshotEnvelope;
import io.statesync.property.WriteStep.Kind;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Replicas that write to one source, in virtual time on one thread. */
final class WriteWorld {
    private static final Duration BOUND = Duration.ofMinutes(2);

    private final VirtualTime time = new VirtualTime();
    private final List<String> violations = new ArrayList<>();
    private final List<String> trace = new ArrayList<>();
    private final List<Writer> writers = new ArrayList<>();
    private final WriteSource source;
    private int sourceWrites;
    private Duration settledAfter = Duration.ZERO;

    WriteWorld(List<WriterOptions> options) {
        source = new WriteSource(this);
        for (WriterOptions each : options) {
            int number = writers.size();
            writers.add(new Writer(this, "r" + number, each, number));
        }
    }

    /** Takes a step. */
    void step(WriteStep step) {
        trace("-- " + step);
        Writer writer = writers.get(step.who() % writers.size());
        Kind kind = step.kind();
        switch (kind) {
            case UPDATE -> writer.update("");
            case SET -> writer.set("");
            case FRAGILE_UPDATE -> writer.updateFragile();
            case POISONED_UPDATE -> writer.update("!");
            case POISONED_SET -> writer.set("!");
            case SOURCE_UPDATES, SOURCE_SETS -> sourceWrites(kind == Kind.SOURCE_SETS);
            case ADVANCE -> time.advance(Duration.ofMillis(step.millis()));
            case REFRESH -> writer.refresh();
            case DISCONNECT -> writer.link().disconnect(step.otherwise());
            case CONNECT -> writer.link().connect();
            case RESTART, RESTART_UNCERTAIN -> source.restart(kind == Kind.RESTART);
            case CLOSE -> writer.close();
            case CRASH -> writer.crash(step.otherwise());
            default -> plan(writer, step);
        }
        check();
    }

    private void plan(Writer writer, WriteStep fault) {
        if (fault.kind().isOfJournal()) {
            source.journal().plan(fault);
        } else {
            writer.link().plan(fault);
        }
    }

    private void sourceWrites(boolean set) {
        String token = "s." + ++sourceWrites;
        source.write(new Write(this, token, set, state -> set ? Tokens.of(token) : state.plus(token)));
    }

    private void check() {
        writers.forEach(Writer::check);
    }

    /** Nothing is wrong any more, and each transport says that it is there. All have to settle. */
    void heal() {
        trace("-- heals");
        source.journal().calm();
        writers.forEach(writer -> writer.link().calm());
        writers.forEach(writer -> writer.link().connect());
        long healed = time.nanoTime();
        while (violations.isEmpty() && !writers.stream().allMatch(Writer::isSettled)) {
            Duration next = time.untilNext();
            Duration elapsed = Duration.ofNanos(time.nanoTime() - healed);
            if (next == null || elapsed.plus(next).compareTo(BOUND) > 0) {
                violated("not settled on " + source.current() + ": " + writers);
                return;
            }
            time.advance(next);
            check();
        }
        settledAfter = Duration.ofNanos(time.nanoTime() - healed);
    }

    void publish(InvalidationEvent event, SnapshotEnvelope<Tokens> snapshot) {
        writers.forEach(writer -> writer.link().publish(event, snapshot));
    }

    VirtualTime time() {
        return time;
    }

    WriteSource source() {
        return source;
    }

    List<Writer> writers() {
        return writers;
    }

    Duration settledAfter() {
        return settledAfter;
    }

    /** Does something after a while; at once if that is 0. */
    void later(int millis, Runnable action) {
        if (millis == 0) {
            action.run();
        } else {
            var unused = time.schedule(action, Duration.ofMillis(millis));
        }
    }

    void violated(String what) {
        trace("VIOLATION " + what);
        violations.add(what);
    }

    void trace(String what) {
        trace.add(String.format("%9.3f s  %s", (time.nanoTime() - 1) / 1e9, what));
    }

    /** Throws what went wrong so far, with everything that happened. */
    void throwViolations() {
        if (!violations.isEmpty()) {
            throw new AssertionError(violations.get(0) + "\nwhat happened:\n" + String.join("\n", trace));
        }
    }
}
