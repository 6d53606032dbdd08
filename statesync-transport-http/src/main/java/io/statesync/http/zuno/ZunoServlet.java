package io.statesync.http.zuno;

import io.statesync.StateCodec;
import io.statesync.TimeSource;
import io.statesync.http.server.Access;
import io.statesync.http.server.Action;
import io.statesync.http.server.Authorizer;
import io.statesync.http.server.internal.Answer;
import io.statesync.http.server.internal.Cors;
import io.statesync.http.server.internal.Responder;
import io.statesync.http.server.internal.Sse;
import io.statesync.http.server.internal.Telling;
import io.statesync.http.server.internal.Ticker;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.StoreRegistry;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A servlet that speaks Zuno's wire protocol, version 1, over the stores of a registry: what docs/zuno.md describes.
 *
 * <p>Map it to a path with a wildcard, such as {@code /zuno/*}, with asynchronous support: clients use {@code /zuno/sse},
 * {@code /zuno/sync} and {@code /zuno/snapshot}, or, for a room, {@code /zuno/{room}/sse} and so on, whose key {@code k} is
 * topic {@code {room}/k}. A thread of the container is used for the time that it takes to read a request. Safe for use from
 * any thread, as containers need it.
 *
 * <p>Close it, or have the container destroy it, before the container stops.
 */
public final class ZunoServlet extends HttpServlet implements AutoCloseable {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.zuno");

    /** How long an answer may wait for the streams. */
    private static final Duration DELIVERY = Duration.ofMillis(250);

    private final transient ZunoOptions options;
    private final transient Cors cors;
    private final transient Responder responder;
    private final transient Rooms rooms;
    private final transient Telling telling;
    private final transient Ticker ticker;
    private volatile boolean stopping;

    private ZunoServlet(Builder b) {
        options = b.options();
        cors = new Cors(options.allowedOrigins());
        telling = new Telling(options.executor(), log);
        responder = new Responder(options.timeSource(), telling);
        rooms = new Rooms(b.registry, options, told -> telling.tell(told, Reader::signal));
        Duration shorter = options.heartbeat().compareTo(options.writeTimeout()) < 0
                ? options.heartbeat()
                : options.writeTimeout();
        ticker = new Ticker(
                options.timeSource(),
                telling,
                shorter.dividedBy(4),
                this::tick,
                () -> !rooms.readers().isEmpty());
    }

    /** A builder of a servlet over the stores of a registry. */
    public static Builder builder(StoreRegistry registry) {
        return new Builder(Objects.requireNonNull(registry, "registry"));
    }

    /** How many clients are connected at this moment. */
    public int readers() {
        return rooms.readers().size();
    }

    /** Ends all streams; later requests are answered 503. Does not wait for clients. Idempotent. */
    @Override
    public void close() {
        stopping = true;
        ticker.stop();
        rooms.readers().forEach(Reader::end);
    }

    /** Closes it. */
    @Override
    public void destroy() {
        close();
    }

    private void tick() {
        long now = options.timeSource().nanoTime();
        for (Reader reader : rooms.readers()) {
            Quietly.run(() -> reader.tick(now)); // the others' heartbeats depend on it
        }
    }

    // ---- requests

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            if (!cors.isAnswered(request, response)) {
                if (stopping) {
                    throw Refusal.later("STOPPING");
                }
                route(request, response);
            }
        } catch (Refusal refusal) {
            Responder.skipBody(request);
            Responder.write(request, response, refusal.answer());
        }
    }

    private void route(HttpServletRequest request, HttpServletResponse response) throws Refusal, IOException {
        String path = request.getPathInfo() != null ? request.getPathInfo() : request.getServletPath();
        int slash = path.lastIndexOf('/');
        String name = room(path.substring(0, Math.max(0, slash)));
        String what = path.substring(slash + 1);
        switch (what) {
            case "sse" -> {
                check(request, "GET");
                admit(request, name);
                follow(name, request, response);
            }
            case "sync" -> {
                check(request, "POST");
                admit(request, name);
                sync(name, request, response);
            }
            case "snapshot" -> {
                check(request, "GET");
                admit(request, name);
                snapshot(name, request, response);
            }
            default -> throw Refusal.of(404, "NOT_FOUND");
        }
    }

    /** The name of the room that a path names; empty if it names none. */
    private String room(String path) throws Refusal {
        String name = path.startsWith("/") ? path.substring(1) : path;
        if (name.indexOf('/') >= 0 || (name.isBlank() && !name.isEmpty()) || name.length() > options.maxKeyLength()) {
            throw Refusal.of(404, "NOT_FOUND");
        }
        return name;
    }

    private static void check(HttpServletRequest request, String allowed) throws Refusal {
        if (!request.getMethod().equals(allowed)) {
            throw Refusal.methodNotAllowed(allowed);
        }
    }

    /** Whether the client may be in a room at all. */
    private void admit(HttpServletRequest request, String room) throws Refusal {
        Access access;
        try {
            access = options.roomAuthorizer().authorize(request, room);
        } catch (Throwable t) { // the user's code: in doubt, no
            Quietly.run(() ->
                    log.error("the authorizer of rooms failed, and access is denied room={}", Texts.quote(room), t));
            access = Access.DENIED;
        }
        switch (access) {
            case ALLOWED -> {}
            case UNAUTHENTICATED -> throw Refusal.unauthenticated(options.challenge());
            default -> throw Refusal.of(403, "FORBIDDEN");
        }
    }

    private Access access(HttpServletRequest request, String topic, Action action) {
        try {
            return options.authorizer().authorize(request, topic, action);
        } catch (Throwable t) { // the user's code: in doubt, no
            Quietly.run(() -> log.error(
                    "the authorizer failed, and access is denied topic={} action={}", Texts.quote(topic), action, t));
            return Access.DENIED;
        }
    }

    // ---- reading

    private void snapshot(String name, HttpServletRequest request, HttpServletResponse response) throws IOException {
        Room room = rooms.of(name);
        Served served = room.served();
        Room.Snapshot snapshot =
                room.snapshot(key -> access(request, served.topic(key), Action.READ) == Access.ALLOWED);
        ByteArrayOutputStream out = new ByteArrayOutputStream(snapshot.json().length + 64);
        out.writeBytes(Wire.utf8("{\"state\":"));
        out.writeBytes(snapshot.json());
        out.writeBytes(Wire.utf8(",\"lastEventId\":" + snapshot.id() + "}"));
        Responder.write(
                request,
                response,
                new Answer(200, "application/json", out.toByteArray(), Map.of("Cache-Control", "no-store")));
    }

    private void follow(String name, HttpServletRequest request, HttpServletResponse response)
            throws Refusal, IOException {
        long lastEventId = lastEventId(request);
        rooms.reserve();
        Reader reader = null;
        try {
            reader = reader(name, request, response, lastEventId);
            rooms.enter(name, reader);
            ticker.begin();
            reader.begin();
        } catch (RuntimeException | IOException | Error e) { // a container that cannot do that
            if (reader == null) {
                rooms.release();
            } else {
                rooms.leave(name, reader);
            }
            throw e;
        }
        if (stopping) {
            reader.end(); // it may have come after all were ended
        }
    }

    private Reader reader(String name, HttpServletRequest request, HttpServletResponse response, long lastEventId)
            throws IOException {
        AsyncContext async = Sse.begin(request, response);
        Room room = rooms.of(name);
        Reader[] self = new Reader[1];
        self[0] = new Reader(
                room,
                options,
                async,
                response.getOutputStream(),
                lastEventId,
                key -> access(request, room.served().topic(key), Action.READ) == Access.ALLOWED,
                () -> rooms.leave(name, self[0]));
        return self[0];
    }

    /** The last event that the client has heard of; 0 if it says none, or nothing that could be one. */
    private static long lastEventId(HttpServletRequest request) {
        String text = request.getHeader("Last-Event-ID");
        if (text == null || text.isBlank()) {
            text = request.getParameter("lastEventId");
        }
        try {
            return text == null ? 0 : Math.max(0, Long.parseLong(text.strip()));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    // ---- writing

    private void sync(String name, HttpServletRequest request, HttpServletResponse response)
            throws Refusal, IOException {
        byte[] body = Body.read(request, options.maxBody());
        Room room = rooms.of(name);
        Sync sync = new Sync(room.stores(), room.served(), options, (topic, action) -> access(request, topic, action));
        responder.answer(request, response, delivered(room, sync.answer(body)), options.sourceTimeout(), () -> {
            log.error(
                    "the source did not answer a write afterMs={}",
                    options.sourceTimeout().toMillis());
            return Refusal.later("UNKNOWN_OUTCOME").answer();
        });
    }

    /** The answer to a write comes after its event, and after what it was in conflict with; not for ever, though. */
    private CompletableFuture<Answer> delivered(Room room, CompletableFuture<Answer> answer) {
        return answer.thenCompose(answered -> {
            CompletableFuture<Void> delivered = room.delivered();
            if (delivered.isDone()) {
                return CompletableFuture.completedFuture(answered);
            }
            TimeSource.Timer timer =
                    options.timeSource().schedule(() -> telling.execute(() -> delivered.complete(null)), DELIVERY);
            return delivered.thenApply(done -> {
                timer.cancel();
                return answered;
            });
        });
    }

    /**
     * The options of a {@link ZunoServlet}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>codecs</td><td>all stores hold a {@code JsonNode}, those that clients make too</td></tr>
     * <tr><td>authorizer</td><td>everybody may read, nobody may write</td></tr>
     * <tr><td>roomAuthorizer</td><td>everybody may be in every room, and in none</td></tr>
     * <tr><td>challenge</td><td>none</td></tr>
     * <tr><td>allowedOrigins</td><td>none: pages of other origins have no access</td></tr>
     * <tr><td>maxBody</td><td>512 KiB</td></tr>
     * <tr><td>maxKeyLength</td><td>256</td></tr>
     * <tr><td>maxReaders</td><td>10,000</td></tr>
     * <tr><td>sourceTimeout</td><td>30 s</td></tr>
     * <tr><td>heartbeat</td><td>15 s</td></tr>
     * <tr><td>writeTimeout</td><td>30 s</td></tr>
     * <tr><td>executor</td><td>a pool of daemon threads that everything shares, whose idle threads end</td></tr>
     * <tr><td>timeSource</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final StoreRegistry registry;
        private Function<? super String, ? extends @Nullable StateCodec<?>> codecs = defaultCodecs();
        private Authorizer authorizer = Authorizer.readOnly();
        private RoomAuthorizer roomAuthorizer = (request, room) -> Access.ALLOWED;
        private String challenge = "";
        private Set<String> allowedOrigins = Set.of();
        private int maxBody = 512 << 10;
        private int maxKeyLength = 256;
        private int maxReaders = 10_000;
        private Duration sourceTimeout = Duration.ofSeconds(30);
        private Duration heartbeat = Duration.ofSeconds(15);
        private Duration writeTimeout = Duration.ofSeconds(30);
        private Executor executor = DefaultExecutor.SHARED;
        private TimeSource timeSource = TimeSource.system();

        private Builder(StoreRegistry registry) {
            this.registry = registry;
        }

        private static Function<String, StateCodec<?>> defaultCodecs() {
            JsonMapper mapper = JsonMapper.builder() // numbers stay what they are, also those that no double holds
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .build();
            StateCodec<?> tree = JacksonCodec.of(mapper, new TypeReference<JsonNode>() {}, "json");
            return topic -> tree;
        }

        /**
         * How the states of stores are JSON.
         *
         * @param codecs the codec of a topic; null for one that is not served. Called often, so it should be quick, and give
         *     the same codec for the same topic
         */
        public Builder codecs(Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {
            this.codecs = Objects.requireNonNull(codecs, "codecs");
            return this;
        }

        /**
         * Who may read and write which topic. A client hears nothing of topics that it may not read. Of those that are made
         * while it is connected it is asked then, with the request that the client connected with.
         */
        public Builder authorizer(Authorizer authorizer) {
            this.authorizer = Objects.requireNonNull(authorizer, "authorizer");
            return this;
        }

        /**
         * Who may be in which room, before anything is read or written there: others are answered 401 or 403, and take no
         * reader's place.
         */
        public Builder roomAuthorizer(RoomAuthorizer roomAuthorizer) {
            this.roomAuthorizer = Objects.requireNonNull(roomAuthorizer, "roomAuthorizer");
            return this;
        }

        /** The {@code WWW-Authenticate} of an answer 401; empty for none. */
        public Builder challenge(String challenge) {
            this.challenge = Objects.requireNonNull(challenge, "challenge");
            return this;
        }

        /**
         * The origins whose pages have access, such as {@code https://app.example.com}.
         *
         * @throws IllegalArgumentException if one is no origin
         */
        public Builder allowedOrigins(Collection<String> origins) {
            this.allowedOrigins = Cors.checked(Set.copyOf(new LinkedHashSet<>(origins)));
            return this;
        }

        /** How long a body may be, in bytes, and once it is decompressed. */
        public Builder maxBody(int bytes) {
            this.maxBody = Checks.positive("maxBody", bytes);
            return this;
        }

        /** How long the key of a store, the name of a room, an origin and an idempotency key may be, in characters. */
        public Builder maxKeyLength(int characters) {
            this.maxKeyLength = Checks.positive("maxKeyLength", characters);
            return this;
        }

        /** How many clients may be connected; more are answered 503. */
        public Builder maxReaders(int maxReaders) {
            this.maxReaders = Checks.positive("maxReaders", maxReaders);
            return this;
        }

        /** How long a write may take; after that the client is told that its outcome is not known. */
        public Builder sourceTimeout(Duration timeout) {
            this.sourceTimeout = Checks.positive("sourceTimeout", timeout);
            return this;
        }

        /** After how much silence a comment is sent. */
        public Builder heartbeat(Duration heartbeat) {
            this.heartbeat = Checks.positive("heartbeat", heartbeat);
            return this;
        }

        /** How long a client may take nothing before it is disconnected. */
        public Builder writeTimeout(Duration timeout) {
            this.writeTimeout = Checks.positive("writeTimeout", timeout);
            return this;
        }

        /** What tells readers that something happened. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** The time, for tests. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
            return this;
        }

        private ZunoOptions options() {
            return new ZunoOptions(
                    codecs,
                    authorizer,
                    roomAuthorizer,
                    challenge,
                    allowedOrigins,
                    maxBody,
                    maxKeyLength,
                    maxReaders,
                    sourceTimeout,
                    heartbeat,
                    writeTimeout,
                    executor,
                    timeSource);
        }

        /** The servlet. */
        public ZunoServlet build() {
            return new ZunoServlet(this);
        }
    }
}
