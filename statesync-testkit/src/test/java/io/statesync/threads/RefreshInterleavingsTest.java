package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.together;

import io.statesync.PullResult;
import io.statesync.RevisionSync;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A refresh against the end of a cycle that began before it. */
@Tag("lincheck")
@DisplayName("C2: a refresh is done by a pull that began after it")
class RefreshInterleavingsTest {

    @Test
    void aRefreshDuringAnEventsCycleIsNotDoneByIt() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
            together(source::event, () -> refresh.set(refresh(engine, source)));
            source.verify();
            check(refresh.get().isDone(), "the refresh has no outcome");
        });
    }

    @Test
    void aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer() {
        explore(() -> {
            CountingSource source = new CountingSource();
            CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
            RevisionSync<Long> engine = source.started(
                    source.options().provider(request -> source.revision.get() == 2 ? answer : source.pull(request)));
            source.event();
            AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
            together(() -> answer.complete(CountingSource.snapshot(2)), () -> refresh.set(refresh(engine, source)));
            source.verify();
            check(refresh.get().isDone(), "the refresh has no outcome");
        });
    }

    @Test
    void twoRefreshesAreEachDoneByAPullThatBeganAfterThem() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> one = new AtomicReference<>();
            AtomicReference<CompletableFuture<Void>> two = new AtomicReference<>();
            together(() -> one.set(refresh(engine, source)), () -> two.set(refresh(engine, source)));
            source.verify();
            check(one.get().isDone() && two.get().isDone(), "a refresh has no outcome");
        });
    }

    /** Moves the source without an event and refreshes; whenever that is done, local must be where the source was. */
    private static CompletableFuture<Void> refresh(RevisionSync<Long> engine, CountingSource source) {
        long atLeast = source.revision.incrementAndGet();
        CompletableFuture<Void> refresh = engine.refresh();
        var unused = refresh.whenComplete((nothing, error) -> {
            if (local(engine) < atLeast) {
                source.violated("the refresh is done at " + local(engine) + ", called at " + atLeast);
            }
        });
        return refresh;
    }
}
