package io.statesync.examples;

import jakarta.servlet.http.HttpServlet;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/** A Jetty with a servlet below a path, which is destroyed with it, and perhaps one for everything else. */
final class JettyServer implements Closeable {
    /** What a server for this machine only is called; to other names it answers 404. */
    private static final List<String> LOCAL_NAMES = List.of("localhost", "127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]");

    private final HttpServlet servlet;
    private final String path;
    private final InetAddress host;
    private final Server server;
    private final ServerConnector connector;

    /**
     * Serves from now on.
     *
     * @param servlet one that ends its streams when it is destroyed
     * @param path where it is, such as {@code /state}
     * @param pages for everything else; null for nothing
     * @param port 0 for any that is free
     * @throws IOException if it cannot listen there
     */
    JettyServer(HttpServlet servlet, String path, @Nullable HttpServlet pages, InetAddress host, int port)
            throws IOException {
        this.servlet = servlet;
        this.path = path;
        this.host = host;
        QueuedThreadPool threads = new QueuedThreadPool(16, 2);
        threads.setName("jetty");
        server = new Server(threads);
        connector = new ServerConnector(server, 1, 1);
        connector.setHost(host.getHostAddress());
        connector.setPort(port);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler();
        ServletHolder holder = new ServletHolder(servlet);
        holder.setAsyncSupported(true); // open streams have no thread
        context.addServlet(holder, path + "/*");
        if (pages != null) {
            context.addServlet(new ServletHolder(pages), "/");
        }
        if (host.isLoopbackAddress()) { // a page elsewhere may have its own name mean this machine, and be let in
            context.setVirtualHosts(LOCAL_NAMES);
        }
        server.setHandler(context);
        start(port);
    }

    private void start(int port) throws IOException {
        try {
            connector.open();
        } catch (IOException e) {
            boolean inUse = e.getCause() instanceof BindException
                    && String.valueOf(e.getCause()).contains("in use");
            String problem = inUse ? "is in use; --port names another" : "cannot be listened at: " + e.getMessage();
            throw new IOException("port " + port + " of " + host.getHostAddress() + " " + problem, e);
        }
        try {
            server.start();
        } catch (Exception e) {
            connector.close();
            throw new IOException("Jetty does not start: " + e.getMessage(), e);
        }
    }

    /** The base of the protocol's paths. */
    URI base() {
        String name = host.isAnyLocalAddress() ? "localhost" : host.getHostAddress();
        try {
            return new URI("http", null, name, connector.getLocalPort(), path, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Tells those who follow to come back later, and ends. */
    @Override
    public void close() throws IOException {
        servlet.destroy();
        try {
            server.stop();
        } catch (Exception e) {
            throw new IOException("Jetty does not stop: " + e.getMessage(), e);
        }
    }
}
