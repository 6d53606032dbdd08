package io.statesync.testkit.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A proxy on loopback whose connections can be cut. */
public final class CuttingProxy implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final int target;
    private volatile boolean broken;

    /** A proxy to a port of loopback. */
    public CuttingProxy(int target) throws IOException {
        this.target = target;
        run(this::accept);
    }

    /** The port. */
    public int port() {
        return server.getLocalPort();
    }

    /** A URL through it. */
    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + path);
    }

    /** Cuts all connections, and those that come. */
    public void cut() throws IOException {
        broken = true;
        cutAll();
    }

    /** Lets connections be again. */
    public void heal() {
        broken = false;
    }

    /** Cuts all connections that there are. */
    public void cutAll() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static void run(Runnable task) {
        Thread thread = new Thread(task, "cutting-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                connect(server.accept());
            } catch (IOException closed) {
                Thread.onSpinWait();
            }
        }
    }

    private void connect(Socket client) throws IOException {
        sockets.add(client);
        Socket upstream = null;
        try {
            upstream = new Socket(InetAddress.getLoopbackAddress(), target);
            sockets.add(upstream);
            client.setTcpNoDelay(true);
            upstream.setTcpNoDelay(true);
        } catch (IOException targetAway) {
            end(client, upstream);
            return;
        }
        if (broken) { // if it comes to be so only now, what cuts sees both
            end(client, upstream);
        } else {
            Socket there = upstream;
            run(() -> pipe(client, there));
            run(() -> pipe(there, client));
        }
    }

    private void end(Socket client, @Nullable Socket upstream) throws IOException {
        sockets.remove(client);
        client.close();
        if (upstream != null) {
            sockets.remove(upstream);
            upstream.close();
        }
    }

    private void pipe(Socket from, Socket to) {
        try (from;
                to) {
            OutputStream out = to.getOutputStream();
            byte[] chunk = new byte[8192];
            for (int n = from.getInputStream().read(chunk);
                    n >= 0;
                    n = from.getInputStream().read(chunk)) {
                out.write(chunk, 0, n);
            }
        } catch (IOException e) {
            // cut
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cutAll();
    }
}
