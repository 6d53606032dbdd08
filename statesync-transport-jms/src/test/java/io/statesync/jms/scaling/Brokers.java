package io.statesync.jms.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.jms.BrokerMain;
import io.statesync.testkit.internal.Ports;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** One broker, or two in a cluster, each in a process of its own. */
final class Brokers implements AutoCloseable {
    static final Backoff QUICK = Backoff.exponential(Duration.ofMillis(50), 2, Duration.ofSeconds(1));

    private static final String OPTIONS =
            "ha=false&reconnectAttempts=0&callTimeout=5000&connectionTTL=10000&clientFailureCheckPeriod=2000";

    private final int[] ports;
    private final Child[] running;

    /**
     * Brokers that run.
     *
     * @param count 1 or 2
     */
    Brokers(int count) throws Exception {
        ports = new int[count];
        running = new Child[count];
        try {
            List<CountDownLatch> ready = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ports[i] = Ports.free();
            }
            for (int i = 0; i < count; i++) {
                ready.add(start(i));
            }
            for (int i = 0; i < count; i++) {
                awaitReady(ready.get(i), i);
            }
        } catch (Exception | AssertionError e) {
            close();
            throw e;
        }
    }

    int count() {
        return ports.length;
    }

    /** The port of one; if there is only one, of that. */
    int port(int which) {
        return ports[which % ports.length];
    }

    Child process(int which) {
        return running[which];
    }

    /** Starts one; the latch is open when it runs. */
    CountDownLatch start(int which) throws IOException {
        CountDownLatch ready = new CountDownLatch(1);
        List<String> arguments = new ArrayList<>(List.of(String.valueOf(ports[which])));
        if (ports.length == 2) {
            arguments.add(String.valueOf(ports[1 - which]));
        }
        running[which] = new Child(
                "broker" + which,
                line -> {
                    if (line.startsWith("READY")) {
                        ready.countDown();
                    }
                },
                128,
                BrokerMain.class,
                arguments.toArray(String[]::new));
        return ready;
    }

    void awaitReady(CountDownLatch ready, int which) throws InterruptedException {
        assertThat(ready.await(60, TimeUnit.SECONDS)).as("%s", running[which]).isTrue();
    }

    void kill(int which) throws InterruptedException {
        running[which].kill();
    }

    /** Clients of one broker only. */
    static ActiveMQConnectionFactory only(int port) {
        return new ActiveMQConnectionFactory(
                "tcp://127.0.0.1:" + port + "?useTopologyForLoadBalancing=false&" + OPTIONS);
    }

    /** Clients of whichever broker is there; of the only one, if both are the same. */
    static ActiveMQConnectionFactory either(int first, int second) {
        if (first == second) {
            return only(first);
        }
        return new ActiveMQConnectionFactory(
                "(tcp://127.0.0.1:" + first + ",tcp://127.0.0.1:" + second + ")?" + OPTIONS);
    }

    ActiveMQConnectionFactory either() {
        return either(port(0), port(1));
    }

    @Override
    public void close() throws InterruptedException {
        for (Child broker : running) {
            if (broker != null) {
                broker.close();
            }
        }
    }
}
