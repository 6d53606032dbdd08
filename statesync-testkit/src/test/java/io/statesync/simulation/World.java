package io.statesync.simulation;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One run: a source and up to fifty replicas, disturbed for a while and then left alone, all in virtual time on one thread
 * and all from one seed.
 */
final class World {
    static final String TOPIC = "topic";
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final Duration QUIET = Duration.ofMinutes(3);
    private static final int MOST_REPLICAS = 50;

    private final VirtualTime time = new VirtualTime();
    private final SplittableRandom random;
    private final Weather weather;
    private final SimulatedSource source;
    private final List<Member> replicas = new ArrayList<>();
    private final List<WritingReplica> writers = new ArrayList<>();
    private final boolean written;
    private final List<String> violations = new ArrayList<>();
    private final List<String> trace;
    private int engines;
    private StateVersion published;
    private Duration settledAfter = Duration.ZERO;

    /**
     * A world from a seed.
     *
     * @param trace what happens is appended to it; null for a run that leaves no trace
     */
    World(long seed, List<String> trace) {
        this.random = new SplittableRandom(seed);
        this.trace = trace;
        this.weather = new Weather(random.split());
        this.source = new SimulatedSource(random.nextInt(4) != 0);
        this.written = random.nextBoolean();
        trace("world", "seed " + seed + ", weather " + weather);
    }

    /** What went wrong in the run; empty if nothing did. */
    List<String> run() {
        int size = 1 + (int) (MOST_REPLICAS * Math.pow(random.nextDouble(), 3));
        for (int i = 0; i < size; i++) {
            addReplica();
        }
        int turns = 20 + random.nextInt(80);
        for (int turn = 0; turn < turns && violations.isEmpty(); turn++) {
            disturb();
            advance(Duration.ofMillis(pause()));
        }
        if (violations.isEmpty()) {
            heal();
        }
        return violations;
    }

