package io.statesync.persistence;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A storage in memory, with one generation before the newest: for tests, and where nothing need outlive the process. */
public final class MemoryStorage implements SnapshotStorage {
    private static final int GENERATIONS = 2;

    private final Map<String, Deque<StoredSnapshot>> topics = new ConcurrentHashMap<>();

    /** An empty storage. */
    public MemoryStorage() {}

    @Override
    public boolean save(String topic, StoredSnapshot snapshot) {
        boolean[] kept = new boolean[1];
        topics.compute(topic, (name, before) -> {
            StoredSnapshot newest = before == null ? null : before.peekFirst();
            kept[0] = newest == null || snapshot.metadata().supersedes(newest.metadata());
            if (!kept[0] && before != null) {
                return before;
            }
            Deque<StoredSnapshot> after = before == null ? new ArrayDeque<>() : new ArrayDeque<>(before);
            after.addFirst(snapshot);
            if (after.size() > GENERATIONS) {
                after.removeLast();
            }
            return after;
        });
        return kept[0];
    }

    @Override
    public List<Generation> load(String topic) {
        List<Generation> generations = new ArrayList<>();
        Deque<StoredSnapshot> kept = topics.get(topic);
        if (kept != null) {
            kept.forEach(snapshot -> generations.add(() -> snapshot));
        }
        return generations;
    }

    @Override
    public void clear(String topic) {
        topics.remove(topic);
    }

    @Override
    public StorageUsage usage() {
        long bytes = topics.values().stream()
                .flatMap(Deque::stream)
                .mapToLong(snapshot -> snapshot.payload().length)
                .sum();
        return new StorageUsage(topics.size(), bytes, Long.MAX_VALUE);
    }
}
