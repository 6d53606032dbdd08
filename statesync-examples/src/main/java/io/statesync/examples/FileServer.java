package io.statesync.examples;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.examples.Screen.Color;
import io.statesync.examples.Timeline.Kind;
import io.statesync.http.server.Authorizer;
import io.statesync.http.server.StateServlet;
import io.statesync.http.server.StreamInfo;
import io.statesync.http.server.StreamInfo.TopicInfo;
import io.statesync.source.Authority;
import io.statesync.source.FileAuthority;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** JSON files served over HTTP, each as a topic; prints what changes in them, and who follows. */
final class FileServer implements Closeable {
    private static final Duration HEARTBEAT = Duration.ofSeconds(2); // shows soon that somebody has gone
    private static final Duration LOOK = Duration.ofMillis(200);

    private final Screen screen;
    private final Deque<Closeable> open = new ArrayDeque<>(); // what is to be closed first comes first
    private final Map<String, FileAuthority<JsonNode>> authorities = new HashMap<>();
    private final List<Authority<JsonNode>> topics = new ArrayList<>();
    private final Map<String, String> followers = new HashMap<>(); // by the thread that looks only
    private final Timeline timeline = new Timeline();
    private final StateServlet servlet;
    private final JettyServer jetty;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean printing;

    /**
     * Serves from now on, and prints nothing yet.
     *
     * @param files by topic
     * @param port 0 for any that is free
     * @throws IOException if a file is not there or holds no valid JSON, or nothing can listen at the port
     */
    FileServer(Map<String, Path> files, InetAddress host, int port, boolean readOnly, Screen screen)
            throws IOException {
        this.screen = screen;
        StateServlet.Builder builder = StateServlet.builder()
                .heartbeat(HEARTBEAT)
                .authorizer(readOnly ? Authorizer.readOnly() : Authorizer.allowAll());
        boolean serving = false;
        try {
            for (Map.Entry<String, Path> file : files.entrySet()) {
                Authority<JsonNode> topic = new WatchedAuthority<>(open(file.getKey(), file.getValue()), timeline);
                topics.add(topic);
                builder.topic(topic, JsonFile.codec());
            }
            servlet = builder.build();
            jetty = new JettyServer(
                    servlet,
                    "/state",
                    new InspectorServlet(files.keySet(), servlet::connections, timeline, readOnly),
                    host,
                    port);
            open.push(jetty);
            serving = true;
        } finally {
            if (!serving) {
                close();
            }
        }
    }

    private FileAuthority<JsonNode> open(String topic, Path file) throws IOException {
        FileAuthority<JsonNode> authority = JsonFile.open(topic, file, problem -> refused(topic, problem));
        open.push(authority::close);
        Throwable problem = authority.problem();
        if (problem != null) {
            throw new IOException(file + ": " + JsonFile.describe(problem), problem);
        }
        authorities.put(topic, authority);
        return authority;
    }

    private void refused(String topic, Throwable problem) {
        if (printing) {
            timeline.add(Kind.ERROR, topic, null, null, "read: " + JsonFile.describe(problem));
            screen.line(
                    Color.RED, topic, "refused: " + JsonFile.describe(problem) + "; who follows keeps what was there");
        }
    }

    /** Where it serves: the base of the protocol's paths. */
    URI base() {
        return jetty.base();
    }

    /** What it serves. */
    List<Authority<JsonNode>> topics() {
        return List.copyOf(topics);
    }

    /** Prints the files' states, and what happens from now on. */
    void print() {
        printing = true;
        authorities.forEach((topic, authority) -> {
            RevisionSync<JsonNode> engine = StateSync.createRevisionSync(RevisionSyncOptions.<JsonNode>builder(topic)
                    .source(authority)
                    .applier(snapshot -> timeline.add(Kind.REVISION, topic, snapshot.version(null), null, null))
                    .listener(new StatePrinter(topic, Color.CYAN, null, screen))
                    .build());
            open.push(engine::close);
            engine.start().join();
        });
        Thread looking = new Thread(this::lookAgainAndAgain, "statesync-followers");
        looking.setDaemon(true);
        looking.start();
        open.push(ended::countDown);
    }

    private void lookAgainAndAgain() {
        try {
            do {
                look();
            } while (!ended.await(LOOK.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        Map<String, String> now = servlet.connections().stream()
                .filter(stream -> stream.connected() && !stream.topics().isEmpty())
                .collect(Collectors.toMap(StreamInfo::name, FileServer::describe));
        now.forEach((name, follower) -> {
            if (followers.putIfAbsent(name, follower) == null) {
                timeline.add(Kind.FOLLOWER, null, null, null, follower);
                screen.line(Color.GREEN, "client", follower);
            }
        });
        followers.entrySet().removeIf(follower -> {
            boolean gone = !now.containsKey(follower.getKey());
            if (gone) {
                timeline.add(Kind.FOLLOWER, null, null, null, follower.getValue() + " no more");
                screen.line(Color.GREEN, "client", follower.getValue() + " no more");
            }
            return gone;
        });
    }

    private static String describe(StreamInfo stream) {
        return stream.remoteAddress() + " follows "
                + stream.topics().stream().map(TopicInfo::topic).sorted().collect(Collectors.joining(", "));
    }

    /** Tells those who follow, and ends. */
    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (Closeable each = open.poll(); each != null; each = open.poll()) {
            try {
                each.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
