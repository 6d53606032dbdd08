package io.statesync.http.zuno;

import io.statesync.ProtocolException;
import io.statesync.jackson.internal.Json;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A write as a client sent it. What is wrong with it is found while it is read, and told when it is asked for. */
final class Incoming {
    private @Nullable String storeKey;
    private byte @Nullable [] state;
    private @Nullable Map<String, byte[]> set;
    private List<String> unset = List.of();
    private long baseVersion = -1;
    private @Nullable String origin;
    private @Nullable String idempotencyKey;
    private @Nullable Refusal wrong;

    /** Reads the fields of a body that is one write, or, under {@code events}, several. */
    static List<Incoming> read(byte[] body, boolean[] batch) throws ProtocolException {
        Incoming single = new Incoming();
        List<Incoming> all = new ArrayList<>();
        Json.readObject(body, (field, value) -> {
            if (field.equals("events")) {
                batch[0] = true;
                value.array(field, element -> {
                    Incoming each = new Incoming();
                    element.object(each::read);
                    all.add(each);
                });
            } else {
                single.read(field, value);
            }
        });
        return batch[0] ? all : List.of(single);
    }

    private void read(String field, Json.Cursor value) throws ProtocolException {
        switch (field) {
            case "storeKey" -> storeKey = text(field, value);
            case "origin" -> origin = text(field, value);
            case "idempotencyKey" -> idempotencyKey = value.isNull() ? null : text(field, value);
            case "state" -> state = value.raw();
            case "delta" -> delta(value);
            case "baseVersion" -> {
                if (!value.isWholeNumber() || value.number(field) < 0) {
                    wrong(field, "must be a whole number of at least 0");
                } else {
                    baseVersion = value.number(field);
                }
            }
            case "operation" -> {
                if (!"upsert".equals(text(field, value))) {
                    wrong(field, "only upsert is supported");
                }
            }
            case "durability" -> {
                if (!"durable".equals(text(field, value))) {
                    wrong(field, "only durable is supported");
                }
            }
            default -> {} // version, ts, intent and eventId are the client's own
        }
    }

    private @Nullable String text(String field, Json.Cursor value) throws ProtocolException {
        if (!value.isString()) {
            wrong(field, "must be a string");
            return null;
        }
        return value.text(field);
    }

    private void delta(Json.Cursor value) throws ProtocolException {
        if (!value.isObject()) {
            wrong("delta", "must be an object");
            return;
        }
        Map<String, byte[]> fields = new LinkedHashMap<>();
        List<String> removed = new ArrayList<>();
        boolean[] known = new boolean[2];
        value.object((field, part) -> {
            switch (field) {
                case "type" -> known[0] = part.isString() && part.text(field).equals("object");
                case "set" -> {
                    known[1] = part.isObject();
                    if (known[1]) {
                        part.object((name, each) -> fields.put(name, each.raw()));
                    }
                }
                case "unset" -> part.array(field, element -> removed.add(element.text(field)));
                default -> {}
            }
        });
        if (known[0] && known[1]) {
            set = fields;
            unset = removed;
        } else {
            wrong("delta", "must be of type object, and have an object set");
        }
    }

    private void wrong(String field, String message) {
        if (wrong == null) {
            wrong = Refusal.invalid(field, message);
        }
    }

    /** The key of the store, if the write is well-formed. */
    String key(int maxKeyLength) throws Refusal {
        if (wrong != null) {
            throw wrong;
        }
        if (storeKey == null || storeKey.isBlank()) {
            throw Refusal.invalid("storeKey", "must be a string that is not blank");
        }
        checkLength("storeKey", storeKey, maxKeyLength);
        checkLength("origin", origin, maxKeyLength);
        checkLength("idempotencyKey", idempotencyKey, maxKeyLength);
        if (state == null && set == null) {
            throw Refusal.invalid("state", "state or delta is required");
        }
        return storeKey;
    }

    private static void checkLength(String field, @Nullable String text, int most) throws Refusal {
        if (text != null && text.length() > most) {
            throw Refusal.invalid(field, "is " + text.length() + " long, and must not be longer than " + most);
        }
    }

    /** Whether it is made from the state that the store has, and so must be the next write after it. */
    boolean isDelta() {
        return state == null;
    }

    /** The version that it was made from; -1 if it is to be written whatever the version is. */
    long baseVersion() {
        return baseVersion;
    }

    @Nullable
    String origin() {
        return origin;
    }

    @Nullable
    String idempotencyKey() {
        return idempotencyKey;
    }

    /**
     * The new state.
     *
     * @param current the state that the store has; null if there is none
     */
    byte[] state(byte @Nullable [] current) {
        byte[] whole = state;
        if (whole != null) {
            return whole;
        }
        Map<String, byte[]> fields = new LinkedHashMap<>();
        if (current != null) {
            try {
                Json.readAnswer(current, (name, value) -> fields.put(name, value.raw()));
            } catch (ProtocolException e) {
                fields.clear(); // what is no object has no fields, as Zuno's own server sees it
            }
        }
        unset.forEach(fields::remove);
        fields.putAll(set == null ? Map.of() : set);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write('{');
        fields.forEach((name, value) -> {
            out.writeBytes(Wire.utf8((out.size() == 1 ? "" : ",") + Json.quote(name) + ":"));
            out.writeBytes(value);
        });
        out.write('}');
        return out.toByteArray();
    }
}
