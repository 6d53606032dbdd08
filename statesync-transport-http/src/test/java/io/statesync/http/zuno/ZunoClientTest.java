package io.statesync.http.zuno;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.SnapshotCache;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.http.ZunoClient;
import io.statesync.http.server.Access;
import io.statesync.http.server.Action;
import io.statesync.http.server.JettyServer;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.IntNode;

/** Two clients of one server: the conflict matrix, offline writes, restarts. */
@Timeout(300)
class ZunoClientTest {
    private static final Backoff QUICK = Backoff.exponential(Duration.ofMillis(20), 2, Duration.ofMillis(200));

    private final List<AutoCloseable> open = new ArrayList<>();
    private StoreRegistry registry;
    private ZunoServlet servlet;
    private JettyServer server;
    private int port;

    @BeforeEach
    void start() throws Exception {
        startServer(StoreRegistry.create());
    }

    private void startServer(StoreRegistry stores) throws Exception {
        registry = stores;
        servlet = ZunoServlet.builder(registry)
                .authorizer((request, topic, action) ->
                        action == Action.WRITE && topic.startsWith("read-only") ? Access.DENIED : Access.ALLOWED)
                .build();
        server = new JettyServer(servlet, port);
        port = server.port();
    }

    private void stopServer() throws Exception {
        servlet.close();
        server.close();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        stopServer();
    }

    private ZunoClient client() {
        ZunoClient client = ZunoClient.builder(URI.create("http://127.0.0.1:" + port + "/state"))
                .backoff(QUICK)
                .build();
        open.add(client);
        return client;
    }

    private ReplicaBuilder<Integer> counter(ZunoClient client) {
        return client.replica("counter", JacksonCodec.json(Integer.class), () -> 0)
                .sendBackoff(QUICK)
                .conflictBackoff(QUICK);
    }

    private StateReplica<Integer> started(ReplicaBuilder<Integer> builder) throws Exception {
        StateReplica<Integer> replica = builder.build();
        open.add(0, replica);
        replica.start().get(60, TimeUnit.SECONDS);
        return replica;
    }

    private int atServer() {
        RevisionedStore<?> store = registry.find("counter");
        return store == null ? -1 : ((JsonNode) store.get()).asInt();
    }

    private static boolean isConnected(StateReplica<?> replica) {
        return replica.engine().status().connected();
    }

    private static <T> WriteResult<T> get(CompletableFuture<WriteResult<T>> write) throws Exception {
        return write.get(60, TimeUnit.SECONDS);
    }

    @Test
    void whatOneSetsTheOtherSees() throws Exception {
        StateReplica<Integer> one = started(counter(client()));
        StateReplica<Integer> other = started(counter(client()));
        assertThat(one.get()).isZero();
        assertThat(get(one.set(5))).isInstanceOf(Accepted.class);
        await().atMost(1, MINUTES).until(() -> other.get() == 5);
        assertThat(get(other.update(n -> n + 1))).isInstanceOf(Accepted.class);
        await().atMost(1, MINUTES).until(() -> one.get() == 6);
        assertThat(atServer()).isEqualTo(6);
        registry.<JsonNode>store("counter", () -> IntNode.valueOf(0)).set(IntNode.valueOf(9));
        await().atMost(1, MINUTES).until(() -> one.get() == 9 && other.get() == 9);
    }

    @Test
    void aStoreThatHasAValueIsStartedWithIt() throws Exception {
        registry.<JsonNode>store("counter", () -> IntNode.valueOf(7));
        StateReplica<Integer> replica = started(counter(client()));
        assertThat(replica.get()).isEqualTo(7);
        assertThat(get(replica.set(8))).isInstanceOf(Accepted.class);
    }

