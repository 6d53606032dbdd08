package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.version;

import io.statesync.RevisionSync;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An await against the apply that reaches its version. */
@Tag("lincheck")
@DisplayName("W1: an await is done exactly if local is there")
public class AwaitInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore("anAwaitIsDoneByAPulledApply", "anAwaitIsDoneByAPushedApply", "aCancelledAwaitNoLongerCounts");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "anAwaitIsDoneByAPulledApply" -> anAwaitIsDoneByAPulledApply();
            case "anAwaitIsDoneByAPushedApply" -> anAwaitIsDoneByAPushedApply();
            case "aCancelledAwaitNoLongerCounts" -> aCancelledAwaitNoLongerCounts();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** An await is done by a pulled apply. */
    private static Run anAwaitIsDoneByAPulledApply() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        AtomicReference<CompletableFuture<Void>> await = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(
                            local(engine) == 2 && await.get().isDone(),
                            "local " + local(engine) + ", done " + await.get());
                },
                source::event,
                () -> await.set(await(2, engine, source)));
    }

    /** S4: a pushed snapshot completes the awaits that it reaches, and no other. */
    private static Run anAwaitIsDoneByAPushedApply() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        AtomicReference<CompletableFuture<Void>> reached = new AtomicReference<>();
        AtomicReference<CompletableFuture<Void>> beyond = new AtomicReference<>();
        return new Run(
                source,
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
    }

    /** W3: an await that is cancelled while something else is applied does not leave the engine behind. */
    private static Run aCancelledAwaitNoLongerCounts() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        CompletableFuture<Void> await = engine.awaitVersion(version(3));
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(await.isCancelled() && local(engine) == 2, "local " + local(engine) + ", " + await);
                    check(!engine.status().behind(), "behind, and nobody waits");
                },
                () -> source.push(2),
                () -> await.cancel(false));
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
