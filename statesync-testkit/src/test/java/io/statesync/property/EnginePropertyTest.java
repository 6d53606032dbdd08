package io.statesync.property;

import io.statesync.StateVersion;
import io.statesync.SyncStatus;
import io.statesync.conformance.ScenarioRunner;
import io.statesync.property.Draw.Kind;
import java.util.ArrayList;
import java.util.List;
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
import tools.jackson.databind.JsonNode;

/**
 * The engine does what the naive {@link Model} does, whatever happens in whatever order, under whatever options. A
 * counter-example is shrunk and printed as a scenario for the conformance test.
 */
class EnginePropertyTest {
    private static final int MOST_STEPS = 50;

    /** Most walks begin with some of a start, as one that begins with nothing stays in the shallows. */
    private static final List<Draw> PRELUDE = Stream.of(Kind.START, Kind.SUBSCRIBED, Kind.SNAPSHOT, Kind.APPLIED)
            .map(kind -> new Draw(kind, 0, 0))
            .toList();

    @Property
    @Label("engine and model agree on every step's effects, version, target and state")
    void engineAndModelAgree(@ForAll("options") JsonNode options, @ForAll("draws") List<Draw> draws) {
        Model model = new Model(options);
        ScenarioRunner engine = new ScenarioRunner(options);
        List<String> story = new ArrayList<>();
        for (Draw draw : draws) {
            JsonNode step = draw.step(model);
            if (step != null) {
                compare(model, engine, step, options, story);
            }
        }
        compare(model, engine, Draw.json("{'do':'stop'}"), options, story);
    }

    private static void compare(
            Model model, ScenarioRunner engine, JsonNode step, JsonNode options, List<String> story) {
        String expected = Effects.describe(model.step(step)) + state(model);
        String actual =
                Effects.describe(engine.step(step)) + state(engine.sync().status());
        story.add(step + " -> " + expected);
        if (!expected.equals(actual)) {
            throw new AssertionError("options: " + options + "\nso far (as the model has it):\n  "
                    + String.join("\n  ", story) + "\nmodel:  " + expected + "\nengine: " + actual);
        }
    }

    private static String state(Model model) {
        return " local " + text(model.target().local()) + " target "
                + text(model.target().wanted()) + (model.target().behind() ? " behind " : " ") + model.life();
    }

    private static String state(SyncStatus status) {
        return " local " + text(status.localVersion()) + " target " + text(status.target())
                + (status.behind() ? " behind " : " ") + status.state();
    }

    private static String text(Version version) {
        return version == null ? "none" : version.epoch() + "/" + version.revision();
    }

    private static String text(StateVersion version) {
        return version == null ? "none" : version.epoch() + "/" + version.revision();
    }

    @Provide
    Arbitrary<List<Draw>> draws() {
        Arbitrary<Kind> kinds = Arbitraries.frequency(Stream.of(Kind.values())
                .map(kind -> Tuple.of(kind.weight, kind))
                .toList());
        Arbitrary<Integer> numbers = Arbitraries.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Arbitrary<Integer> epochs = Arbitraries.of(0, 0, 0, 0, 0, 0, 1, 2, 2, 3);
        Arbitrary<List<Draw>> rest = Combinators.combine(kinds, numbers, epochs)
                .as(Draw::new)
                .list()
                .ofMaxSize(MOST_STEPS)
                .withSizeDistribution(RandomDistribution.uniform());
        return Combinators.combine(Arbitraries.integers().between(0, PRELUDE.size()), rest)
                .as((prelude, draws) -> Stream.concat(PRELUDE.stream().limit(prelude), draws.stream())
                        .toList());
    }

    @Provide
    Arbitrary<JsonNode> options() {
        Arbitrary<String> throttling = Arbitraries.of(
                "",
                "",
                "",
                "",
                ",'throttling':{'debounceMs':50}",
                ",'throttling':{'debounceMs':50,'maxWaitMs':120}",
                ",'throttling':{'throttleMs':100}",
                ",'throttling':{'throttleMs':100,'leading':false}",
                ",'throttling':{'debounceMs':20,'throttleMs':100}",
                ",'throttling':{'debounceMs':20,'maxWaitMs':30,'throttleMs':50,'leading':false}");
        Arbitrary<String> retry = Arbitraries.of(
                "",
                "",
                ",'retry':{'maxAttempts':2,'initialDelayMs':50,'multiplier':2,'maxDelayMs':800}",
                ",'retry':{'maxAttempts':3,'initialDelayMs':500,'multiplier':3,'maxDelayMs':800}");
        Arbitrary<String> catchUp = Arbitraries.of(
                "",
                "",
                ",'catchUp':{'initialDelayMs':10,'multiplier':2,'maxDelayMs':200,'giveUpAfterMs':100}",
                ",'catchUp':{'initialDelayMs':50,'multiplier':3,'maxDelayMs':300,'giveUpAfterMs':400}");
        Arbitrary<String> cached = Arbitraries.of(
                "",
                "",
                "",
                ",'cached':'3'",
                ",'cached':'7','cachedEpoch':'2'",
                ",'cached':'empty'",
                ",'cached':'fails'");
        Arbitrary<String> timings = Arbitraries.of(
                "", "", ",'snapshotTimeoutMs':100", ",'resyncMs':300", ",'snapshotTimeoutMs':70,'resyncMs':400");
        Arbitrary<String> manual = Arbitraries.of(
                "", ",'apply':'manual'", ",'subscribe':'manual'", ",'apply':'manual','subscribe':'manual'");
        Arbitrary<String> startup = Arbitraries.of("", ",'startup':'keepTrying'");
        return Combinators.combine(throttling, retry, catchUp, cached, timings, manual, startup)
                .as((a, b, c, d, e, f, g) -> Draw.json("{'topic':'t'" + a + b + c + d + e + f + g + "}"));
    }
}
