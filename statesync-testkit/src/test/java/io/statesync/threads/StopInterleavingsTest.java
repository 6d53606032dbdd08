package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.version;
import static io.statesync.threads.Interleavings.check;
import static io.statesync.threads.Interleavings.explore;
import static io.statesync.threads.Interleavings.together;

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
class StopInterleavingsTest {

    @Test
    void anApplyWhoseTurnComesAfterStopReturnedDoesNotRun() {
        explore(() -> {
            CountingSource source = new CountingSource();
            UiThread ui = new UiThread();
            RevisionSync<Long> engine = source.started(source.options().applyOn(ui));
            ui.holds = true;
            source.event();
            AtomicBoolean stopped = new AtomicBoolean();
            together(
                    () -> {
                        engine.stop();
                        stopped.set(true);
                    },
                    () -> {
                        boolean late = stopped.get();
                        ui.turn.get().run();
                        check(!late || source.applied() == 1, "applied after stop returned");
                    });
            source.verify();
        });
    }

    @Test
    void localStandsStillOnceStopReturned() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicLong atStop = new AtomicLong();
            together(
                    () -> {
                        engine.stop();
                        atStop.set(local(engine));
                    },
                    source::event);
            source.verify();
            check(local(engine) == atStop.get(), "local moved from " + atStop.get() + " to " + local(engine));
            check(source.open.get() == 0, "the subscription is open");
        });
    }

    @Test
    void noApplyRunsOnceCloseReturned() {
        explore(() -> {
            CountingSource source = new CountingSource();
            AtomicBoolean closed = new AtomicBoolean();
            RevisionSync<Long> engine = source.started(source.options().applier(snapshot -> {
                source.apply(snapshot);
                if (closed.get()) {
                    source.violated("an apply ran after close returned");
                }
            }));
            together(
                    () -> {
                        engine.close();
                        closed.set(true);
                    },
                    source::event);
            source.verify();
        });
    }

    @Test
    void whatIsAskedForAtTheSameTimeHasAnOutcome() {
        explore(() -> {
            CountingSource source = new CountingSource();
            RevisionSync<Long> engine = source.started();
            AtomicReference<CompletableFuture<Void>> refresh = new AtomicReference<>();
            AtomicReference<CompletableFuture<Void>> await = new AtomicReference<>();
            together(engine::stop, () -> {
                refresh.set(engine.refresh());
                await.set(engine.awaitVersion(version(7)));
            });
            source.verify();
            check(refresh.get().isDone(), "the refresh has no outcome");
            check(await.get().isCompletedExceptionally(), "the await did not fail");
        });
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
