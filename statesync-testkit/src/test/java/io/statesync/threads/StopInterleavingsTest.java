package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;

import io.statesync.RevisionSync;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Stop and close against an apply, and against what waits. */
@Tag("lincheck")
@DisplayName("L3: nothing is committed after stop returned")
public class StopInterleavingsTest extends Interleavings {

    @Test
    void inEverySchedule() {
        explore(
                2,
                "anApplyWhoseTurnComesAfterStopReturnedDoesNotRun",
                "localStandsStillOnceStopReturned",
                "noApplyRunsOnceCloseReturned",
                "aRefreshAtTheSameTimeHasAnOutcome");
    }

    @Override
    Run program(String name) {
        return switch (name) {
            case "anApplyWhoseTurnComesAfterStopReturnedDoesNotRun" ->
                anApplyWhoseTurnComesAfterStopReturnedDoesNotRun();
            case "localStandsStillOnceStopReturned" -> localStandsStillOnceStopReturned();
            case "noApplyRunsOnceCloseReturned" -> noApplyRunsOnceCloseReturned();
            case "aRefreshAtTheSameTimeHasAnOutcome" -> aRefreshAtTheSameTimeHasAnOutcome();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** An apply whose turn comes after stop returned does not run. */
    private static Run anApplyWhoseTurnComesAfterStopReturnedDoesNotRun() {
        CountingSource source = new CountingSource();
        UiThread ui = new UiThread();
        RevisionSync<Long> engine = source.started(source.options().applyOn(ui));
        ui.holds = true;
        source.event();
        AtomicBoolean stopped = new AtomicBoolean();
        return new Run(
                new Object[] {source, ui, stopped},
                source::verify,
                () -> {
                    engine.stop();
                    stopped.set(true);
                },
                () -> {
                    boolean late = stopped.get();
                    ui.turn.get().run();
                    check(!late || source.applied() == 1, "applied after stop returned");
                });
    }

    /** Local stands still once stop returned. */
    private static Run localStandsStillOnceStopReturned() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        AtomicLong atStop = new AtomicLong();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(local(engine) == atStop.get(), "local moved from " + atStop.get() + " to " + local(engine));
                    check(source.open.get() == 0, "the subscription is open");
                },
                () -> {
                    engine.stop();
                    atStop.set(local(engine));
                },
                source::event);
    }

    /** No apply runs once close returned. */
    private static Run noApplyRunsOnceCloseReturned() {
        CountingSource source = new CountingSource();
        AtomicBoolean closed = new AtomicBoolean();
        RevisionSync<Long> engine = source.started(source.options().applier(snapshot -> {
            source.apply(snapshot);
            if (closed.get()) {
                source.violated("an apply ran after close returned");
            }
        }));
        return new Run(
                new Object[] {source, closed},
                source::verify,
                () -> {
                    engine.close();
                    closed.set(true);
                },
                source::event);
    }

    /** A refresh at the same time has an outcome. */
    private static Run aRefreshAtTheSameTimeHasAnOutcome() {
        CountingSource source = new CountingSource();
        RevisionSync<Long> engine = source.started();
        source.revision.set(2);
        AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
        return new Run(
                source,
                () -> {
                    source.verify();
                    check(refresh.get().isDone(), "the refresh has no outcome");
                },
                engine::stop,
                () -> refresh.set(engine.refresh()));
    }

    /** An executor that holds the last task given, once told to. */
    private static final class UiThread implements Executor {
        final AtomicReference<Runnable> turn = new AtomicReference<>();
        volatile boolean holds;

        @Override
        public void execute(Runnable task) {
            if (holds) {
                turn.set(task);
            } else {
                task.run();
            }
        }
    }
}
