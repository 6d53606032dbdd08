package io.statesync.http;

import io.statesync.http.RawServer.Connection;
import io.statesync.http.RawServer.Request;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A server of the protocol whose answers a test changes: by default streams open, and changes are taken. */
final class ScriptedServer implements AutoCloseable {
    final RawServer server = new RawServer(this::answer);
    final BlockingQueue<Connection> streams = new LinkedBlockingQueue<>();
    private final Map<String, RawServer.Script> scripts = new ConcurrentHashMap<>();
    private final AtomicInteger ids = new AtomicInteger();

    ScriptedServer() throws IOException {}

    URI base() {
        return server.uri("/state/");
    }

    /** Answers requests such as {@code POST /streams} so; those to a stream are {@code GET /streams/} and so on. */
    void on(String request, RawServer.Script script) {
        scripts.put(request, script);
    }

    /** Answers them as by default again. */
    void forget(String request) {
        scripts.remove(request);
    }

    private static String kind(Request request) {
        String path = request.path().substring("/state".length());
        return request.method() + " " + (path.startsWith("/streams/") ? "/streams/" : path);
    }

    private void answer(Request request, Connection to) throws Exception {
        RawServer.Script script = scripts.get(kind(request));
        if (script != null) {
            script.answer(request, to);
            return;
        }
        switch (kind(request)) {
            case "POST /streams" -> to.reply(201, "{\"id\":\"s" + ids.incrementAndGet() + "\",\"heartbeatMs\":15000}");
            case "GET /streams/" -> {
                to.stream();
                streams.add(to);
                to.awaitEnd();
            }
            case "POST /streams/" -> to.reply(200, "{}");
            default -> to.reply(500, "not scripted");
        }
    }

    /** The next stream that was opened. */
    Connection stream() throws InterruptedException {
        return streams.poll(20, TimeUnit.SECONDS);
    }

    /** The requests of a kind. */
    List<Request> requests(String kind) {
        return server.requests.stream()
                .filter(request -> kind(request).equals(kind))
                .toList();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
