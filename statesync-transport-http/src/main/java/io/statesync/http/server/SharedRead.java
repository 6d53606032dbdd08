package io.statesync.http.server;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A reading of the source that many wait for: at most one runs and one is due. Each caller gets one that began after the
 * call, so nobody is answered with what was read before they asked.
 */
final class SharedRead {
    private final Supplier<CompletionStage<Encoded>> reading;
    private boolean busy; // guarded by this
    private @Nullable CompletableFuture<Encoded> due; // guarded by this

    SharedRead(Supplier<CompletionStage<Encoded>> reading) {
        this.reading = reading;
    }

    CompletableFuture<Encoded> read() {
        CompletableFuture<Encoded> mine;
        synchronized (this) {
            if (busy) {
                if (due == null) {
                    due = new CompletableFuture<>();
                }
                return due;
            }
            busy = true;
            mine = new CompletableFuture<>();
        }
        run(mine);
        return mine;
    }

    private void run(CompletableFuture<Encoded> waiting) {
        reading.get().whenComplete((encoded, failure) -> {
            CompletableFuture<Encoded> next;
            synchronized (this) {
                next = due;
                due = null;
                busy = next != null;
            }
            if (failure != null) {
                waiting.completeExceptionally(failure);
            } else {
                waiting.complete(encoded);
            }
            if (next != null) {
                run(next);
            }
        });
    }
}
