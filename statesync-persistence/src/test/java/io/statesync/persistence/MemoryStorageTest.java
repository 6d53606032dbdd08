package io.statesync.persistence;

class MemoryStorageTest extends SnapshotStorageContract {
    @Override
    SnapshotStorage create() {
        return new MemoryStorage();
    }
}