    @Test
    void manyUpdatesOfTwoClientsAllCount() throws Exception {
        StateReplica<Integer> one = started(counter(client()).maxConflicts(1000));
        StateReplica<Integer> other = started(counter(client()).maxConflicts(1000));
        List<CompletableFuture<WriteResult<Integer>>> writes = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            writes.add(one.update(n -> n + 1));
            writes.add(other.update(n -> n + 1));
        }
        for (CompletableFuture<WriteResult<Integer>> write : writes) {
            assertThat(get(write)).isInstanceOf(Accepted.class);
        }
        await().atMost(1, MINUTES).until(() -> one.get() == 100 && other.get() == 100);
        assertThat(atServer()).isEqualTo(100);
    }

    /** Equal values from equal bases by one client are two writes all the same, and each hears of the other's. */
    @Test
    void manyUpdatesOfTwoReplicasOfOneClientAllCount() throws Exception {
        ZunoClient client = client();
        StateReplica<Integer> one = started(counter(client).maxConflicts(1000));
        StateReplica<Integer> other = started(counter(client).maxConflicts(1000));
        List<CompletableFuture<WriteResult<Integer>>> writes = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            writes.add(one.update(n -> n + 1));
            writes.add(other.update(n -> n + 1));
        }
        for (CompletableFuture<WriteResult<Integer>> write : writes) {
            assertThat(get(write)).isInstanceOf(Accepted.class);
        }
        assertThat(atServer()).isEqualTo(50);
        await().atMost(1, MINUTES).until(() -> one.get() == 50 && other.get() == 50);
    }

    /** Both begin at 1; the other moves the server to 2 while one is away and sets 10. */
    private WriteResult<Integer> conflict(ConflictPolicy<Integer> policy) throws Exception {
        registry.<JsonNode>store("counter", () -> IntNode.valueOf(1));
        StateReplica<Integer> one = started(counter(client()).conflicts(policy));
        StateVersion base = one.meta().version();
        registry.<JsonNode>store("counter", () -> IntNode.valueOf(0)).set(IntNode.valueOf(2));
        await().atMost(1, MINUTES).until(() -> one.get() == 2);
        WriteResult<Integer> result = get(one.set(10, base));
        await().atMost(1, MINUTES).until(() -> !one.meta().dirty() && one.get() == atServer());
        return result;
    }

    @Test
    void preferServer() throws Exception {
        assertThat(conflict(ConflictPolicy.serverWins())).isInstanceOf(Conflict.class);
        assertThat(atServer()).isEqualTo(2);
    }

    @Test
    void preferLocal() throws Exception {
        assertThat(conflict(ConflictPolicy.localWins())).isInstanceOf(Accepted.class);
        assertThat(atServer()).isEqualTo(10);
    }

    @Test
    void merge() throws Exception {
        assertThat(conflict(ConflictPolicy.merge(Integer::sum))).isInstanceOf(Accepted.class);
        assertThat(atServer()).isEqualTo(12);
    }

    @Test
    void whatIsWrittenWhileTheServerIsAwayArrivesLaterAsOne() throws Exception {
        StateReplica<Integer> one = started(counter(client()));
        assertThat(get(one.set(1))).isInstanceOf(Accepted.class);
        StoreRegistry kept = registry;
        stopServer();
        await().atMost(1, MINUTES).until(() -> !isConnected(one));
        List<CompletableFuture<WriteResult<Integer>>> writes = new ArrayList<>();
        for (int i = 2; i < 20; i++) {
            writes.add(one.set(i));
        }
        assertThat(one.get()).isEqualTo(19);
        assertThat(one.meta().dirty()).isTrue();
        startServer(kept);
        for (CompletableFuture<WriteResult<Integer>> write : writes) {
            assertThat(get(write)).isInstanceOf(Accepted.class);
        }
        assertThat(atServer()).isEqualTo(19);
        assertThat(registry.find("counter").version().revision().bits()).isLessThan(5);
    }

    @Test
    void aServerThatLostItsCountIsFollowed() throws Exception {
        StateReplica<Integer> one = started(counter(client()));
        StateReplica<Integer> other = started(counter(client()));
        assertThat(get(one.set(1))).isInstanceOf(Accepted.class);
        assertThat(get(one.set(2))).isInstanceOf(Accepted.class);
        stopServer();
        // a count from the beginning, as a server without epochs has it
        StoreRegistry restarted = StoreRegistry.builder()
                .journals(topic -> new io.statesync.source.InMemoryJournal<JsonNode>(), Runnable::run)
                .build();
        restarted.<JsonNode>store("counter", () -> IntNode.valueOf(77));
        startServer(restarted);
        await().atMost(1, MINUTES).until(() -> one.get() == 77 && other.get() == 77);
        assertThat(get(other.set(78))).isInstanceOf(Accepted.class);
        await().atMost(1, MINUTES).until(() -> one.get() == 78);
    }

    @Test
    void aServerThatLostTheStateIsToldItByTheNextWrite() throws Exception {
        StateReplica<Integer> one = started(counter(client()));
        StateReplica<Integer> other = started(counter(client()));
        assertThat(get(one.set(1))).isInstanceOf(Accepted.class);
        await().atMost(1, MINUTES).until(() -> other.get() == 1);
        stopServer();
        await().atMost(1, MINUTES).until(() -> !isConnected(one) && !isConnected(other));
        startServer(StoreRegistry.create());
        await().atMost(1, MINUTES).until(() -> isConnected(one) && isConnected(other));
        assertThat(one.get()).isEqualTo(1);
        assertThat(get(one.set(2))).isInstanceOf(Accepted.class);
        await().atMost(1, MINUTES).until(() -> other.get() == 2);
        assertThat(atServer()).isEqualTo(2);
    }

    @Test
    void whatTheServerRefusesIsRejected() throws Exception {
        StateReplica<Integer> replica = client().replica("read-only", JacksonCodec.json(Integer.class), () -> 3)
                .build();
        open.add(0, replica);
        replica.start().get(60, TimeUnit.SECONDS);
        WriteResult<Integer> result = get(replica.set(4));
        assertThat(result)
                .isInstanceOfSatisfying(
                        Rejected.class,
                        rejected -> assertThat(rejected.reason()).contains("403"));
        assertThat(replica.get()).isEqualTo(3);
    }

    /** What a client before this one kept is not newer than what a server that counts anew says. */
    @Test
    void whatACacheHoldsIsOlderThanTheServer() throws Exception {
        AtomicReference<SnapshotEnvelope<Integer>> kept = new AtomicReference<>();
        SnapshotCache<Integer> cache = topic -> CompletableFuture.completedFuture(kept.get());
        StateReplica<Integer> before = started(counter(client()));
        for (int i = 1; i < 5; i++) {
            assertThat(get(before.set(i))).isInstanceOf(Accepted.class);
        }
        kept.set(SnapshotEnvelope.of(before.meta().version(), before.get()));
        before.close();
        stopServer();
        StoreRegistry restarted = StoreRegistry.builder()
                .journals(topic -> new io.statesync.source.InMemoryJournal<JsonNode>(), Runnable::run)
                .build();
        restarted.<JsonNode>store("counter", () -> IntNode.valueOf(77));
        startServer(restarted);
        StateReplica<Integer> after = started(counter(client()).engine(engine -> engine.cache(cache)));
        await().atMost(1, MINUTES).until(() -> after.get() == 77);
        assertThat(get(after.set(78))).isInstanceOf(Accepted.class);
    }

    /** Deeper than the envelope of a write may be, since the snapshot's is around it. */
    @Test
    void aDeepStateOfAnotherKeyHidesNone() throws Exception {
        String deep = "[".repeat(98) + "]".repeat(98);
        registry.store("deep", () -> new JsonMapper().readTree(deep));
        registry.<JsonNode>store("counter", () -> IntNode.valueOf(7));
        assertThat(started(counter(client())).get()).isEqualTo(7);
    }

    @Test
    void nobodyIsConnectedAfterClose() throws Exception {
        ZunoClient client = client();
        StateReplica<Integer> replica = started(counter(client));
        await().atMost(1, MINUTES).until(() -> servlet.readers() == 1);
        replica.close();
        client.close();
        await().atMost(1, MINUTES).until(() -> {
            registry.<JsonNode>store("poke", () -> IntNode.valueOf(0)).set(IntNode.valueOf(1));
            return servlet.readers() == 0;
        });
    }
}
