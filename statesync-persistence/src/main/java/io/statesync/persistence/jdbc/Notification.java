package io.statesync.persistence.jdbc;

import io.statesync.InvalidationHandler;
import io.statesync.StateVersion;
import java.io.StringWriter;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * PostgreSQL's {@code NOTIFY} as an event: sent with the transaction that it tells of, or not at all.
 *
 * <p>The payload is the event as JSON in ASCII. PostgreSQL takes less than 8,000 bytes: a payload that would be longer goes
 * without its source id, then with the topic's hash in place of the topic.
 */
final class Notification {
    static final String TOPIC = "topic";
    static final String TOPIC_HASH = "topicHash";
    static final String REVISION = "revision";
    static final String EPOCH = "epoch";
    static final String SOURCE_ID = "sourceId";

    private static final int MAX_PAYLOAD = 7_999;
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final String channel;

    Notification(String channel) {
        this.channel = channel;
    }

    /** Has the transaction tell of a version when it is committed. */
    void send(Session transaction, String topic, StateVersion version, @Nullable String sourceId) throws SQLException {
        if (transaction.dialect() != Dialect.POSTGRESQL) {
            throw new SQLFeatureNotSupportedException("notifyChannel is for PostgreSQL alone: leave it out");
        }
        transaction.execute("SELECT pg_notify(?, ?)", channel, payload(topic, version, sourceId));
    }

    static String payload(String topic, StateVersion version, @Nullable String sourceId) {
        String whole = json(TOPIC, topic, version, sourceId);
        if (whole.length() <= MAX_PAYLOAD) {
            return whole;
        }
        String anonymous = json(TOPIC, topic, version, null);
        return anonymous.length() <= MAX_PAYLOAD ? anonymous : json(TOPIC_HASH, TopicKey.hash(topic), version, null);
    }

    private static String json(String field, String topic, StateVersion version, @Nullable String sourceId) {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeStringProperty(field, topic);
            json.writeStringProperty(REVISION, version.revision().toString());
            json.writeStringProperty(EPOCH, version.epoch().toString());
            if (sourceId != null) {
                json.writeStringProperty(SOURCE_ID, sourceId);
            }
            json.writeEndObject();
        }
        return out.toString();
    }

    /**
     * What a notification says.
     *
     * @param topic the topic; null if it is named by its hash
     * @param topicHash the topic's hash; null if it is named
     * @param payload the payload, for reports
     */
    record Event(
            @Nullable String topic,
            @Nullable String topicHash,
            @Nullable String revision,
            @Nullable String epoch,
            @Nullable String sourceId,
            String payload) {
        void tell(InvalidationHandler handler, @Nullable String topic) {
            handler.event(topic, revision, epoch, sourceId, payload);
        }
    }

    /**
     * Reads a payload. Fields that are not known are passed over.
     *
     * @throws RuntimeException if it is not an object in JSON that names a topic
     */
    static Event parse(String payload) {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), payload)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("not an object");
            }
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (value != null && value.isScalarValue() && value != JsonToken.VALUE_NULL) {
                    fields.put(name, json.getString());
                } else {
                    json.skipChildren();
                }
            }
            if (json.nextToken() != null) {
                throw new IllegalArgumentException("more than an object");
            }
        }
        Event event = new Event(
                fields.get(TOPIC),
                fields.get(TOPIC_HASH),
                fields.get(REVISION),
                fields.get(EPOCH),
                fields.get(SOURCE_ID),
                payload);
        if (event.topic() == null && event.topicHash() == null) {
            throw new IllegalArgumentException("no topic");
        }
        return event;
    }
}
