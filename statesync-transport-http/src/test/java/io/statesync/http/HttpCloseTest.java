package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.source.StoreRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of clients that were closed, whatever they were doing: nothing, after a garbage collection on old JDKs. */
@Timeout(300)
class HttpCloseTest {
    private static final Duration NEVER = Duration.ofMinutes(20);

    /** What clients are doing: waiting for an answer to a request, if it names one. */
    enum Moment {
        IDLE("none"),
        MAKING_A_STREAM("POST /state/streams "),
        CONNECTING_TO_A_STREAM("GET /state/streams/"),
        PULLING("GET /state/snapshot?"),
        PROPOSING("POST /state/proposals"),
        RECONNECTING("none");

        private final String stalled;

        Moment(String stalled) {
            this.stalled = stalled;
        }
    }

    private final Set<Thread> threads = ours();
    private int leases;
    private FaultySource source;

    @BeforeEach
    void start() throws Exception {
        leases = SharedHttpClients.leases();
        source = new FaultySource(StoreRegistry.create(), NEVER);
    }

    private static Set<Thread> ours() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("statesync-")
                        || thread.getName().startsWith("HttpClient-"))
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLeft(Moment moment) throws Exception {
        source.proxy.fault(moment.stalled, Fault.STALL);
        source.engine(0);
        source.engine(16 * 1024);
        Follower replica = source.replica();
        enter(moment, replica);
        source.followers.forEach(Follower::close);
        assertThat(SharedHttpClients.leases()).isEqualTo(leases);
        source.proxy.heal(); // so that it sees that clients are gone
        await().atMost(FaultySource.LIMIT).untilAsserted(() -> {
            System.gc();
            assertThat(source.proxy.open()).isZero();
            assertThat(source.serverConnections()).isZero();
        });
        source.close(); // the server's heartbeats run on the same threads
        await().atMost(FaultySource.LIMIT).untilAsserted(() -> {
            System.gc();
            assertThat(ours()).isSubsetOf(threads);
        });
    }

    private void enter(Moment moment, Follower replica) throws Exception {
        switch (moment) {
            case MAKING_A_STREAM, CONNECTING_TO_A_STREAM, PULLING ->
                source.proxy.awaitHits(1, FaultySource.LIMIT.toMillis());
            case PROPOSING -> {
                source.awaitConverged();
                var unused = replica.replica.set("mine");
                source.proxy.awaitHits(1, FaultySource.LIMIT.toMillis());
            }
            case IDLE -> source.awaitConverged();
            case RECONNECTING -> {
                source.awaitConverged();
                source.proxy.fault("", Fault.CUT);
                source.proxy.awaitHits(20, FaultySource.LIMIT.toMillis());
            }
        }
        if (moment != Moment.IDLE) {
            assertThat(source.proxy.hits()).isPositive();
        }
    }
}
