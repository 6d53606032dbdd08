package io.statesync.jms.scaling;

import io.statesync.jms.JmsAuthorizer;
import io.statesync.jms.JmsConnection;
import io.statesync.jms.JmsInvalidationPublisher;
import io.statesync.jms.JmsSnapshotResponder;
import io.statesync.persistence.jdbc.JdbcAuthority;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import javax.sql.DataSource;
import org.postgresql.ds.PGPoolingDataSource;

/**
 * One source of several: {@code SourceProcess WRITER TOPIC PORT PORT URL}. It has all topics, whose authority is the database at
 * URL, publishes and answers for them at either of the brokers, and itself writes one of them once it is told {@code write},
 * until it is told {@code stop}.
 */
public final class SourceProcess {
    private SourceProcess() {}

    @SuppressWarnings("deprecation") // a pool that comes with the driver; it is enough here
    private static DataSource pool(String url) {
        PGPoolingDataSource pool = new PGPoolingDataSource();
        pool.setUrl(url);
        pool.setMaxConnections(8);
        return pool;
    }

    /** Runs a source until the standard input ends. */
    public static void main(String[] args) throws Exception {
        DataSource database = pool(args[4]);
        Map<String, JdbcAuthority<Map<String, Long>>> authorities = new LinkedHashMap<>();
        Counts.TOPICS.forEach(topic -> authorities.put(topic, Counts.authority(topic, database)));
        JmsConnection connection = JmsConnection.builder(
                        Brokers.either(Integer.parseInt(args[2]), Integer.parseInt(args[3])))
                .backoff(Brokers.QUICK)
                .build();
        JmsInvalidationPublisher.Builder publisher =
                JmsInvalidationPublisher.builder(connection).announceEvery(Duration.ofMillis(500));
        JmsSnapshotResponder.Builder responder =
                JmsSnapshotResponder.builder(connection).authorizer(JmsAuthorizer.allowAll());
        authorities.values().forEach(authority -> {
            publisher.topic(authority, Counts.CODEC);
            responder.topic(authority, Counts.CODEC);
        });
        publisher.build();
        responder.build();
        JdbcAuthority<Map<String, Long>> own = Objects.requireNonNull(authorities.get(args[1]));
        Writing writing = new Writing(args[0], Duration.ofMillis(150), own.snapshot(), own::update);
        BufferedReader told = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = told.readLine(); line != null; line = told.readLine()) {
            if (line.equals("write")) {
                writing.begin();
            } else if (line.equals("stop")) {
                writing.end();
            }
        }
        System.exit(0);
    }
}
