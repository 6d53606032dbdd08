package io.statesync.threads;

import io.statesync.InvalidationHandler;
import io.statesync.LifecycleState;
import io.statesync.RevisionSync;
import io.statesync.Subscription;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Starts against each other, and against a stop. */
@Tag("lincheck")
@DisplayName("L1, L3: at most one subscription is open, and none after stop")
public class StartInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore(
                "twoStartsShareOneSubscription",
                "twoStartsAndAStopLeaveNothingOpen",
                "aSubscriptionThatArrivesDuringStopIsClosed",
                "aFailingStartAndAnotherLeaveASubscriptionOnlyIfRunning");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "twoStartsShareOneSubscription" -> twoStartsShareOneSubscription();
            case "twoStartsAndAStopLeaveNothingOpen" -> twoStartsAndAStopLeaveNothingOpen();
            case "aSubscriptionThatArrivesDuringStopIsClosed" -> aSubscriptionThatArrivesDuringStopIsClosed();
            case "aFailingStartAndAnotherLeaveASubscriptionOnlyIfRunning" ->
                aFailingStartAndAnotherLeaveASubscriptionOnlyIfRunning();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** Two starts share one subscription. */
    private static Run twoStartsShareOneSubscription() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.idle(source.options());
        AtomicReference<CompletableFuture<Void>> one = new AtomicReference<>();
        AtomicReference<CompletableFuture<Void>> two = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(succeeded(one) && succeeded(two), "a start did not succeed");
                    check(source.open.get() == 1, source.open.get() + " subscriptions are open");
                },
                () -> one.set(engine.start()),
                () -> two.set(engine.start()));
    }

    /** Two starts and a stop leave nothing open. */
    private static Run twoStartsAndAStopLeaveNothingOpen() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.idle(source.options());
        AtomicReference<CompletableFuture<Void>> one = new AtomicReference<>();
        AtomicReference<CompletableFuture<Void>> two = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(one.get().isDone() && two.get().isDone(), "a start has no outcome");
                    check(source.open.get() == 0, source.open.get() + " subscriptions are open");
                },
                () -> one.set(engine.start()),
                () -> two.set(engine.start()),
                engine::stop);
    }

    /** A subscription that arrives during stop is closed. */
    private static Run aSubscriptionThatArrivesDuringStopIsClosed() {
        CountingSource source = new CountingSource();
        AtomicReference<InvalidationHandler> handler = new AtomicReference<>();
        CompletableFuture<Subscription> link = new CompletableFuture<>();
        RevisionSync<Long> engine = source.idle(source.options().subscriber(to -> {
            handler.set(to);
            return link;
        }));
        CompletableFuture<Void> start = engine.start();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(start.isDone(), "the start has no outcome");
                    check(source.open.get() == 0, "the subscription is open");
                },
                () -> link.complete(source.opened(handler.get())),
                engine::stop);
    }

    /** L2: a start that fails and one that comes meanwhile agree on what is left. */
    private static Run aFailingStartAndAnotherLeaveASubscriptionOnlyIfRunning() {
        CountingSource source = new CountingSource();
        AtomicInteger pulls = new AtomicInteger();
        RevisionSync<Long> engine = source.idle(source.options().provider(request -> {
            if (pulls.incrementAndGet() == 1) {
                throw new IllegalStateException("not yet");
            }
            return source.pull(request);
        }));
        AtomicReference<CompletableFuture<Void>> one = new AtomicReference<>();
        AtomicReference<CompletableFuture<Void>> two = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(one.get().isDone() && two.get().isDone(), "a start has no outcome");
                    boolean runs = engine.status().state() == LifecycleState.RUNNING;
                    check(source.open.get() == (runs ? 1 : 0), "runs: " + runs + ", open: " + source.open.get());
                    check(runs == (succeeded(one) || succeeded(two)), "the outcomes do not fit the state");
                },
                () -> one.set(engine.start()),
                () -> two.set(engine.start()));
    }

    private static boolean succeeded(AtomicReference<CompletableFuture<Void>> start) {
        return start.get().isDone() && !start.get().isCompletedExceptionally();
    }
}
