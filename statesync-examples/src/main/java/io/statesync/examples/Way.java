package io.statesync.examples;

import io.statesync.WritableBinding;
import io.statesync.http.HttpStateClient;
import io.statesync.jms.JmsStateClient;
import tools.jackson.databind.JsonNode;

/** The way to a topic of a server, over HTTP or over a broker. */
interface Way extends AutoCloseable {
    WritableBinding<JsonNode> binding();

    @Override
    void close();

    static Way over(HttpStateClient client, String topic) {
        return of(client.topic(topic, JsonFile.codec()), client::close);
    }

    static Way over(JmsStateClient client, String topic) {
        return of(client.topic(topic, JsonFile.codec()), client::close);
    }

    private static Way of(WritableBinding<JsonNode> binding, Runnable close) {
        return new Way() {
            @Override
            public WritableBinding<JsonNode> binding() {
                return binding;
            }

            @Override
            public void close() {
                close.run();
            }
        };
    }
}
