package io.statesync.http.server;

import jakarta.servlet.http.HttpServlet;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.AbstractProtocol;

/** A Tomcat with the servlet. */
public final class TomcatServer implements ServletServer {
    private static final Logger log = Logger.getLogger("org.apache"); // kept, or its level would be forgotten

    private static final int KEEP_ALIVE_MS = 60_000;

    private final Tomcat tomcat = new Tomcat();
    private final Connector connector = new Connector();

    /** That ends a connection which makes no progress for so long while it is read or written. */
    TomcatServer(HttpServlet servlet, Duration connectionTimeout) throws Exception {
        log.setLevel(Level.WARNING);
        tomcat.setBaseDir(Files.createDirectories(Path.of("target", "tomcat").toAbsolutePath())
                .toString()); // several at once could not make it
        AbstractProtocol<?> protocol = protocol();
        protocol.setAddress(InetAddress.getLoopbackAddress());
        protocol.setMaxThreads(16);
        protocol.setConnectionTimeout((int) connectionTimeout.toMillis());
        protocol.setKeepAliveTimeout(KEEP_ALIVE_MS);
        connector.setPort(0);
        tomcat.setConnector(connector);
        StandardContext context = (StandardContext) tomcat.addContext("", null);
        // What they do needs options of the JVM, and is for applications that are redeployed.
        context.setClearReferencesObjectStreamClassCaches(false);
        context.setClearReferencesRmiTargets(false);
        context.setClearReferencesThreadLocals(false);
        Wrapper wrapper = Tomcat.addServlet(context, "state", servlet);
        wrapper.setAsyncSupported(true);
        wrapper.addMapping("/state/*");
        tomcat.start();
    }

    private AbstractProtocol<?> protocol() {
        return (AbstractProtocol<?>) connector.getProtocolHandler();
    }

    @Override
    public int port() {
        return connector.getLocalPort();
    }

    @Override
    public int connections() {
        return (int) protocol().getConnectionCount() - 1; // it counts the one that it waits for
    }

    @Override
    public void close() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }
}
