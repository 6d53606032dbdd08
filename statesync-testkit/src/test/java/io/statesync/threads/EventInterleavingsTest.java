package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.snapshot;

import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An event against the end of a cycle: no wake-up is lost, and no timer is needed to find it again. */
@Tag("lincheck")
@DisplayName("C1, C3: what asks for a pull while a cycle ends gets one")
public class EventInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore(
                "twoEventsAtOnceLeaveTheEngineAtTheNewer",
                "anEventWhileAnotherThreadAnswersIsPulled",
                "anEventWhileThePullFailsIsPulled",
                "aReconnectWhileAnotherThreadAnswersIsPulled");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "twoEventsAtOnceLeaveTheEngineAtTheNewer" -> twoEventsAtOnceLeaveTheEngineAtTheNewer();
            case "anEventWhileAnotherThreadAnswersIsPulled" -> anEventWhileAnotherThreadAnswersIsPulled();
            case "anEventWhileThePullFailsIsPulled" -> anEventWhileThePullFailsIsPulled();
            case "aReconnectWhileAnotherThreadAnswersIsPulled" -> aReconnectWhileAnotherThreadAnswersIsPulled();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** Two events at once leave the engine at the newer. */
    private static Run twoEventsAtOnceLeaveTheEngineAtTheNewer() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        return new Run(source, () -> settledAt(3, engine, source), source::event, source::event);
    }

    /** An event while another thread answers is pulled. */
    private static Run anEventWhileAnotherThreadAnswersIsPulled() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
        RevisionSync<Long> engine = source.started(slowAt(2, answer, source));
        source.event();
        return new Run(source, () -> settledAt(3, engine, source), () -> answer.complete(snapshot(2)), source::event);
    }

    /** An event while the pull fails is pulled. */
    private static Run anEventWhileThePullFailsIsPulled() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
        RevisionSync<Long> engine = source.started(slowAt(2, answer, source));
        source.event();
        return new Run(
                source,
                () -> settledAt(3, engine, source),
                () -> answer.completeExceptionally(new TimeoutException("too late")),
                source::event);
    }

    /** N1: a reconnect while a cycle ends is followed by a pull that began after it. */
    private static Run aReconnectWhileAnotherThreadAnswersIsPulled() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
        RevisionSync<Long> engine = source.started(slowAt(2, answer, source));
        source.event();
        return new Run(source, () -> settledAt(3, engine, source), () -> answer.complete(snapshot(2)), () -> {
            source.revision.set(3);
            source.reconnected();
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