    private long pause() {
        return switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> millis(10);
            case 2 -> millis(1_000);
            default -> random.nextInt(10) == 0 ? millis(120_000) : millis(5_000);
        };
    }

    private void addReplica() {
        String name = "engine-" + ++engines;
        Member replica;
        if (written && random.nextInt(3) == 0) {
            WritingReplica writer = new WritingReplica(this, name);
            writers.add(writer);
            replica = writer;
        } else {
            replica = new Replica(this, name);
        }
        replicas.add(replica);
        replica.start();
    }

    private void disturb() {
        Member one = replicas.get(random.nextInt(replicas.size()));
        switch (random.nextInt(16)) {
            case 0 -> one.transport().disconnect();
            case 1 -> one.transport().reconnect();
            case 2 -> replicas.forEach(replica -> replica.transport().disconnect());
            case 3 -> replicas.forEach(replica -> replica.transport().reconnect());
            case 4 -> restartSource();
            case 5 -> one.refresh();
            case 6 -> one.await();
            case 7 -> one.cancelAwaits(true);
            case 8 -> replace(one);
            case 9, 10, 11, 12 -> writerWrites();
            default -> write();
        }
    }

    private void write() {
        source.write();
        publish();
    }

    /** Where there are replicas that write, one of them does; else the source. */
    private void writerWrites() {
        if (writers.isEmpty()) {
            write();
        } else {
            writers.get(random.nextInt(writers.size())).write();
        }
    }

    /** A proposal reaches the source. */
    WriteResult<String> propose(Proposal<String> proposal) {
        WriteResult<String> result = source.propose(proposal);
        trace("source", "was proposed " + proposal.value() + ": " + result);
        if (result.isAccepted() && !source.version().equals(published)) {
            publish();
        }
        return result;
    }

    private void restartSource() {
        boolean lower = strikes(Fault.SOURCE_RESTARTED_LOWER, "source");
        if (!source.hasEpochs() || !(lower || strikes(Fault.SOURCE_RESTARTED, "source"))) {
            return;
        }
        long revision = source.version().revision().bits();
        source.restart(lower ? revision / 2 : revision + random.nextInt(3));
        publish();
    }

    private void publish() {
        trace("source", "is at " + source.version());
        StateVersion version = source.version();
        published = version;
        SnapshotEnvelope<String> snapshot = source.snapshot(0);
        replicas.forEach(replica -> replica.transport().publish(version, snapshot));
    }

    /** A process ends and another takes its place. */
    private void replace(Member one) {
        if (strikes(Fault.ENGINE_REPLACED, one.name())) {
            one.stop();
            addReplica();
        }
    }

    /**
     * The faults end: those of events first, the others then or a while later. A transport that lost something says
     * {@code reconnected()}, and no event follows.
     */
    private void heal() {
        trace("world", "events get through again: the source is at " + source.version());
        weather.calmEvents();
        replicas.forEach(replica -> replica.cancelAwaits(false));
        replicas.forEach(replica -> replica.transport().heal());
        for (int i = random.nextInt(20); i > 0; i--) {
            advance(Duration.ofMillis(pause()));
        }
        trace("world", "calm");
        weather.calm();
        replicas.forEach(replica -> replica.transport().calm());
        settle();
        if (violations.isEmpty()) {
            leave();
        }
    }

    private void settle() {
        long healed = time.nanoTime();
        while (!replicas.stream().allMatch(Member::isSettled)) {
            Duration next = time.untilNext();
            Duration elapsed = Duration.ofNanos(time.nanoTime() - healed);
            if (next == null || elapsed.plus(next).compareTo(BOUND) > 0) {
                replicas.stream()
                        .filter(replica -> !replica.isSettled())
                        .forEach(replica ->
                                violated(replica.name(), "has not settled on " + source.version() + ": " + replica));
                return;
            }
            advance(next);
        }
        settledAfter = Duration.ofNanos(time.nanoTime() - healed);
        trace("world", "settled after " + settledAfter);
    }

    /** Nothing happens for long, then all are stopped. */
    private void leave() {
        advance(QUIET);
        replicas.forEach(Member::checkIdle);
        if (source.doubled() != null) {
            violated("source", "held " + source.doubled());
        }
        for (Member replica : replicas) {
            replica.stop();
            replica.checkStopped();
        }
        advance(QUIET);
        replicas.forEach(Member::checkStopped);
        if (time.pending() > 0) {
            violated("world", "timers are left: " + time.pending());
        }
    }

    private void advance(Duration duration) {
        time.advance(duration);
        replicas.forEach(Member::checkAlways);
    }

    VirtualTime time() {
        return time;
    }

    SplittableRandom random() {
        return random;
    }

    Weather weather() {
        return weather;
    }

    SimulatedSource source() {
        return source;
    }

    /** A random time below a bound, in milliseconds. */
    long millis(long bound) {
        return random.nextLong(bound);
    }

    /** How long after the last fault every replica had the source's state. */
    Duration settledAfter() {
        return settledAfter;
    }

    Map<Fault, Integer> faults() {
        return weather.counts();
    }

    boolean strikes(Fault fault, String name) {
        boolean strikes = weather.strikes(fault);
        if (strikes) {
            trace(name, "FAULT " + fault);
        }
        return strikes;
    }

    /** Does something after a while; at once if that is 0. */
    void later(long millis, Runnable action) {
        if (millis == 0) {
            action.run();
        } else {
            var unused = time.schedule(action, Duration.ofMillis(millis));
        }
    }

    void violated(String name, String what) {
        violations.add(name + " " + what);
        trace(name, "VIOLATION " + what);
    }

    void trace(String name, String what) {
        if (trace != null) {
            trace.add(String.format("%12.3f s  %-10s %s", (time.nanoTime() - 1) / 1e9, name, what));
        }
    }

    /** The version of a snapshot, whose source says its epoch or has none. */
    static StateVersion versionOf(SnapshotEnvelope<String> snapshot) {
        Revision epoch = snapshot.epoch();
        return epoch == null ? StateVersion.of(snapshot.revision()) : StateVersion.of(epoch, snapshot.revision());
    }
}
