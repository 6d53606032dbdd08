/** Keeps one piece of state the same in many places. */
@SuppressWarnings("module") // the modules that the internals are shared with are compiled later
module io.statesync.core {
    requires org.slf4j;
    requires static micrometer.core;
    requires static tools.jackson.databind;
    requires static tools.jackson.dataformat.cbor;
    requires static tools.jackson.dataformat.smile;
    requires static transitive org.jspecify;

    exports io.statesync;
    exports io.statesync.apply;
    exports io.statesync.internal to
            io.statesync.persistence,
            io.statesync.transport.http,
            io.statesync.transport.jms;
    exports io.statesync.jackson;
    exports io.statesync.jackson.internal to
            io.statesync.persistence,
            io.statesync.transport.http,
            io.statesync.transport.jms;
    exports io.statesync.micrometer;
    exports io.statesync.replica;
    exports io.statesync.source;
    exports io.statesync.source.internal to
            io.statesync.persistence,
            io.statesync.transport.http,
            io.statesync.transport.jms;
}
