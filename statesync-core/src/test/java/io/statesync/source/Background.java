package io.statesync.source;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** Runs work on a thread of its own. */
final class Background {
    private Background() {}

    static <V> CompletableFuture<V> run(Callable<V> work) {
        CompletableFuture<V> outcome = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                outcome.complete(work.call());
            } catch (Throwable t) { // the test that waits for it reports it
                outcome.completeExceptionally(t);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }
}
