package io.statesync.examples;

import static io.statesync.StateSync.createRevisionSync;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.Backoff;
import io.statesync.InvalidationHandler;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.Startup;
import io.statesync.source.FileSource;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** A custom IPC: {@code pull} is answered with {@code revision epoch data}, {@code watch} with versions as they come. */
@Command(name = "ipc", mixinStandardHelpOptions = true, description = "Follows another JVM's JSON file by a socket.")
final class UnixSocketExample {
    private final List<SocketChannel> watchers = new CopyOnWriteArrayList<>();
    private volatile SnapshotEnvelope<JsonNode> latest = SnapshotEnvelope.of(Revision.ZERO, NullNode.instance);

    @Command(mixinStandardHelpOptions = true, description = "Serves a JSON file.")
    void serve(
            @Parameters(paramLabel = "SOCKET", description = "Where to make the socket.") Path socket,
            @Parameters(paramLabel = "FILE", description = "The JSON file to serve.") Path file)
            throws IOException {
        try (FileSource<JsonNode> source = FileSource.open("settings", file, JsonFile::decode);
                RevisionSync<JsonNode> sync = createRevisionSync(RevisionSyncOptions.<JsonNode>builder("settings")
                        .source(source)
                        .applier(this::publish)
                        .build());
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            sync.start().join();
            if (Files.exists(socket)
                    && Files.readAttributes(socket, BasicFileAttributes.class).isOther()) {
                Files.delete(socket); // the socket that a killed server left behind; any other file is left alone
            }
            server.bind(UnixDomainSocketAddress.of(socket));
            System.out.println("serving " + file + " at " + socket);
            while (true) {
                SocketChannel client = server.accept();
                new Thread(() -> answer(client), "client").start();
            }
        }
    }

    private void publish(SnapshotEnvelope<JsonNode> snapshot) {
        latest = snapshot;
        watchers.forEach(client -> send(client, snapshot.revision() + " " + snapshot.epoch()));
    }

    private void answer(SocketChannel client) {
        try (BufferedReader in = new BufferedReader(Channels.newReader(client, UTF_8))) {
            boolean watch = "watch".equals(in.readLine()) && watchers.add(client);
            SnapshotEnvelope<JsonNode> now = latest;
            send(client, now.revision() + " " + now.epoch() + (watch ? "" : " " + now.data()));
            in.readLine(); // until the client goes
        } catch (IOException e) {
            System.out.println("a client has gone: " + e.getMessage());
        }
        watchers.remove(client);
    }

    private static void send(SocketChannel client, String line) {
        try {
            client.write(UTF_8.encode(line + "\n"));
        } catch (IOException e) {
            System.out.println("a client has gone: " + e.getMessage());
        }
    }

    @Command(mixinStandardHelpOptions = true, description = "Follows what is served; the server may come and go.")
    void follow(@Parameters(paramLabel = "SOCKET", description = "The server's socket.") Path socket) {
        RevisionSync<JsonNode> sync = createRevisionSync(RevisionSyncOptions.<JsonNode>builder("settings")
                .subscriber(handler -> {
                    Thread link = new Thread(() -> listen(socket, handler), "link");
                    link.setDaemon(false); // it keeps this JVM alive
                    link.start();
                    return CompletableFuture.completedFuture(link::interrupt);
                })
                .provider(SnapshotProvider.blocking(request -> pull(socket), task -> new Thread(task, "pull").start()))
                .applier(s -> System.out.println("revision " + s.revision() + "@" + s.epoch() + " " + s.data()))
                .startup(Startup.KEEP_TRYING)
                .build());
        sync.start().join();
    }

    private static void listen(Path socket, InvalidationHandler handler) {
        for (int failures = 0; !Thread.interrupted(); failures++) {
            try (BufferedReader in = ask(socket, "watch")) {
                handler.reconnected();
                failures = 0;
                while (true) {
                    String[] version = words(in.readLine(), 2);
                    handler.event("settings", version[0], version[1]);
                }
            } catch (IOException e) {
                System.out.println("not connected: " + e.getMessage());
                handler.disconnected();
            }
            Duration pause = Backoff.standard().delayAfter(failures + 1, ThreadLocalRandom.current());
            LockSupport.parkNanos(pause.toNanos());
        }
    }

    private static SnapshotEnvelope<JsonNode> pull(Path socket) throws IOException {
        try (BufferedReader in = ask(socket, "pull")) {
            String[] words = words(in.readLine(), 3);
            return SnapshotEnvelope.parse(words[0], words[1], JsonFile.decode(words[2].getBytes(UTF_8)));
        }
    }

    private static BufferedReader ask(Path socket, String question) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        channel.write(UTF_8.encode(question + "\n"));
        return new BufferedReader(Channels.newReader(channel, UTF_8));
    }

    private static String[] words(@Nullable String line, int count) throws EOFException {
        if (line == null || line.split(" ", count).length < count) {
            throw new EOFException("the server has gone");
        }
        return line.split(" ", count);
    }
}
