/** Keeps state the same over a message broker. */
module io.statesync.transport.jms {
    requires org.slf4j;
    requires static tools.jackson.databind;
    requires static transitive jakarta.messaging;
    requires static transitive org.jspecify;
    requires tools.jackson.core;
    requires transitive io.statesync.core;

    exports io.statesync.jms;
}
