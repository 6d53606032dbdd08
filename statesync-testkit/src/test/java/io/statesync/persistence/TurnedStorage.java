package io.statesync.persistence;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;

/** A memory storage whose calls a test sees and lets fail, and an executor whose tasks run when the test says so. */
final class TurnedStorage implements SnapshotStorage, Executor {
    final MemoryStorage memory = new MemoryStorage();
    final List<String> calls = new ArrayList<>();
    final Queue<Throwable> failures = new ArrayDeque<>();
    final Queue<Runnable> tasks = new ArrayDeque<>();
    Runnable duringSave = () -> {};
    boolean saving;

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    /** Runs tasks until there are none. */
    void run() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private void fail() throws IOException {
        Throwable failure = failures.poll();
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
    }

    @Override
    public boolean save(String topic, StoredSnapshot snapshot) throws IOException {
        if (saving) {
            throw new AssertionError("two saves at once");
        }
        saving = true;
        try {
            calls.add("save " + snapshot.metadata().version());
            Runnable during = duringSave;
            duringSave = () -> {};
            during.run();
            fail();
            return memory.save(topic, snapshot);
        } finally {
            saving = false;
        }
    }

    @Override
    public List<Generation> load(String topic) throws IOException {
        fail();
        return memory.load(topic);
    }

    @Override
    public void clear(String topic) throws IOException {
        calls.add("clear");
        fail();
        memory.clear(topic);
    }

    @Override
    public StorageUsage usage() {
        return memory.usage();
    }
}
