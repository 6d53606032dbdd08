package io.statesync.source;

import java.util.ArrayList;
import java.util.List;

/** Topics as a view under a prefix sees them. */
final class Prefixes {
    private Prefixes() {}

    static List<StoreEvent> under(String prefix, List<StoreEvent> events) {
        List<StoreEvent> under = new ArrayList<>();
        for (StoreEvent event : events) {
            if (event.topic().startsWith(prefix)) {
                under.add(relative(prefix, event));
            }
        }
        return List.copyOf(under);
    }

    static StoreEvent relative(String prefix, StoreEvent event) {
        return prefix.isEmpty() ? event : event.withTopic(event.topic().substring(prefix.length()));
    }
}
