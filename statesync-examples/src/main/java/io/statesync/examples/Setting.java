package io.statesync.examples;

import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * A value that a key of a document is to have.
 *
 * @param key the way to the value, such as {@code editor.tabSize}
 */
record Setting(String key, JsonNode value) {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /** Of {@code key=value}; a value that is no JSON is a text. */
    static Setting parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 1 || ("." + text.substring(0, equals) + ".").contains("..")) {
            throw new IllegalArgumentException("'" + text + "' is not of the form key=value or object.key=value");
        }
        return new Setting(text.substring(0, equals), value(text.substring(equals + 1)));
    }

    private static JsonNode value(String text) {
        try {
            JsonNode json = MAPPER.readTree(text);
            return json.isMissingNode() ? StringNode.valueOf(text) : json;
        } catch (JacksonException e) {
            return StringNode.valueOf(text);
        }
    }

    /**
     * The document with this setting: a key that is there keeps its place, another one comes last.
     *
     * @throws IllegalArgumentException if what should hold the key is no object
     */
    JsonNode in(JsonNode document) {
        JsonNode copy = document.deepCopy();
        JsonNode holder = copy;
        String[] names = key.split("\\.", -1);
        for (int i = 0; i < names.length; i++) {
            if (!(holder instanceof ObjectNode object)) {
                String above = i == 0
                        ? "the document"
                        : String.join(".", List.of(names).subList(0, i));
                throw new IllegalArgumentException(
                        key + " cannot be set: " + above + " is no object, but " + kind(holder));
            }
            if (i == names.length - 1) {
                object.set(names[i], value);
            } else {
                holder = object.has(names[i]) ? object.get(names[i]) : object.putObject(names[i]);
            }
        }
        return copy;
    }

    private static String kind(JsonNode json) {
        return switch (json.getNodeType()) {
            case STRING -> "a text";
            case NUMBER -> "a number";
            case BOOLEAN -> json.toString();
            case ARRAY -> "an array";
            case NULL -> "null";
            default -> "of type " + json.getNodeType();
        };
    }

    @Override
    public String toString() {
        return key + " = " + value;
    }

    /** Reads settings from the command line. */
    static final class Converter implements ITypeConverter<Setting> {
        @Override
        public Setting convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
