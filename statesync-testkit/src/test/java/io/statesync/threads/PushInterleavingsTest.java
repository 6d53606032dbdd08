package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.snapshot;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.two;

import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.threads.Interleavings.Program;
import io.statesync.threads.Interleavings.Run;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pushed snapshot against a pulled one, and against another pushed one. */
@Tag("lincheck")
@DisplayName("C1, S2, G5: applies never overlap, and local never goes back")
class PushInterleavingsTest {

    @Test
    void inEverySchedule() {
        explore(aPushAndAnEvent(), aPushAndAnAnswerFromAnotherThread(), twoPushes());
    }

    private static Program aPushAndAnEvent() {
        return two("a push and an event", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            source.revision.set(2);
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    () -> source.push(2),
                    source::event);
        });
    }

    private static Program aPushAndAnAnswerFromAnotherThread() {
        return two("a push and an answer from another thread", () -> {
            CountingSource source = new CountingSource();
            CompletableFuture<PullResult<Long>> answer = new CompletableFuture<>();
            RevisionSync<Long> engine = source.started(
                    source.options().provider(request -> source.revision.get() == 2 ? answer : source.pull(request)));
            source.event();
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    () -> answer.complete(snapshot(2)),
                    () -> source.push(3));
        });
    }

    private static Program twoPushes() {
        return two("two pushes", () -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            return new Run(
                    () -> {
                        settledAt(3, engine, source);
                    },
                    () -> source.push(2),
                    () -> source.push(3));
        });
    }

    private static void settledAt(long revision, RevisionSync<Long> engine, CountingSource source) {
        source.verify();
        check(local(engine) == revision && source.applied() == revision, "local " + local(engine));
        check(!engine.status().behind() && engine.status().applyingSince() == null, "the engine has not settled");
    }
}
