package io.statesync.property;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.conformance.Scenario;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The property test's model agrees with the project's conformance scenarios, so that both are one contract. */
class ModelConformanceTest {
    @TestFactory
    Stream<DynamicTest> theModelAgreesWithEveryScenario() throws IOException {
        List<Scenario> scenarios = new ArrayList<>(Scenario.resource("named.json"));
        scenarios.addAll(Scenario.resource("random.json"));
        return scenarios.stream().map(s -> DynamicTest.dynamicTest(s.name(), () -> run(s)));
    }

    private static void run(Scenario scenario) {
        Model model = new Model(scenario.options());
        StringBuilder story = new StringBuilder(scenario.options().toString());
        for (JsonNode step : scenario.steps()) {
            String actual = Effects.describe(model.step(step)) + " "
                    + local(model.target().local());
            List<String> effects = new ArrayList<>();
            step.path("expect").forEach(effect -> effects.add(effect.asString()));
            String expected = Effects.describe(effects) + " "
                    + step.path("localEpoch").asString("0") + "/"
                    + step.path("local").asString();
            story.append("\n  ").append(step).append(" -> ").append(actual);
            assertThat(actual).as("%s", story).isEqualTo(expected);
        }
    }

    private static String local(Version version) {
        return version == null ? "0/0" : version.epoch() + "/" + version.revision();
    }
}
