package io.statesync.examples;

import io.statesync.jackson.JacksonCodec;
import io.statesync.source.FileAuthority;
import io.statesync.source.FileSource;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.regex.Pattern;
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

    private static final Pattern START_MARKER = Pattern.compile(" \\(start marker at \\[Source: .*]\\)");

    private JsonFile() {}

    /** How documents are kept in a cache, and sent. */
    static JacksonCodec<JsonNode> codec() {
        return JacksonCodec.of(MAPPER, new TypeReference<JsonNode>() {}, "json");
    }

    /**
     * Opens a file that keeps its layout when it is written.
     *
     * @param onProblem hears of content that is refused, and of a missing file
     * @throws IOException if its folder does not exist
     */
    static FileAuthority<JsonNode> open(String topic, Path file, Consumer<Throwable> onProblem) throws IOException {
        JsonStyle[] style = {JsonStyle.of(new byte[0])}; // of the source's thread
        return FileSource.<JsonNode>builder(topic, file, content -> {
                    JsonNode json = decode(content);
                    style[0] = JsonStyle.of(content);
                    return json;
                })
                .onError((path, problem) -> onProblem.accept(problem))
                .writable(json -> encode(json, style[0]))
                .open();
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
                    e.getLocation().getLineNr(),
                    e.getLocation().getColumnNr(),
                    oneLine(START_MARKER.matcher(e.getOriginalMessage()).replaceAll("")));
        }
        String message = problem.getMessage();
        boolean forPeople = problem instanceof IOException || problem instanceof IllegalArgumentException;
        return oneLine(forPeople && message != null ? message : problem.toString());
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
