/** Keeps one piece of state the same in many places. */
@SuppressWarnings("module") // the module that the internals are shared with is compiled later
module io.statesync.core {
    requires org.slf4j;
    requires static micrometer.core;
    requires static transitive org.jspecify;

    exports io.statesync;
    exports io.statesync.apply;
    exports io.statesync.internal to
            io.statesync.persistence;
    exports io.statesync.micrometer;
    exports io.statesync.replica;
    exports io.statesync.source;
    exports io.statesync.source.internal to
            io.statesync.persistence;
}
