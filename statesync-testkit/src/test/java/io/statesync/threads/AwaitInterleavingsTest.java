package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.version;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.two;

import io.statesync.RevisionSync;
import io.statesync.threads.Interleavings.Program;
import io.statesync.threads.Interleavings.Run;
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
    void inEverySchedule() {
        explore(anAwaitIsDoneByAPulledApply(), anAwaitIsDoneByAPushedApply(), aCancelledAwaitNoLongerCounts());
    }

    private static Program anAwaitIsDoneByAPulledApply() {
        return two("an await is done by a pulled apply", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> await = new AtomicReference<>();
            return new Run(
                    () -> {
                        source.verify();
                        check(
                                local(engine) == 2 && await.get().isDone(),
                                "local " + local(engine) + ", done " + await.get());
                    },
                    source::event,
                    () -> await.set(await(2, engine, source)));
        });
    }

    private static Program anAwaitIsDoneByAPushedApply() {
        return two("S4: a pushed snapshot completes the awaits that it reaches, and no other", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> reached = new AtomicReference<>();
            AtomicReference<CompletableFuture<Void>> beyond = new AtomicReference<>();
            return new Run(
                    () -> {
                        source.verify();
                        check(local(engine) == 2 && reached.get().isDone(), "local " + local(engine) + ", not done");
                        check(!beyond.get().isDone(), "done before its version");
                    },
                    () -> source.push(2),
                    () -> {
                        reached.set(await(2, engine, source));
                        beyond.set(await(3, engine, source));
                    });
        });
    }

    private static Program aCancelledAwaitNoLongerCounts() {
        return two("W3: an await cancelled while its version is applied does not leave the engine behind", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            CompletableFuture<Void> await = engine.awaitVersion(version(2));
            return new Run(
                    () -> {
                        source.verify();
                        check(await.isDone() && local(engine) == 2, "local " + local(engine) + ", " + await);
                        check(!engine.status().behind(), "behind, and nobody waits");
                    },
                    () -> source.push(2),
                    () -> await.cancel(false));
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
