package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.two;

import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.threads.Interleavings.Program;
import io.statesync.threads.Interleavings.Run;
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
    void inEverySchedule() {
        explore(
                aRefreshDuringAnEventsCycleIsNotDoneByIt(),
                aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer(),
                twoRefreshesAreEachDoneByAPullThatBeganAfterThem());
    }

    private static Program aRefreshDuringAnEventsCycleIsNotDoneByIt() {
        return two("a refresh during an events cycle is not done by it", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
            return new Run(
                    () -> {
                        source.verify();
                        check(refresh.get().isDone(), "the refresh has no outcome");
                    },
                    source::event,
                    () -> refresh.set(refresh(engine, source)));
        });
    }

    private static Program aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer() {
        return two("a refresh while another thread answers is not done by that answer", () -> {
            CountingSource source = new CountingSource();
            CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
            RevisionSync<Long> engine = source.started(
                    source.options().provider(request -> source.revision.get() == 2 ? answer : source.pull(request)));
            source.event();
            AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
            return new Run(
                    () -> {
                        source.verify();
                        check(refresh.get().isDone(), "the refresh has no outcome");
                    },
                    () -> answer.complete(CountingSource.snapshot(2)),
                    () -> refresh.set(refresh(engine, source)));
        });
    }

    private static Program twoRefreshesAreEachDoneByAPullThatBeganAfterThem() {
        return two("two refreshes are each done by a pull that began after them", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> one = new AtomicReference<>();
            AtomicReference<CompletableFuture<Void>> two = new AtomicReference<>();
            return new Run(
                    () -> {
                        source.verify();
                        check(one.get().isDone() && two.get().isDone(), "a refresh has no outcome");
                    },
                    () -> one.set(refresh(engine, source)),
                    () -> two.set(refresh(engine, source)));
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
