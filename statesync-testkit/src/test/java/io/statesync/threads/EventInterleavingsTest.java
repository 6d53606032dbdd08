package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.snapshot;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.two;

import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.threads.Interleavings.Program;
import io.statesync.threads.Interleavings.Run;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An event against the end of a cycle: no wake-up is lost, and no timer is needed to find it again. */
@Tag("lincheck")
@DisplayName("C1, C3: what asks for a pull while a cycle ends gets one")
class EventInterleavingsTest {

    @Test
    void inEverySchedule() {
        explore(
                twoEventsAtOnceLeaveTheEngineAtTheNewer(),
                anEventWhileAnotherThreadAnswersIsPulled(),
                anEventWhileThePullFailsIsPulled(),
                aReconnectWhileAnotherThreadAnswersIsPulled());
    }

    private static Program twoEventsAtOnceLeaveTheEngineAtTheNewer() {
        return two("two events at once leave the engine at the newer", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    source::event,
                    source::event);
        });
    }

    private static Program anEventWhileAnotherThreadAnswersIsPulled() {
        return two("an event while another thread answers is pulled", () -> {
            CountingSource source = new CountingSource();
            CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
            RevisionSync<Long> engine = source.started(slowAt(2, answer, source));
            source.event();
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    () -> answer.complete(snapshot(2)),
                    source::event);
        });
    }

    private static Program anEventWhileThePullFailsIsPulled() {
        return two("an event while the pull fails is pulled", () -> {
            CountingSource source = new CountingSource();
            CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
            RevisionSync<Long> engine = source.started(slowAt(2, answer, source));
            source.event();
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    () -> answer.completeExceptionally(new TimeoutException("too late")),
                    source::event);
        });
    }

    private static Program aReconnectWhileAnotherThreadAnswersIsPulled() {
        return two("N1: a reconnect while a cycle ends is followed by a pull that began after it", () -> {
            CountingSource source = new CountingSource();
            CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
            RevisionSync<Long> engine = source.started(slowAt(2, answer, source));
            source.event();
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    () -> answer.complete(snapshot(2)),
                    () -> {
                        source.revision.set(3);
                        source.reconnected();
                    });
        });
    }

    private static RevisionSyncOptions.Builder<Long> slowAt(
            long revision, CompletableFuture<PullResult<Long>> answer, CountingSource source) {
        return source.options().provider(request -> source.revision.get() == revision ? answer : source.pull(request));
    }

    private static void settledAt(long revision, RevisionSync<Long> engine, CountingSource source) {
        source.verify();
        check(local(engine) == revision, "local is " + local(engine) + ", the source at " + revision);
        check(!engine.status().pulling() && !engine.status().behind(), "the engine has not settled");
    }
}
