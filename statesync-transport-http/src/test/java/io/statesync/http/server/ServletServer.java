package io.statesync.http.server;

import jakarta.servlet.http.HttpServlet;
import java.net.URI;
import java.time.Duration;

/** A servlet container that has the servlet at {@code /state}, on a port of the loopback interface. */
public interface ServletServer extends AutoCloseable {
    int port();

    default URI base() {
        return URI.create("http://127.0.0.1:" + port() + "/state");
    }

    /** How many connections it has. */
    int connections();

    @Override
    void close() throws Exception;

    /** The containers that the servlet is to run in. */
    enum Kind {
        JETTY {
            @Override
            public ServletServer start(HttpServlet servlet, Duration timeout) throws Exception {
                return new JettyServer(servlet, 0, timeout);
            }
        },
        TOMCAT {
            @Override
            public ServletServer start(HttpServlet servlet, Duration timeout) throws Exception {
                return new TomcatServer(servlet, timeout);
            }
        };

        /**
         * Starts a container.
         *
         * @param timeout after so long without progress it ends a connection that is written to
         */
        public abstract ServletServer start(HttpServlet servlet, Duration timeout) throws Exception;

        public ServletServer start(HttpServlet servlet) throws Exception {
            return start(servlet, Duration.ofSeconds(100));
        }
    }
}
