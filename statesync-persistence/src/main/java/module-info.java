/** Keeps snapshots where they outlive the process. */
module io.statesync.persistence {
    requires org.slf4j;
    requires static com.github.luben.zstd_jni;
    requires static tools.jackson.dataformat.cbor;
    requires static tools.jackson.dataformat.smile;
    requires static transitive org.jspecify;
    requires transitive io.statesync.core;
    requires transitive java.sql;
    requires transitive tools.jackson.databind;

    exports io.statesync.persistence;
    exports io.statesync.persistence.jdbc;
}
