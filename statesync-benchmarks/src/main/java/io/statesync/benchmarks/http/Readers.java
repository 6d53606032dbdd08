package io.statesync.benchmarks.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A program that is many readers of streams of events: sockets on one selector, which look for a text and count, and do
 * nothing else, so that what is measured is the server.
 *
 * <p>Arguments: port, path, number of readers. Each line that it reads is a text to look for; when all readers have
 * seen it, it prints {@code seen} with the milliseconds since the line came and the bytes read until then. The first text
 * is {@code data:}. It ends with its input.
 */
public final class Readers {
    private static final int BUFFER = 64 * 1024;

    private final Selector selector;
    private final LinkedBlockingQueue<String> texts = new LinkedBlockingQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private final int readers;
    private byte[] wanted = "data:".getBytes(UTF_8);
    private int round;
    private int seen;
    private long bytes;
    private long since = System.nanoTime();
    private volatile boolean over;

    private static final class Reader {
        private boolean accepted;
        private int matched;
        private int seenInRound = -1;
    }

    private Readers(int port, String path, int readers) throws IOException {
        this.readers = readers;
        selector = Selector.open();
        byte[] request =
                ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n").getBytes(UTF_8);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int i = 0; i < readers; i++) {
            SocketChannel channel = SocketChannel.open(address);
            channel.write(ByteBuffer.wrap(request));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, new Reader());
            if (i % 50 == 49) {
                readAll(0); // the server's answers must not fill its buffers
            }
        }
    }

    /** Runs it. */
    public static void main(String[] args) throws IOException {
        Readers readers = new Readers(Integer.parseInt(args[0]), args[1], Integer.parseInt(args[2]));
        Thread input = new Thread(readers::readInput, "input");
        input.setDaemon(true);
        input.start();
        readers.run();
    }

    private void readInput() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                texts.add(line);
                selector.wakeup();
            }
        } catch (IOException e) {
            System.err.println("input: " + e);
        }
        over = true;
        selector.wakeup();
    }

    private void run() throws IOException {
        while (!over) {
            if (seen == readers) {
                System.out.println("seen " + (System.nanoTime() - since) / 1_000_000.0 + " " + bytes);
                seen = -1;
            }
            String next = seen < 0 ? texts.poll() : null;
            if (next != null) {
                wanted = next.getBytes(UTF_8);
                round++;
                seen = 0;
                bytes = 0;
                since = System.nanoTime();
            }
            readAll(1000);
        }
    }

    private void readAll(long timeout) throws IOException {
        if (timeout == 0) {
            selector.selectNow();
        } else {
            selector.select(timeout);
        }
        for (SelectionKey key : selector.selectedKeys()) {
            read((SocketChannel) key.channel(), (Reader) key.attachment());
        }
        selector.selectedKeys().clear();
    }

    private void read(SocketChannel channel, Reader reader) throws IOException {
        buffer.clear();
        int read = channel.read(buffer);
        if (read < 0) {
            System.out.println("ended: a stream was closed by the server after " + bytes + " bytes of all");
            System.exit(1);
        }
        bytes += read;
        if (!reader.accepted) {
            if (buffer.get("HTTP/1.1 ".length()) != '2') {
                System.out.println("ended: a stream was refused by the server");
                System.exit(1);
            }
            reader.accepted = true;
        }
        if (reader.seenInRound == round) {
            return;
        }
        int matched = reader.matched;
        for (int i = 0; i < read; i++) {
            byte b = buffer.get(i);
            matched = b == wanted[matched] ? matched + 1 : b == wanted[0] ? 1 : 0;
            if (matched == wanted.length) {
                reader.seenInRound = round;
                seen++;
                matched = 0;
                break;
            }
        }
        reader.matched = matched;
    }
}
