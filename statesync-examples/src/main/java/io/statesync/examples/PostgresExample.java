package io.statesync.examples;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.examples.Screen.Color;
import io.statesync.persistence.jdbc.JdbcAuthority;
import io.statesync.persistence.jdbc.PostgresSubscriber;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.StateReplica;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** A database as the source and the transport: two nodes that know nothing of each other but the database. */
@Command(
        name = "postgres",
        mixinStandardHelpOptions = true,
        description = "Two nodes share a state in PostgreSQL, which tells them of each other's writes.")
final class PostgresExample implements Callable<Integer> {
    private static final String TOPIC = "settings";
    private static final String CHANNEL = "statesync_example";
    private static final int WRITES = 25;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "URL",
            description = "A jdbc:postgresql:… URL. Default: a server of its own, which ends with the program.")
    private @Nullable String url;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Where the second node keeps its state. Default: a new folder.")
    private @Nullable Path cache;

    @Override
    public Integer call() throws Exception {
        Screen screen = new Screen(Objects.requireNonNull(spec).commandLine().getOut(), Ansi.AUTO.enabled());
        if (url != null) {
            play(url, null, screen);
            return 0;
        }
        Path folder = Files.createTempDirectory("statesync-postgres-");
        try {
            screen.line(Color.YELLOW, "demo", "starts a PostgreSQL of its own, in " + folder);
            try (Server server = new Server(folder)) {
                play(server.url(), server, screen);
            }
        } finally {
            delete(folder);
        }
        return 0;
    }

    private void play(String jdbcUrl, @Nullable Server server, Screen screen) throws Exception {
        Path keptIn = cache != null ? cache : Files.createTempDirectory("statesync-kept-");
        try (Node first = new Node("node A", Color.CYAN, jdbcUrl, null, screen)) {
            try (Node second = node(jdbcUrl, keptIn, screen)) {
                screen.line(Color.YELLOW, "demo", "has node A write: node B hears of it from the database");
                first.set("theme=dark").join();
                second.await("theme", "dark");
                screen.line(Color.YELLOW, "demo", "has both count to " + WRITES + " at once");
                long before = first.counter();
                CompletableFuture.allOf(first.count(WRITES), second.count(WRITES))
                        .join();
                screen.line(
                        Color.YELLOW,
                        "demo",
                        (second.counter() - before) + " of " + 2 * WRITES + " writes are there: none was lost");
            }
            if (server == null) {
                return;
            }
            screen.line(Color.YELLOW, "demo", "takes the database away, and starts node B again");
            server.stop();
            try (Node again = node(jdbcUrl, keptIn, screen)) {
                screen.line(Color.YELLOW, "demo", "brings the database back, and has node A write");
                server.start();
                first.set("theme=blue").join();
                again.await("theme", "blue");
            }
        } finally {
            if (cache == null) {
                delete(keptIn);
            }
        }
    }

    private static Node node(String jdbcUrl, Path keptIn, Screen screen) throws IOException {
        return new Node("node B", Color.GREEN, jdbcUrl, new Kept(keptIn, JsonFile.codec(), screen), screen);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** What would be a process: its own connections, listener and replica. */
    private static final class Node implements AutoCloseable, ReplicaListener<JsonNode> {
        private final String name;
        private final Color color;
        private final @Nullable Kept kept;
        private final Screen screen;
        private final PostgresSubscriber notified;
        private final StateReplica<JsonNode> replica;
        private JsonNode printed = JsonNodeFactory.instance.objectNode(); // guarded by this

        Node(String name, Color color, String jdbcUrl, @Nullable Kept kept, Screen screen) {
            this.name = name;
            this.color = color;
            this.kept = kept;
            this.screen = screen;
            PGSimpleDataSource database = new PGSimpleDataSource();
            database.setURL(jdbcUrl);
            notified = PostgresSubscriber.on(database, CHANNEL);
            JdbcAuthority<JsonNode> authority = JdbcAuthority.builder(TOPIC, database, JsonFile.codec())
                    .notifyChannel(CHANNEL)
                    .alsoHear(notified.topic(TOPIC))
                    .build(() -> JsonNodeFactory.instance.objectNode().put("theme", "light"));
            replica = StateReplica.<JsonNode>builder(TOPIC)
                    .source(authority)
                    .sourceId(name)
                    .listener(this)
                    .engine(engine -> {
                        engine.instance(name);
                        if (kept != null) {
                            engine.cache(kept.cache());
                        }
                    })
                    .build();
            replica.start().join();
        }

        @Override
        public void onApplied(SnapshotEnvelope<JsonNode> snapshot, StateVersion version, Duration took) {
            String age = kept == null ? null : kept.age(version);
            long counter = counterOf(snapshot.data());
            if (counter % WRITES == 0 || age != null) { // not every number
                screen.line(
                        color,
                        name,
                        "revision " + snapshot.revision() + "  " + snapshot.data()
                                + (age == null ? "" : ", kept, " + age + " old"));
            }
            synchronized (this) {
                printed = snapshot.data();
                notifyAll();
            }
        }

        CompletableFuture<WriteResult<JsonNode>> set(String setting) {
            return replica.update(Setting.parse(setting)::in);
        }

        CompletableFuture<Void> count(int times) {
            List<CompletableFuture<?>> writes = new ArrayList<>();
            for (int i = 0; i < times; i++) {
                writes.add(replica.update(state ->
                        Setting.parse("counter=" + (counterOf(state) + 1)).in(state)));
            }
            return CompletableFuture.allOf(writes.toArray(CompletableFuture<?>[]::new));
        }

        long counter() {
            replica.engine().refresh().join();
            return counterOf(replica.get());
        }

        private static long counterOf(JsonNode state) {
            return state.path("counter").asLong(0);
        }

        /** Waits until a state in which a key has a value was printed. */
        synchronized void await(String key, String value) throws InterruptedException {
            while (!printed.path(key).asString("").equals(value)) {
                wait();
            }
        }

        @Override
        public void close() {
            replica.close();
            replica.engine().close();
            notified.close();
        }
    }

    /** A PostgreSQL server that can be stopped and started again. */
    private static final class Server implements AutoCloseable {
        private final Path folder;
        private EmbeddedPostgres running;

        Server(Path folder) throws IOException {
            this.folder = folder;
            running = builder().start();
        }

        private EmbeddedPostgres.Builder builder() {
            return EmbeddedPostgres.builder()
                    .setDataDirectory(folder.resolve("data"))
                    .setCleanDataDirectory(false)
                    .setPGStartupWait(Duration.ofMinutes(2));
        }

        String url() {
            return running.getJdbcUrl("postgres", "postgres");
        }

        void stop() throws IOException {
            running.close();
        }

        void start() throws IOException {
            running = builder().setPort(running.getPort()).start();
        }

        @Override
        public void close() throws IOException {
            running.close();
        }
    }
}
