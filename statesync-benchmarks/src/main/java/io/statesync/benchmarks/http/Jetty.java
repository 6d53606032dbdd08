package io.statesync.benchmarks.http;

import jakarta.servlet.http.HttpServlet;
import java.net.InetAddress;
import java.net.URI;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.LifeCycle;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** An embedded Jetty on a port of the loopback interface. */
final class Jetty implements AutoCloseable {
    private final Server server;
    private final ServerConnector connector;

    Jetty(Handler handler) throws Exception {
        QueuedThreadPool threads = new QueuedThreadPool(32, 4);
        threads.setDaemon(true);
        server = new Server(threads);
        connector = new ServerConnector(server, 1, 1);
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        connector.setAcceptQueueSize(1024);
        connector.setIdleTimeout(300_000);
        server.addConnector(connector);
        server.setHandler(handler);
        server.setStopTimeout(0);
        server.start();
    }

    static Jetty serving(HttpServlet servlet) throws Exception {
        ServletContextHandler context = new ServletContextHandler();
        ServletHolder holder = new ServletHolder(servlet);
        holder.setAsyncSupported(true);
        context.addServlet(holder, "/state/*");
        return new Jetty(context);
    }

    int port() {
        return connector.getLocalPort();
    }

    URI base() {
        return URI.create("http://" + connector.getHost() + ":" + port() + "/state");
    }

    @Override
    public void close() {
        LifeCycle.stop(server);
    }
}
