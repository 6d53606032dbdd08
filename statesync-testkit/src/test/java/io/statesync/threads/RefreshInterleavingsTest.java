package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;

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
public class RefreshInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore(
                "aRefreshDuringAnEventsCycleIsNotDoneByIt",
                "aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer",
                "twoRefreshesAreEachDoneByAPullThatBeganAfterThem");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "aRefreshDuringAnEventsCycleIsNotDoneByIt" -> aRefreshDuringAnEventsCycleIsNotDoneByIt();
            case "aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer" ->
                aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer();
            case "twoRefreshesAreEachDoneByAPullThatBeganAfterThem" ->
                twoRefreshesAreEachDoneByAPullThatBeganAfterThem();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** A refresh during an events cycle is not done by it. */
    private static Run aRefreshDuringAnEventsCycleIsNotDoneByIt() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(refresh.get().isDone(), "the refresh has no outcome");
                },
                source::event,
                () -> refresh.set(refresh(engine, source)));
    }

    /** A refresh while another thread answers is not done by that answer. */
    private static Run aRefreshWhileAnotherThreadAnswersIsNotDoneByThatAnswer() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
        RevisionSync<Long> engine = source.started(
                source.options().provider(request -> source.revision.get() == 2 ? answer : source.pull(request)));
        source.event();
        AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(refresh.get().isDone(), "the refresh has no outcome");
                },
                () -> answer.complete(CountingSource.snapshot(2)),
                () -> refresh.set(refresh(engine, source)));
    }

    /** Two refreshes are each done by a pull that began after them. */
    private static Run twoRefreshesAreEachDoneByAPullThatBeganAfterThem() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        AtomicReference<CompletableFuture<Void>> one = new AtomicReference<>();
        AtomicReference<CompletableFuture<Void>> two = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(one.get().isDone() && two.get().isDone(), "a refresh has no outcome");
                },
                () -> one.set(refresh(engine, source)),
                () -> two.set(refresh(engine, source)));
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
