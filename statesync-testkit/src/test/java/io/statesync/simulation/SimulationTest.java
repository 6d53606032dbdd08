package io.statesync.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whatever struck before: after the last fault every replica reaches the source's state without a new event. */
class SimulationTest {
    private static final String SEED = "statesync.simulation.seed";
    private static final String SEEDS = "statesync.simulation.seeds";
    private static final int DEFAULT_SEEDS = 500;
    private static final int SEEDS_FOR_EVERY_FAULT = 100;
    private static final int SHOWN = 80;

    @Test
    @DisplayName("N1, K1, K2, B1: every replica reaches the source's state after the last fault, with no new event")
    void everyReplicaSettlesAfterTheLastFault() {
        Long seed = Long.getLong(SEED);
        if (seed != null) {
            replay(seed);
            return;
        }
        int seeds = Integer.getInteger(SEEDS, DEFAULT_SEEDS);
        Duration longest = Duration.ZERO;
        for (long each = 1; each <= seeds; each++) {
            Duration settledAfter = run(each);
            longest = settledAfter.compareTo(longest) > 0 ? settledAfter : longest;
        }
        if (System.getProperty(SEEDS) != null) {
            System.out.println(seeds + " seeds, the slowest settled after " + longest);
        }
    }

    /** Runs a seed; answers how long after the last fault all had settled. */
    private static Duration run(long seed) {
        World world = new World(seed, null);
        if (!world.run().isEmpty()) {
            List<String> trace = new ArrayList<>();
            List<String> violations = new World(seed, trace).run();
            List<String> last = about(violations.get(0), trace);
            throw new AssertionError("seed " + seed + ": " + violations
                    + "\nreplay: mvn -q -B -pl statesync-testkit -am test"
                    + " -Dtest=SimulationTest -Dsurefire.failIfNoSpecifiedTests=false -D" + SEED + "=" + seed
                    + "\nthe last that is seen of it:\n"
                    + String.join("\n", last.subList(Math.max(0, last.size() - SHOWN), last.size())));
        }
        return world.settledAfter();
    }

    /** What concerns the engine that a violation begins with, the source and the world. */
    private static List<String> about(String violation, List<String> trace) {
        String engine = violation.substring(0, violation.indexOf(' '));
        Pattern concerned = Pattern.compile("\\b(world|source|" + engine + ") ");
        return trace.stream().filter(line -> concerned.matcher(line).find()).toList();
    }

    private static void replay(long seed) {
        List<String> trace = new ArrayList<>();
        List<String> violations = new World(seed, trace).run();
        trace.forEach(System.out::println);
        assertThat(violations).as("seed %s", seed).isEmpty();
    }

    @Test
    @DisplayName("a seed replays: the same seed gives the same run")
    void theSameSeedGivesTheSameRun() {
        for (long seed = 1; seed <= 5; seed++) {
            List<String> once = new ArrayList<>();
            List<String> again = new ArrayList<>();
            new World(seed, once).run();
            new World(seed, again).run();
            assertThat(again).isEqualTo(once);
        }
    }

    @Test
    @DisplayName("a hundred seeds meet every fault")
    void everyFaultStrikes() {
        Set<Fault> missed = EnumSet.allOf(Fault.class);
        for (long seed = 1; seed <= SEEDS_FOR_EVERY_FAULT; seed++) {
            World world = new World(seed, null);
            world.run();
            missed.removeAll(world.faults().keySet());
        }
        assertThat(missed).isEmpty();
    }
}
