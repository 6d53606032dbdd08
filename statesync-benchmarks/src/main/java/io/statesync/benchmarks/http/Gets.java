package io.statesync.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.http.server.StateServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * A program that measures pulls per second beside a bare handler of Jetty that answers the same bytes. A bare servlet shows what
 * the servlet API itself costs. Ends with exit code 1 if the bound is broken.
 */
public final class Gets {
    private static final double MIN_RATIO = 0.8;
    private static final int ROUNDS = 11;
    private static final int WARM_UP = 6;
    private static final int CONNECTIONS = 4;
    private static final int PER_ROUND = 20_000;

    private Gets() {}

    /** Answers what it was given. */
    private static final class Bare extends Handler.Abstract {
        private final byte[] body;

        Bare(byte[] body) {
            this.body = body;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
            response.write(true, ByteBuffer.wrap(body), callback);
            return true;
        }
    }

    /** A servlet that answers what it was given: what the servlet API itself costs. */
    @SuppressWarnings("serial")
    private static final class BareServlet extends HttpServlet {
        private final transient byte[] body;

        BareServlet(byte[] body) {
            this.body = body;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("application/json");
            response.setContentLength(body.length);
            response.getOutputStream().write(body);
        }
    }

    /** Measures and prints. Arguments: the length of the state, 1,000 if it is left out. */
    public static void main(String[] args) throws Exception {
        int length = args.length == 0 ? 1000 : Integer.parseInt(args[0]);
        RevisionedStore<String> store = RevisionedStore.of("settings", "x".repeat(length));
        StateServlet servlet = StateServlet.builder()
                .topic(store, JacksonCodec.json(String.class))
                .build();
        double[] ratios = new double[ROUNDS];
        try (Jetty ours = Jetty.serving(servlet)) {
            byte[] body = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(ours.base() + "/snapshot?topic=settings"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofByteArray())
                    .body();
            try (Jetty bare = new Jetty(new Bare(body));
                    Jetty servlets = Jetty.serving(new BareServlet(body))) {
                for (int round = -WARM_UP; round < ROUNDS; round++) {
                    double floor = perSecond(bare.port(), body.length);
                    double mine = perSecond(ours.port(), body.length);
                    double bareServlet = perSecond(servlets.port(), body.length);
                    System.out.printf(
                            "%s %,.0f/s of %,.0f/s: %.2f; a bare servlet %,.0f/s: %.2f%n",
                            round < 0 ? "warm-up" : "round",
                            mine,
                            floor,
                            mine / floor,
                            bareServlet,
                            bareServlet / floor);
                    if (round >= 0) {
                        ratios[round] = mine / floor;
                    }
                }
            }
            servlet.close();
        }
        Arrays.sort(ratios);
        System.out.printf(
                "pulls per second to a bare handler's: %.2f (median; %.2f to %.2f); at least %.1f%n",
                ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1], MIN_RATIO);
        System.exit(ratios[ROUNDS / 2] >= MIN_RATIO ? 0 : 1);
    }

    private static double perSecond(int port, int body) throws InterruptedException {
        Thread[] threads = new Thread[CONNECTIONS];
        long begin = System.nanoTime();
        for (int i = 0; i < CONNECTIONS; i++) {
            threads[i] = new Thread(() -> {
                try {
                    ask(port, body, PER_ROUND / CONNECTIONS);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return PER_ROUND / ((System.nanoTime() - begin) / 1e9);
    }

    /** One request after the other over one connection; an answer is over when its body has come. */
    private static void ask(int port, int body, int times) throws IOException {
        byte[] request = "GET /state/snapshot?topic=settings HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8);
        ByteBuffer out = ByteBuffer.wrap(request);
        ByteBuffer in = ByteBuffer.allocate(64 * 1024 + body);
        try (SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            for (int i = 0; i < times; i++) {
                out.rewind();
                channel.write(out);
                in.clear();
                int head = -1;
                while (head < 0 || in.position() < head + body) {
                    if (channel.read(in) < 0) {
                        throw new IOException("the server ended the connection");
                    }
                    head = head < 0 ? endOfHead(in) : head;
                }
            }
        }
    }

    private static int endOfHead(ByteBuffer in) {
        for (int i = 3; i < in.position(); i++) {
            if (in.get(i) == '\n' && in.get(i - 2) == '\n') {
                return i + 1;
            }
        }
        return -1;
    }
}
