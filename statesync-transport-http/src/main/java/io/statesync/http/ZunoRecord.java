package io.statesync.http;

import io.statesync.ProtocolException;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A key's state as Zuno's protocol writes it, in a snapshot or in an event. */
final class ZunoRecord {
    @Nullable
    String key;

    /** The state as JSON. */
    byte @Nullable [] state;

    long version = -1;

    /** The version that a write was made from; -1 if it is not told. */
    long baseVersion = -1;

    /** The client that wrote it; null if it is not told. */
    @Nullable
    String origin;

    private ZunoRecord() {}

    /** The states of all keys. */
    static Map<String, ZunoRecord> snapshot(byte[] data) throws ProtocolException {
        Map<String, ZunoRecord> records = new LinkedHashMap<>();
        Json.readAnswer(data, (key, value) -> {
            ZunoRecord record = new ZunoRecord();
            value.object(record::read);
            if (record.version < 0) {
                throw new ProtocolException("field " + Texts.quote(key) + ": the version is missing, or below 0");
            }
            record.key = key;
            records.put(key, record);
        });
        return records;
    }

    /** What happened to a key. */
    static ZunoRecord event(byte[] data) throws ProtocolException {
        ZunoRecord record = new ZunoRecord();
        Json.readAnswer(data, record::read);
        if (record.key == null || record.state == null || record.version < 0) {
            throw new ProtocolException("the event has no storeKey, no state or no version");
        }
        return record;
    }

    private void read(String field, Json.Cursor value) throws ProtocolException {
        switch (field) {
            case "storeKey" -> key = value.text(field);
            case "state" -> state = value.raw();
            case "version" -> version = value.number(field);
            case "baseVersion" -> baseVersion = value.isWholeNumber() ? value.number(field) : -1;
            case "origin" -> origin = value.isString() ? value.text(field) : null;
            default -> {}
        }
    }
}
