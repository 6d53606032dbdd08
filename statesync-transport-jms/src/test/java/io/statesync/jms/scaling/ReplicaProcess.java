package io.statesync.jms.scaling;

import io.statesync.Backoff;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.jms.JmsStateClient;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.StateReplica;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Replicas of all topics over one client: {@code ReplicaProcess WRITER TOPIC PORT PORT}. Writes one of them once it is told {@code
 * write}, until it is told {@code stop}; says what it has when it is told {@code show}.
 */
public final class ReplicaProcess {
    private ReplicaProcess() {}

    /** Runs the replicas until the standard input ends. */
    public static void main(String[] args) throws Exception {
        JmsStateClient client = JmsStateClient.builder(
                        Brokers.either(Integer.parseInt(args[2]), Integer.parseInt(args[3])))
                .backoff(Brokers.QUICK)
                .proposalTimeout(Duration.ofSeconds(2))
                .build();
        Map<String, StateReplica<Map<String, Long>>> replicas = new LinkedHashMap<>();
        Counts.TOPICS.forEach(topic -> replicas.put(topic, replica(topic, args[0], client)));
        replicas.values().forEach(replica -> replica.start().exceptionally(ReplicaProcess::notStarted));
        StateReplica<Map<String, Long>> own = Objects.requireNonNull(replicas.get(args[1]));
        CompletableFuture<Map<String, Long>> first = new CompletableFuture<>();
        own.observe(first::complete);
        Writing writing = new Writing(args[0], Duration.ofMillis(60), first, own::update);
        BufferedReader told = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = told.readLine(); line != null; line = told.readLine()) {
            if (line.equals("write")) {
                writing.begin();
            } else if (line.equals("stop")) {
                writing.end();
            } else if (line.equals("show")) {
                replicas.forEach(ReplicaProcess::show);
            }
        }
        System.exit(0);
    }

    private static Void notStarted(Throwable error) {
        System.out.println("fault a replica did not start: " + error);
        return null;
    }

    private static void show(String topic, StateReplica<Map<String, Long>> replica) {
        StateVersion version = replica.meta().version();
        if (version != null) {
            System.out.println("shows " + Counts.line(topic, version, replica.get()));
        }
    }

    private static StateReplica<Map<String, Long>> replica(String topic, String writer, JmsStateClient client) {
        return StateReplica.<Map<String, Long>>builder(topic)
                .source(client.topic(topic, Counts.CODEC))
                .sourceId(writer)
                .proposalTimeout(Duration.ofSeconds(3))
                .sendBackoff(Brokers.QUICK)
                .conflictBackoff(Backoff.exponential(Duration.ofMillis(5), 2, Duration.ofMillis(100)))
                .maxConflicts(1_000)
                .engine(engine -> engine.pullTimeout(Duration.ofSeconds(2)).catchUp(Brokers.QUICK))
                .listener(new Watching(topic))
                .build();
    }

    /** Says what must not be: a version that goes back, or a message that cannot be read. */
    private static final class Watching implements ReplicaListener<Map<String, Long>> {
        private final String topic;
        private final AtomicReference<StateVersion> newest = new AtomicReference<>();

        Watching(String topic) {
            this.topic = topic;
        }

        @Override
        public void onApplied(SnapshotEnvelope<Map<String, Long>> snapshot, StateVersion version, Duration took) {
            StateVersion before = newest.getAndSet(version);
            if (before != null && !version.isNewerThan(before)) {
                System.out.println("fault " + topic + " went from " + before + " to " + version);
            }
        }

        @Override
        public void onError(SyncError error) {
            if (error.phase() == SyncPhase.PROTOCOL) {
                System.out.println("fault " + error);
            }
        }
    }
}
