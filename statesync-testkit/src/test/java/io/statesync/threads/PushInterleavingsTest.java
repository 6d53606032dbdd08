package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.snapshot;

import io.statesync.PullResult;
import io.statesync.RevisionSync;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pushed snapshot against a pulled one, and against another pushed one. */
@Tag("lincheck")
@DisplayName("C1, S2, G5: applies never overlap, and local never goes back")
public class PushInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore("aPushAndAnEvent", "aPushAndAnAnswerFromAnotherThread", "twoPushes");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "aPushAndAnEvent" -> aPushAndAnEvent();
            case "aPushAndAnAnswerFromAnotherThread" -> aPushAndAnAnswerFromAnotherThread();
            case "twoPushes" -> twoPushes();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** A push and an event. */
    private static Run aPushAndAnEvent() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        source.revision.set(2);
        return new Run(source, () -> settledAt(3, engine, source), () -> source.push(2), source::event);
    }

    /** A push and an answer from another thread. */
    private static Run aPushAndAnAnswerFromAnotherThread() {
        CountingSource source = new CountingSource();
        CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
        RevisionSync<Long> engine = source.started(
                source.options().provider(request -> source.revision.get() == 2 ? answer : source.pull(request)));
        source.event();
        return new Run(
                source, () -> settledAt(3, engine, source), () -> answer.complete(snapshot(2)), () -> source.push(3));
    }

    /** Two pushes. */
    private static Run twoPushes() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        return new Run(source, () -> settledAt(3, engine, source), () -> source.push(2), () -> source.push(3));
    }

    private static void settledAt(long revision, RevisionSync<Long> engine, CountingSource source) {
        source.verify();
        check(local(engine) == revision && source.applied() == revision, "local " + local(engine));
        check(!engine.status().behind() && engine.status().applyingSince() == null, "the engine has not settled");
    }
}
