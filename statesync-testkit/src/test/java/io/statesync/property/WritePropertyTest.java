package io.statesync.property;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.property.WriteStep.Kind;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;

/**
 * Whatever happens on the way: what a replica shows is what the source had with its pending writes on top, each write is
 * stored once or not at all, as its outcome says, and in the end all have what the source has.
 */
class WritePropertyTest {
    private static final int MOST_REPLICAS = 5;
    private static final int MOST_STEPS = 80;
    private static final int NO_BOUND = 1_000_000;

    /** What an update that is made often enough cannot fail by. */
    private static final Set<Kind> PLAIN = EnumSet.complementOf(EnumSet.of(
            Kind.SET,
            Kind.FRAGILE_UPDATE,
            Kind.POISONED_UPDATE,
            Kind.POISONED_SET,
            Kind.SOURCE_SETS,
            Kind.SOURCE_UPDATES,
            Kind.CLOSE,
            Kind.CRASH));

    @Property
    @Label(
            "no accepted write is lost, no other one survives, none is applied twice, and all end with the source's state")
    void everyWriteHasItsOutcome(
            @ForAll("replicas") List<WriterOptions> replicas, @ForAll("steps") List<WriteStep> steps) {
        run(replicas, steps);
    }

    @Property
    @Label("the updates of all add up")
    void updatesAddUp(@ForAll("patient") List<WriterOptions> replicas, @ForAll("updates") List<WriteStep> steps) {
        WriteWorld world = run(replicas, steps);
        int writes = world.writers().stream().mapToInt(Writer::writes).sum();
        int accepted = world.writers().stream().mapToInt(Writer::accepted).sum();
        assertThat(accepted).isEqualTo(writes);
        assertThat(world.source().current().data().sum()).isEqualTo(writes);
    }

    static WriteWorld run(List<WriterOptions> replicas, List<WriteStep> steps) {
        WriteWorld world = new WriteWorld(replicas);
        for (WriteStep step : steps) {
            world.step(step);
            world.throwViolations();
        }
        world.heal();
        world.throwViolations();
        return world;
    }

    @Provide
    Arbitrary<List<WriterOptions>> replicas() {
        Arbitrary<Integer> conflicts = Arbitraries.of(20, 20, 0, 1, NO_BOUND);
        return options(Arbitraries.of(1_000, 1_000, 1_000, 3, 1), conflicts);
    }

    @Provide
    Arbitrary<List<WriterOptions>> patient() {
        return options(Arbitraries.just(1_000), Arbitraries.just(NO_BOUND));
    }

    private static Arbitrary<List<WriterOptions>> options(
            Arbitrary<Integer> maxPending, Arbitrary<Integer> maxConflicts) {
        return Combinators.combine(
                        Arbitraries.of(true, true, false),
                        Arbitraries.of(WriterOptions.Policy.class),
                        Arbitraries.of(false, true),
                        maxPending,
                        Arbitraries.of(10_000, 1_000, 100),
                        maxConflicts,
                        Arbitraries.of(false, true))
                .as(WriterOptions::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(MOST_REPLICAS);
    }

    @Provide
    Arbitrary<List<WriteStep>> steps() {
        return steps(EnumSet.allOf(Kind.class));
    }

    @Provide
    Arbitrary<List<WriteStep>> updates() {
        return steps(PLAIN);
    }

    private static Arbitrary<List<WriteStep>> steps(Set<Kind> kinds) {
        Arbitrary<Kind> drawn = Arbitraries.frequency(Stream.of(Kind.values())
                .filter(kinds::contains)
                .map(kind -> Tuple.of(kind.weight, kind))
                .toList());
        Arbitrary<Integer> who =
                Arbitraries.integers().between(0, MOST_REPLICAS - 1).withDistribution(RandomDistribution.uniform());
        Arbitrary<Integer> number =
                Arbitraries.integers().between(0, WriteStep.NUMBERS - 1).withDistribution(RandomDistribution.uniform());
        return Combinators.combine(drawn, who, number)
                .as(WriteStep::new)
                .list()
                .ofMaxSize(MOST_STEPS)
                .withSizeDistribution(RandomDistribution.uniform());
    }
}
