package io.statesync.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A conformance scenario as it stands in a JSON file: docs/conformance.md says what its words mean. */
public record Scenario(String name, JsonNode options, List<JsonNode> steps) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    public static List<Scenario> resource(String name) throws IOException {
        try (InputStream in = Scenario.class.getResourceAsStream("/conformance/" + name)) {
            return parse(MAPPER.readTree(in));
        }
    }

    public static List<Scenario> file(Path path) throws IOException {
        return parse(MAPPER.readTree(Files.readAllBytes(path)));
    }

    private static List<Scenario> parse(JsonNode array) {
        List<Scenario> scenarios = new ArrayList<>();
        for (JsonNode node : array) {
            List<JsonNode> steps = new ArrayList<>();
            node.path("steps").forEach(steps::add);
            scenarios.add(new Scenario(node.path("name").asString(), node.path("options"), steps));
        }
        return scenarios;
    }

    /** A duration option in milliseconds, or null where it is absent. */
    static Duration millis(JsonNode node, String field) {
        return node.hasNonNull(field) ? Duration.ofMillis(node.get(field).asLong()) : null;
    }

    /** A text field, or null where it is absent or null. */
    static String text(JsonNode node, String field) {
        return node.hasNonNull(field) ? node.get(field).asString() : null;
    }
}
