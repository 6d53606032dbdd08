package io.statesync.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;

/**
 * A connection through a {@link FaultProxy}: one request after the other, as HTTP/1.1 clients without pipelining send them.
 * What comes from the server is the answer to the last request.
 */
final class ProxiedConnection {
    private static final long LONG = 600_000;
    private static final int END_OF_HEAD = 0x0D0A0D0A;

    private final FaultProxy proxy;
    private final Socket client;
    private final int target;
    private volatile Socket upstream;
    private volatile String request = "";
    private volatile Fault fault = Fault.NONE;
    private volatile int left; // bytes of the body that TRUNCATE lets through
    private volatile int tail; // the last four bytes of the answer's head
    private volatile boolean over;

    ProxiedConnection(FaultProxy proxy, Socket client, int target) throws IOException {
        this.proxy = proxy;
        this.client = client;
        this.target = target;
        client.setTcpNoDelay(true);
    }

    /** The request that is under way, or was the last. */
    String request() {
        return request;
    }

    /** For the request that has come. Under the proxy's lock, as faults end. */
    void meet(Fault next) {
        left = next.amount();
        fault = next;
    }

    /** From now on, also if an answer is under way. */
    void suffer(Fault next) {
        meet(next);
        if (next.kind() == Fault.Kind.CUT) {
            reset();
        }
    }

    /** Ends it, so that the client sees a reset. */
    void reset() {
        over = true;
        try {
            client.setSoLinger(true, 0);
        } catch (IOException closedAlready) {
            Thread.onSpinWait();
        }
        end();
    }

    private void end() {
        over = true;
        close(client);
        close(upstream);
        proxy.ended(this);
    }

    private static void close(Socket socket) {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                Thread.onSpinWait(); // it is closed
            }
        }
    }

    // --- requests

    void requests() {
        try {
            InputStream in = new BufferedInputStream(client.getInputStream());
            for (byte[] next = read(in); next != null && !over; next = read(in)) {
                pass(next);
            }
            end();
        } catch (IOException e) {
            reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(byte[] message) throws IOException, InterruptedException {
        String text = new String(message, ISO_8859_1);
        tail = 0;
        request = text;
        Fault met = proxy.judge(text, this);
        switch (met.kind()) {
            case CUT -> throw new IOException("cut");
            case ANSWER -> answer(met.amount());
            default -> {
                hold();
                send(message);
            }
        }
    }

    /** Waits as long as the fault says. */
    private void hold() throws InterruptedException {
        if (fault.kind() == Fault.Kind.DELAY) {
            proxy.awaitWhile(() -> fault.kind() == Fault.Kind.DELAY && !over, fault.amount());
        }
        proxy.awaitWhile(() -> fault.kind() == Fault.Kind.STALL && !over, LONG);
    }

    private void answer(int status) throws IOException {
        String body = "<html>the proxy says " + status + "</html>";
        String head = "HTTP/1.1 " + status + " Proxy\r\nContent-Type: text/html\r\nContent-Length: " + body.length();
        client.getOutputStream().write((head + "\r\n\r\n" + body).getBytes(ISO_8859_1));
    }

    private void send(byte[] message) throws IOException {
        if (upstream == null) {
            upstream = new Socket(InetAddress.getLoopbackAddress(), target);
            upstream.setTcpNoDelay(true);
            FaultProxy.run("answers", this::answers);
            if (over) {
                throw new IOException("ended meanwhile");
            }
        }
        upstream.getOutputStream().write(message);
    }

    /** A request with its body; null at the end. */
    private static byte[] read(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int last = 0;
        while (last != END_OF_HEAD) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            out.write(b);
            last = last << 8 | b;
        }
        String head = out.toString(ISO_8859_1).toLowerCase(Locale.ROOT);
        int at = head.indexOf("\r\ncontent-length:");
        if (at >= 0) {
            int begin = at + "\r\ncontent-length:".length();
            int length = Integer.parseInt(
                    head.substring(begin, head.indexOf('\r', begin)).trim());
            out.write(in.readNBytes(length));
        }
        return out.toByteArray();
    }

    // --- answers

    private void answers() {
        try {
            byte[] chunk = new byte[8192];
            InputStream in = upstream.getInputStream();
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                hold();
                if (fault.kind() == Fault.Kind.LOSE_ANSWER) {
                    reset();
                    return;
                }
                int passed = passed(chunk, n);
                client.getOutputStream().write(chunk, 0, passed);
                if (passed < n) {
                    break;
                }
            }
            end();
        } catch (IOException e) {
            reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How much of this may go to the client. */
    private int passed(byte[] chunk, int length) {
        int head = 0;
        int seen = tail; // by one thread only
        while (seen != END_OF_HEAD && head < length) {
            seen = seen << 8 | (chunk[head] & 0xFF);
            head++;
        }
        tail = seen;
        if (fault.kind() != Fault.Kind.TRUNCATE) {
            return length;
        }
        int rest = left;
        int body = Math.min(rest, length - head);
        left = rest - body;
        return head + body;
    }
}
