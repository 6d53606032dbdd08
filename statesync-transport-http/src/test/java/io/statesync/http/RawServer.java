package io.statesync.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server on loopback that says exactly what a test lets it say. Each connection has a thread. */
final class RawServer implements AutoCloseable {
    /** Answers a request. */
    interface Script {
        void answer(Request request, Connection connection) throws Exception;
    }

    /** A request as it came; the names of its headers in lower case. */
    record Request(String method, String target, Map<String, String> headers, String body) {
        String path() {
            return URI.create(target).getPath();
        }
    }

    final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ServerSocket server;
    private volatile Script script;

    RawServer(Script script) throws IOException {
        this.script = script;
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        run("raw-server", this::accept);
    }

    void script(Script script) {
        this.script = script;
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + path);
    }

    int openConnections() {
        return sockets.size();
    }

    List<String> lines() {
        return requests.stream().map(r -> r.method() + " " + r.target()).toList();
    }

    private static void run(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                run("raw-connection", () -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            Connection connection = new Connection(socket, in);
            for (Request request = read(in); request != null; request = read(in)) {
                requests.add(request);
                script.answer(request, connection);
            }
        } catch (Exception e) {
            // the client went away, or the test is over
        } finally {
            sockets.remove(socket);
        }
    }

    private static Request read(InputStream in) throws IOException {
        String first = line(in);
        if (first == null) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); line != null && !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).trim());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        String[] parts = first.split(" ", 3);
        return new Request(parts[0], parts[1], headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return null;
            }
            if (b != '\r') {
                out.write(b);
            }
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    /** A connection, to write to. */
    static final class Connection {
        private final Socket socket;
        private final InputStream in;

        Connection(Socket socket, InputStream in) {
            this.socket = socket;
            this.in = in;
        }

        synchronized void raw(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes); // not buffered; who reads it may close the connection at once
        }

        void raw(String text) throws IOException {
            raw(text.getBytes(StandardCharsets.UTF_8));
        }

        /** A whole answer; {@code headers} are lines without their ends. */
        void reply(int status, byte[] body, String... headers) throws IOException {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " X\r\n");
            for (String header : headers) {
                head.append(header).append("\r\n");
            }
            if (status != 304 && status != 204) {
                head.append("Content-Length: ").append(body.length).append("\r\n");
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
            out.writeBytes(body);
            raw(out.toByteArray());
        }

        void reply(int status, String body, String... headers) throws IOException {
            reply(status, body.getBytes(StandardCharsets.UTF_8), headers);
        }

        /** The head of a stream of events, which ends with its connection. */
        void stream() throws IOException {
            raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
        }

        void cut() throws IOException {
            socket.close();
        }

        /** Waits until the client has closed the connection. */
        void awaitEnd() throws IOException {
            in.transferTo(OutputStream.nullOutputStream());
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
