package io.statesync.persistence;

import io.statesync.testkit.SnapshotStorageContract;

class MemoryStorageTest extends SnapshotStorageContract {
    @Override
    protected SnapshotStorage create() {
        return new MemoryStorage();
    }
}
