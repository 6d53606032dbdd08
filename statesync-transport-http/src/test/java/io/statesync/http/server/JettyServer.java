package io.statesync.http.server;

import io.statesync.testkit.internal.Ports;
import jakarta.servlet.http.HttpServlet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A Jetty with the servlet. */
public final class JettyServer implements ServletServer {
    private final Server server;
    private final ServerConnector connector;

    public JettyServer(HttpServlet servlet) throws Exception {
        this(servlet, 0);
    }

    /** On a port of its own, to come back where another was. */
    public JettyServer(HttpServlet servlet, int port) throws Exception {
        this(servlet, port, Duration.ofSeconds(30));
    }

    /** That ends a connection on which nothing happened for so long. */
    JettyServer(HttpServlet servlet, int port, Duration idleTimeout) throws Exception {
        QueuedThreadPool threads = new QueuedThreadPool(16, 4);
        threads.setName("jetty");
        threads.setDaemon(true);
        server = new Server(threads);
        connector = new ServerConnector(server, 1, 1);
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        connector.setPort(port == 0 ? Ports.free() : port); // it may come back there
        connector.setReuseAddress(true);
        connector.setIdleTimeout(idleTimeout.toMillis());
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler();
        ServletHolder holder = new ServletHolder(servlet);
        holder.setAsyncSupported(true);
        context.addServlet(holder, "/state/*");
        server.setHandler(context);
        server.setStopTimeout(0);
        Awaitility.await().atMost(1, TimeUnit.MINUTES).ignoreExceptions().until(() -> {
            connector.open(); // what was there before may still be going
            return connector.isOpen();
        });
        server.start();
    }

    @Override
    public int port() {
        return connector.getLocalPort();
    }

    @Override
    public int connections() {
        return connector.getConnectedEndPoints().size();
    }

    @Override
    public void close() throws Exception {
        server.stop();
    }
}
