package io.statesync.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the content of JSON files. */
final class JsonFile {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonFile() {}

    /**
     * A document and when it was saved.
     *
     * @param savedAt the file's modification time when its content had been read
     */
    record Saved(JsonNode json, Instant savedAt) {}

    /** Decodes the content of a file, and notes the file's time with it. */
    static Saved decode(Path file, byte[] content) throws IOException {
        return new Saved(decode(content), Files.getLastModifiedTime(file).toInstant());
    }

    /** Decodes the content of a file: one JSON value. */
    static JsonNode decode(byte[] content) throws IOException {
        JsonNode json = MAPPER.readTree(content);
        if (json.isMissingNode()) {
            throw new IOException("the file is empty");
        }
        return json;
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
        return oneLine(problem instanceof IOException && message != null ? message : problem.toString());
    }

    private static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
