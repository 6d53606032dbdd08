package io.statesync.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.StateVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/**
 * Runs every scenario of named.json and random.json, and of each JSON file in the folder that the system property
 * {@code statesync.conformance.dir} names.
 */
class EngineConformanceTest {
    private static final Pattern COMPLETION =
            Pattern.compile("(started|startFailed|refreshed|refreshFailed|reached|awaitFailed):\\d+");

    @TestFactory
    List<DynamicNode> scenarios() throws IOException {
        List<DynamicNode> nodes = new ArrayList<>();
        nodes.add(container("named.json", Scenario.resource("named.json")));
        nodes.add(container("random.json", Scenario.resource("random.json")));
        String folder = System.getProperty("statesync.conformance.dir");
        if (folder != null && !folder.isBlank()) {
            List<Path> files = jsonFiles(Path.of(folder));
            assertThat(files)
                    .as("*.json in statesync.conformance.dir=%s", folder)
                    .isNotEmpty();
            for (Path file : files) {
                nodes.add(container(file.toString(), Scenario.file(file)));
            }
        }
        return nodes;
    }

    private static List<Path> jsonFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }

    private static DynamicContainer container(String name, List<Scenario> scenarios) {
        assertThat(scenarios).as("scenarios in %s", name).isNotEmpty();
        return DynamicContainer.dynamicContainer(
                name, scenarios.stream().map(s -> DynamicTest.dynamicTest(s.name(), () -> run(s))));
    }

    private static void run(Scenario scenario) {
        ScenarioRunner runner = new ScenarioRunner(scenario.options());
        StringBuilder story = new StringBuilder();
        int n = 0;
        for (JsonNode step : scenario.steps()) {
            n++;
            List<String> effects = runner.step(step);
            StateVersion local = runner.sync().localVersion();
            String actual = describe(effects, runner.sync().localRevision().toString(), epochOf(local));
            List<String> expectedEffects = new ArrayList<>();
            step.path("expect").forEach(effect -> expectedEffects.add(effect.asString()));
            String localEpoch = Scenario.text(step, "localEpoch");
            String expected =
                    describe(expectedEffects, Scenario.text(step, "local"), localEpoch == null ? "0" : localEpoch);
            story.append(String.format("%n  %d. %s -> %s", n, step, actual));
            if (!actual.equals(expected)) {
                throw new AssertionError(String.format(
                        "scenario: %s%n  options: %s%n  step %d: %s%n  expected: %s%n  actual:   %s%n  so far:%s",
                        scenario.name(), scenario.options(), n, step, expected, actual, story));
            }
        }
        runner.sync().stop();
    }

    private static String epochOf(StateVersion version) {
        return version == null ? "0" : version.epoch().toString();
    }

    /** The effects in order, then the completions as a set, then where local is. */
    private static String describe(List<String> effects, String local, String epoch) {
        List<String> ordered = new ArrayList<>();
        List<String> completions = new ArrayList<>();
        for (String effect : effects) {
            (COMPLETION.matcher(effect).matches() ? completions : ordered).add(effect);
        }
        completions.sort(null);
        return ordered + " " + completions + " local " + local + " epoch " + epoch;
    }
}
