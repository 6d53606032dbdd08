package io.statesync.threads;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.statesync.InvalidationHandler;
import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.Subscription;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Waiting for a future and registering a cancellation, at any moment. */
@Tag("lincheck")
@DisplayName("R4: waiting and cancelling are safe at any moment")
public class CallbackInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore("joiningAStartWhileItsSubscriptionArrives", "anOnCancelActionRegisteredDuringStopRunsOnce");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "joiningAStartWhileItsSubscriptionArrives" -> joiningAStartWhileItsSubscriptionArrives();
            case "anOnCancelActionRegisteredDuringStopRunsOnce" -> anOnCancelActionRegisteredDuringStopRunsOnce();
            default -> throw new IllegalArgumentException(name);
        };
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
