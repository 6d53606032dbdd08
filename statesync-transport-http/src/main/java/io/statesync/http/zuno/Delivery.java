package io.statesync.http.zuno;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Somebody who waits until all readers of a room have been sent what happened up to an event. Safe for use from any thread. */
final class Delivery {
    private final long id;
    private final Set<Reader> behind = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile boolean counted; // whoever is behind has been found

    Delivery(long id) {
        this.id = id;
    }

    /** Completed when it is so. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Finds out who is behind; once, when it can be told of those who catch up already. */
    void count(Iterable<Reader> readers) {
        for (Reader reader : readers) {
            if (!reader.isSettled(id)) {
                behind.add(reader);
                settled(reader);
            }
        }
        counted = true;
        check();
    }

    /** Who is behind, at this moment. */
    Iterable<Reader> behind() {
        return behind;
    }

    /** Whether a reader has caught up is to be asked again. */
    void settled(Reader reader) {
        if (reader.isSettled(id) && behind.remove(reader)) {
            check();
        }
    }

    private void check() {
        if (counted && behind.isEmpty()) {
            done.complete(null);
        }
    }
}
