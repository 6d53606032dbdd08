package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.version;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.together;

import io.statesync.RevisionSync;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An await against the apply that reaches its version. */
@Tag("lincheck")
@DisplayName("W1: an await is done exactly if local is there")
class AwaitInterleavingsTest {

    @Test
    void anAwaitIsDoneByAPulledApply() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> await = new AtomicReference<>();
            together(source::event, () -> await.set(await(2, engine, source)));
            source.verify();
            check(local(engine) == 2 && await.get().isDone(), "local " + local(engine) + ", done " + await.get());
        });
    }

    @Test
    @DisplayName("S4: a pushed snapshot completes the awaits that it reaches, and no other")
    void anAwaitIsDoneByAPushedApply() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> reached = new AtomicReference<>();
            AtomicReference<CompletableFuture<Void>> beyond = new AtomicReference<>();
            together(() -> source.push(2), () -> {
                reached.set(await(2, engine, source));
                beyond.set(await(3, engine, source));
            });
            source.verify();
            check(local(engine) == 2 && reached.get().isDone(), "local " + local(engine) + ", not done");
            check(!beyond.get().isDone(), "done before its version");
        });
    }

    @Test
    @DisplayName("W3: an await cancelled while its version is applied does not leave the engine behind")
    void aCancelledAwaitNoLongerCounts() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            CompletableFuture<Void> await = engine.awaitVersion(version(2));
            together(() -> source.push(2), () -> await.cancel(false));
            source.verify();
            check(await.isDone() && local(engine) == 2, "local " + local(engine) + ", " + await);
            check(!engine.status().behind(), "behind, and nobody waits");
        });
    }

    private static CompletableFuture<Void> await(long revision, RevisionSync<Long> engine, CountingSource source) {
        CompletableFuture<Void> await = engine.awaitVersion(version(revision));
        var unused = await.whenComplete((nothing, error) -> {
            if (local(engine) < revision) {
                source.violated("the await of " + revision + " is done at " + local(engine));
            }
        });
        return await;
    }
}
