package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.statesync.examples.JsonChanges.Change;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JsonChangesTest {

    static Stream<Arguments> changes() {
        return Stream.of(
                arguments("{}", "{'a': 1}", List.of(new Change("added", "a", "1"))),
                arguments("{'a': 1}", "{'a': '1'}", List.of(new Change("changed", "a", "1 -> \"1\""))),
                arguments("{'a': 1}", "{}", List.of(new Change("removed", "a", "1"))),
                arguments("{'a': {'b': 1}}", "{'a': {'b': null}}", List.of(new Change("changed", "a.b", "1 -> null"))),
                arguments("{'a': [1]}", "{'a': [1, 2]}", List.of(new Change("changed", "a", "[1] -> [1,2]"))),
                arguments(
                        "{'a': {}}",
                        "{'a': {'b': 1}}",
                        List.of(new Change("added", "a.b", "1"), new Change("removed", "a", "{}"))),
                arguments("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", List.of()),
                arguments("1", "2", List.of(new Change("changed", "(document)", "1 -> 2"))));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void tellsKeyByKeyWhatDiffers(String from, String to, List<Change> changes) {
        assertThat(JsonChanges.between(json(from), json(to))).isEqualTo(changes);
    }

    @Test
    void keyWithADotIsNotTakenForAWay() {
        assertThat(JsonChanges.between(json("{'a': {'b': 1}, 'a.b': 1}"), json("{'a': {'b': 1}, 'a.b': 2}")))
                .containsExactly(new Change("changed", "[\"a.b\"]", "1 -> 2"));
    }

    @Test
    void longValueIsCut() {
        String longText = "x".repeat(200);

        assertThat(JsonChanges.between(json("{}"), json("{'a': '" + longText + "'}")))
                .allSatisfy(change -> assertThat(change.values()).hasSize(60).endsWith("..."));
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text.replace('\'', '"'));
    }
}
