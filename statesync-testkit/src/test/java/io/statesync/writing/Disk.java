package io.statesync.writing;

import io.statesync.replica.QueuedWrite;
import io.statesync.replica.WriteQueue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps writes in memory, and fails when it is told to. */
final class Disk implements WriteQueue<Integer> {
    List<QueuedWrite<Integer>> kept = List.of();
    int loads;
    int saves;

    @Nullable
    Exception failure;

    @Override
    public List<QueuedWrite<Integer>> load() throws Exception {
        loads++;
        fail();
        return kept;
    }

    @Override
    public void save(List<QueuedWrite<Integer>> writes) throws Exception {
        saves++;
        fail();
        kept = List.copyOf(writes);
    }

    private void fail() throws Exception {
        if (failure != null) {
            throw failure;
        }
    }
}
