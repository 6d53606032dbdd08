package io.statesync.threads;

import static io.statesync.threads.CountingSource.snapshot;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.statesync.InvalidationHandler;
import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncListener;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the engine tells, and to whom, while several threads make it tell. */
@Tag("lincheck")
@DisplayName("H: callbacks come one at a time and in order; waiting and cancelling are safe at any moment")
public class CallbackInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore(
                "aListenerHearsOneCallAtATimeAndInOrder",
                "joiningAStartWhileItsSubscriptionArrives",
                "anOnCancelActionRegisteredDuringStopRunsOnce",
                "anAnswerDuringStopMovesLocalOrIsIgnored");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "aListenerHearsOneCallAtATimeAndInOrder" -> aListenerHearsOneCallAtATimeAndInOrder();
            case "joiningAStartWhileItsSubscriptionArrives" -> joiningAStartWhileItsSubscriptionArrives();
            case "anOnCancelActionRegisteredDuringStopRunsOnce" -> anOnCancelActionRegisteredDuringStopRunsOnce();
            case "anAnswerDuringStopMovesLocalOrIsIgnored" -> anAnswerDuringStopMovesLocalOrIsIgnored();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** A listener hears one call at a time and in order. */
    private static Run aListenerHearsOneCallAtATimeAndInOrder() {
        CountingSource source = new CountingSource();
        OrderlyListener listener = new OrderlyListener(source);
        RevisionSync<Long> engine = source.started(source.options().listener(listener));
        return new Run(
                new Object[] {source, listener},
                () -> {
                    source.verify();
                    check(listener.heard == engine.localRevision().bits(), "the last apply was not told");
                },
                () -> source.push(2),
                () -> source.push(3));
    }

    /** Notes when it is called while it is called, or too late. */
    private static final class OrderlyListener implements SyncListener<Long> {
        private final CountingSource source;
        private final AtomicInteger calls = new AtomicInteger();
        private volatile long heard;

        OrderlyListener(CountingSource source) {
            this.source = source;
        }

        @Override
        public void onApplied(SnapshotEnvelope<Long> snapshot, StateVersion version, Duration took) {
            if (calls.getAndIncrement() != 0 || heard >= snapshot.data()) {
                source.violated("heard of " + snapshot.data() + " during a call, or too late");
            }
            heard = snapshot.data();
            calls.decrementAndGet();
        }
    }

    /** A start may be waited for while its subscription arrives. */
    private static Run joiningAStartWhileItsSubscriptionArrives() {
        CountingSource source = new CountingSource();
        AtomicReference<InvalidationHandler> handler = new AtomicReference<>();
        CompletableFuture<Subscription> link = new CompletableFuture<>();
        RevisionSync<Long> engine = source.idle(source.options().subscriber(to -> {
            handler.set(to);
            return link;
        }));
        CompletableFuture<Void> start = engine.start();
        return new Run(source, source::verify, () -> glance(start), () -> link.complete(source.opened(handler.get())));
    }

    /** R4: an onCancel action runs once, however late it is registered. */
    private static Run anOnCancelActionRegisteredDuringStopRunsOnce() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> never = new CompletableFuture<>();
        AtomicReference<Runnable> register = new AtomicReference<>();
        AtomicInteger cancelled = new AtomicInteger();
        RevisionSync<Long> engine = source.started(source.options().provider(request -> {
            if (source.revision.get() == 1) {
                return source.pull(request);
            }
            register.set(() -> request.onCancel(cancelled::incrementAndGet));
            return never;
        }));
        source.event();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(cancelled.get() == 1, "ran " + cancelled.get() + " times");
                    check(never.isCancelled(), "the pull's future is not cancelled");
                },
                engine::stop,
                register.get());
    }

    /** L3, R4: an answer during stop ends the pull once. */
    private static Run anAnswerDuringStopMovesLocalOrIsIgnored() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
        RevisionSync<Long> engine = source.started(
                source.options().provider(request -> source.revision.get() == 2 ? answer : source.pull(request)));
        source.revision.set(2);
        CompletableFuture<Void> refresh = engine.refresh();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(refresh.isDone(), "the refresh has no outcome");
                    boolean moved = engine.localRevision().bits() == 2;
                    check(moved || refresh.isCompletedExceptionally(), "done without its apply");
                    check(source.open.get() == 0, "the subscription is open");
                },
                () -> answer.complete(snapshot(2)),
                engine::stop);
    }

    /** Waits no time; like any wait, it looks whether this thread is inside a callback. */
    private static void glance(CompletableFuture<Void> future) {
        try {
            future.get(0, NANOSECONDS);
        } catch (TimeoutException e) { // it is not done yet
            check(!future.isCompletedExceptionally(), "failed");
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError("it neither fails nor is it interrupted", e);
        }
    }
}
