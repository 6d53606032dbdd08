package io.statesync.examples;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Runs what waits. Not the common pool: on two cores it has one thread, and from JDK 25 on no other helps it out. */
final class OwnThread {
    private OwnThread() {}

    static <T> CompletableFuture<T> run(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, running -> new Thread(running, "waiting").start());
    }
}
