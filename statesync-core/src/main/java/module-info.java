/** Keeps one piece of state the same in many places. */
module io.statesync.core {
    requires org.slf4j;
    requires static micrometer.core;
    requires static transitive org.jspecify;

    exports io.statesync;
    exports io.statesync.apply;
    exports io.statesync.micrometer;
    exports io.statesync.replica;
    exports io.statesync.source;
}
