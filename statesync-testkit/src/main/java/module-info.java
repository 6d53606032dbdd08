/** Contract tests for those who implement a seam of statesync. */
module io.statesync.testkit {
    requires transitive io.statesync.core;
    requires transitive org.assertj.core;
    requires transitive org.junit.jupiter.api;
    requires static transitive io.statesync.persistence;
    requires static transitive org.jspecify;

    exports io.statesync.testkit;
}
