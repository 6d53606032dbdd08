package io.statesync.docs;

import io.statesync.StateVersion;
import io.statesync.testkit.internal.Ports;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.websocket.CloseReason;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.websocket.server.WsSci;

/** Says by WebSocket at which version a topic is: to each as soon as it is connected, and whenever that moves. */
final class WebSocketServer implements AutoCloseable {
    private static final Logger log = Logger.getLogger("org.apache"); // kept, or its level would be forgotten

    private final Set<Session> sessions = new HashSet<>(); // guarded by this
    private StateVersion at = StateVersion.ofUnsigned(0, 0); // guarded by this
    private final int port;
    private Tomcat tomcat;

    WebSocketServer() throws Exception {
        log.setLevel(Level.SEVERE);
        port = start(Ports.free());
    }

    URI uri() {
        return URI.create("ws://" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + port + "/theme");
    }

    /** Comes back where it was. */
    void start() throws Exception {
        start(port);
    }

    private int start(int at) throws Exception {
        Connector connector = new Connector();
        ((AbstractProtocol<?>) connector.getProtocolHandler()).setAddress(InetAddress.getLoopbackAddress());
        connector.setPort(at);
        tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createDirectories(Path.of("target", "tomcat").toAbsolutePath())
                .toString()); // several at once could not make it
        tomcat.setConnector(connector);
        StandardContext context = (StandardContext) tomcat.addContext("", null);
        // What they do needs options of the JVM, and is for applications that are redeployed.
        context.setClearReferencesObjectStreamClassCaches(false);
        context.setClearReferencesRmiTargets(false);
        context.setClearReferencesThreadLocals(false);
        context.addServletContainerInitializer(new WsSci(), null);
        context.addServletContainerInitializer((classes, servlets) -> addEndpoint(servlets), null);
        Tomcat.addServlet(context, "nothing", "org.apache.catalina.servlets.DefaultServlet");
        context.addServletMappingDecoded("/", "nothing");
        tomcat.start();
        return connector.getLocalPort();
    }

    private void addEndpoint(ServletContext servlets) throws ServletException {
        ServerContainer container = (ServerContainer) servlets.getAttribute(ServerContainer.class.getName());
        try {
            container.addEndpoint(ServerEndpointConfig.Builder.create(Announcer.class, "/theme")
                    .configurator(new ServerEndpointConfig.Configurator() {
                        @Override
                        public <T> T getEndpointInstance(Class<T> type) {
                            return type.cast(new Announcer());
                        }
                    })
                    .build());
        } catch (DeploymentException e) {
            throw new ServletException(e);
        }
    }

    synchronized void announce(StateVersion version) {
        at = version;
        for (Session session : List.copyOf(sessions)) { // one that cannot be told may leave at once, on this thread
            if (!isTold(session)) {
                sessions.remove(session);
            }
        }
    }

    private synchronized void joined(Session session) {
        if (isTold(session)) {
            sessions.add(session);
        }
    }

    private synchronized void left(Session session) {
        sessions.remove(session);
    }

    private boolean isTold(Session session) {
        try {
            session.getBasicRemote().sendText(at.revision() + " " + at.epoch());
            return true;
        } catch (IOException | RuntimeException e) { // it is gone, and will connect again
            return false;
        }
    }

    /** Ends all connections, and takes no more. */
    void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }

    @Override
    public void close() throws Exception {
        stop();
    }

    /** One connection. */
    private final class Announcer extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            joined(session);
        }

        @Override
        public void onClose(Session session, CloseReason reason) {
            left(session);
        }
    }
}
