/** Keeps state the same across a network, over HTTP. */
module io.statesync.transport.http {
    requires org.slf4j;
    requires static transitive jakarta.servlet;
    requires static tools.jackson.databind;
    requires static transitive org.jspecify;
    requires tools.jackson.core;
    requires transitive io.statesync.core;
    requires transitive java.net.http;

    exports io.statesync.http;
    exports io.statesync.http.server;
    exports io.statesync.http.zuno;
}
