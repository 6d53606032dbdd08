package io.statesync.persistence;

/** What a cache was doing when it failed. */
public enum PersistenceOperation {
    /** Encoding a snapshot, or handing it to the storage. */
    SAVE("save"),
    /** Reading a snapshot: it could not be read, was not what was saved, could not be decoded or was not valid. */
    LOAD("load"),
    /** Bringing a snapshot of another form into the present one. */
    MIGRATE("migrate"),
    /** Forgetting a topic. */
    CLEAR("clear");

    private final String wireName;

    PersistenceOperation(String wireName) {
        this.wireName = wireName;
    }

    /** The name in logs and metrics, such as {@code save}. */
    public String wireName() {
        return wireName;
    }

    @Override
    public String toString() {
        return wireName;
    }
}
