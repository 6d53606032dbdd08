package io.statesync.examples;

import io.statesync.jackson.JacksonCodec;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/** Reads and writes the content of JSON files. */
final class JsonFile {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS) // numbers are written as they were read
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private JsonFile() {}

    /** How documents are kept in a cache. */
    static JacksonCodec<JsonNode> codec() {
        return JacksonCodec.of(MAPPER, new TypeReference<JsonNode>() {}, "json");
    }

    /** Decodes the content of a file: one JSON value. */
    static JsonNode decode(byte[] content) throws IOException {
        JsonNode json = MAPPER.readTree(content);
        if (json.isMissingNode()) {
            throw new IOException("the file is empty");
        }
        return json;
    }

    /** A document as the content of a file, in the style of the content that it replaces. */
    static byte[] encode(JsonNode json, JsonStyle style) {
        return style.end(MAPPER.writer().with(style.printer()).writeValueAsString(json));
    }

    /** What is wrong with a file, in one line. */
    static String describe(Throwable problem) {
        if (problem instanceof NoSuchFileException missing && missing.getReason() == null) {
            return "the file is missing";
        }
        if (problem instanceof JacksonException e) {
            return String.format(
                    "not valid JSON at line %d, column %d: %s",
                    e.getLocation().getLineNr(), e.getLocation().getColumnNr(), oneLine(e.getOriginalMessage()));
        }
        String message = problem.getMessage();
        boolean forPeople = problem instanceof IOException || problem instanceof IllegalArgumentException;
        return oneLine(forPeople && message != null ? message : problem.toString());
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
