package io.statesync.jms.scaling;

import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.jdbc.JdbcAuthority;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import tools.jackson.core.type.TypeReference;

/** The state that processes share: of each writer, how many of its writes were taken. */
final class Counts {
    static final List<String> TOPICS = List.of("red", "green", "blue");
    static final StateCodec<Map<String, Long>> CODEC = JacksonCodec.json(new TypeReference<Map<String, Long>>() {});

    private Counts() {}

    /** A topic in the database. */
    static JdbcAuthority<Map<String, Long>> authority(String topic, DataSource database) {
        return JdbcAuthority.builder(topic, database, CODEC).build(Map::of);
    }

    /** One more write of a writer. */
    static UnaryOperator<Map<String, Long>> oneMore(String writer) {
        return counts -> {
            Map<String, Long> next = new TreeMap<>(counts);
            next.merge(writer, 1L, Long::sum);
            return next;
        };
    }

    /** A state with its version, in one line. */
    static String line(String topic, StateVersion version, Map<String, Long> counts) {
        return topic + " " + version + " " + new TreeMap<>(counts);
    }
}
