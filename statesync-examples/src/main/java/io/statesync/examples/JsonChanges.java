package io.statesync.examples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The difference between two JSON documents, key by key. Arrays are compared as a whole. */
final class JsonChanges {
    private static final Pattern PLAIN_NAME = Pattern.compile("[\\p{L}\\p{N}_-]+");
    private static final int MAX_VALUE_LENGTH = 60;

    private JsonChanges() {}

    /**
     * One key that differs.
     *
     * @param kind {@code added}, {@code changed} or {@code removed}
     * @param key the way to the value, such as {@code editor.tabSize}
     * @param values the new value, the old one, or both
     */
    record Change(String kind, String key, String values) {}

    /** The changes from one document to the next, in the order of the next; what was removed comes last. */
    static List<Change> between(JsonNode from, JsonNode to) {
        Map<String, JsonNode> before = leaves(from);
        Map<String, JsonNode> after = leaves(to);
        List<Change> changes = new ArrayList<>();
        after.forEach((key, value) -> {
            JsonNode old = before.get(key);
            if (old == null) {
                changes.add(new Change("added", key, text(value)));
            } else if (!old.equals(value)) {
                changes.add(new Change("changed", key, text(old) + " -> " + text(value)));
            }
        });
        before.forEach((key, value) -> {
            if (!after.containsKey(key)) {
                changes.add(new Change("removed", key, text(value)));
            }
        });
        return changes;
    }

    /** How many values a document has that are no objects with members. */
    static int count(JsonNode document) {
        return leaves(document).size();
    }

    private static Map<String, JsonNode> leaves(JsonNode document) {
        Map<String, JsonNode> leaves = new LinkedHashMap<>();
        collect("", document, leaves);
        return leaves;
    }

    private static void collect(String key, JsonNode node, Map<String, JsonNode> leaves) {
        if (!node.isObject() || (node.isEmpty() && !key.isEmpty())) {
            leaves.put(key.isEmpty() ? "(document)" : key, node);
            return;
        }
        node.properties().forEach(member -> collect(join(key, member.getKey()), member.getValue(), leaves));
    }

    private static String join(String key, String name) {
        if (!PLAIN_NAME.matcher(name).matches()) {
            return key + "[\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\"]";
        }
        return key.isEmpty() ? name : key + "." + name;
    }

    private static String text(JsonNode value) {
        String json = value.toString();
        return json.length() <= MAX_VALUE_LENGTH ? json : json.substring(0, MAX_VALUE_LENGTH - 3) + "...";
    }
}
