package io.statesync.replica;

/** Somebody observes a replica, until this is closed. */
@FunctionalInterface
public interface Observation extends AutoCloseable {
    /** Ends it; no call begins afterwards, one under way may still end. Idempotent, from any thread. */
    @Override
    void close();
}
