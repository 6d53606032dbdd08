package io.statesync.threads;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.statesync.InvalidationHandler;
import io.statesync.LifecycleState;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncError;
import io.statesync.SyncListener;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * An engine's whole life that passes every place where the engine calls user code, and does one thing in one of them.
 *
 * <p>{@link #run} waits for every future that it was given, so it ends only if each of them does.
 */
final class CallbackPlay {
    /** Where the engine calls user code, or lets it run. */
    enum Place {
        CACHE_LOAD,
        SUBSCRIBE,
        EVENT_DURING_SUBSCRIBE,
        SHOULD_REFRESH,
        GET_SNAPSHOT,
        APPLY,
        APPLY_STAGE_BEFORE_ITS_END,
        APPLY_STAGE_AFTER_ITS_END,
        ON_PULL,
        ON_APPLIED,
        ON_SKIPPED,
        ON_ERROR_HOOK,
        ON_ERROR,
        ON_STATE_CHANGE,
        ON_CONNECTION,
        DEPENDENT_OF_START,
        DEPENDENT_OF_REFRESH,
        DEPENDENT_OF_AWAIT,
        ON_CANCEL,
        SUBSCRIPTION_CLOSE
    }

    private static final String TOPIC = "play";
    private static final long BOUND = 30;

    final AtomicInteger open = new AtomicInteger();
    final RevisionSync<Long> engine;
    private final Place place;
    private final Function<RevisionSync<Long>, CompletableFuture<Void>> action;
    private final AtomicBoolean reached = new AtomicBoolean();
    private final CompletableFuture<CompletableFuture<Void>> acted = new CompletableFuture<>();
    private final Executor worker;
    private final AtomicLong revision = new AtomicLong(1);
    private volatile InvalidationHandler handler;
    private volatile boolean fails;
    private volatile boolean hangs;
    private final CompletableFuture<Void> hanging = new CompletableFuture<>();

    /**
     * @param executor the engine's
     * @param worker where an asynchronous apply goes on
     */
    CallbackPlay(
            Place place,
            Function<RevisionSync<Long>, CompletableFuture<Void>> action,
            Executor executor,
            Executor worker) {
        this.place = place;
        this.action = action;
        this.worker = worker;
        RevisionSyncOptions.Builder<Long> options = RevisionSyncOptions.<Long>builder(TOPIC)
                .cache(topic -> {
                    at(Place.CACHE_LOAD);
                    return CompletableFuture.completedFuture(SnapshotEnvelope.of(Revision.of(1), 1L));
                })
                .subscriber(this::subscribe)
                .provider(this::pull)
                .shouldRefresh(event -> {
                    at(Place.SHOULD_REFRESH);
                    return true;
                })
                .onError(error -> at(Place.ON_ERROR_HOOK))
                .listener(new Listener())
                .executor(executor)
                .closeTimeout(closeTimeout(place));
        boolean staged = place == Place.APPLY_STAGE_BEFORE_ITS_END || place == Place.APPLY_STAGE_AFTER_ITS_END;
        engine = StateSync.createRevisionSync(
                (staged ? options.asyncApplier(snapshot -> apply()) : options.applier(snapshot -> at(Place.APPLY)))
                        .build());
    }

    /**
     * So long that a close which waits in vain is noticed; short only where it must: an asynchronous apply that closes
     * its own engine waits for itself.
     */
    private static Duration closeTimeout(Place place) {
        return place == Place.APPLY_STAGE_BEFORE_ITS_END ? Duration.ofMillis(100) : Duration.ofMinutes(10);
    }

    /** Plays, and returns what became of the action's own future: null or the error. */
    Throwable run() throws Exception {
        CompletableFuture<Void> start = engine.start();
        CompletableFuture<Void> afterStart = start.whenComplete((nothing, error) -> at(Place.DEPENDENT_OF_START));
        outcome(start);
        outcome(afterStart);
        CompletableFuture<Void> reachedTwo = engine.awaitVersion(StateVersion.of(Revision.of(2)))
                .whenComplete((nothing, error) -> at(Place.DEPENDENT_OF_AWAIT));
        if (handler != null) {
            handler.event(TOPIC, Long.toString(revision.incrementAndGet()));
        }
        outcome(reachedTwo);
        outcome(engine.refresh().whenComplete((nothing, error) -> at(Place.DEPENDENT_OF_REFRESH)));
        fails = true;
        outcome(engine.refresh());
        fails = false;
        hangs = true;
        CompletableFuture<Void> hung = engine.refresh();
        CompletableFuture.anyOf(hanging, hung).get(BOUND, SECONDS);
        engine.stop();
        outcome(hung);
        engine.close();
        return outcome(acted.get(BOUND, SECONDS));
    }

    private static Throwable outcome(CompletableFuture<Void> future) throws InterruptedException, TimeoutException {
        try {
            future.get(BOUND, SECONDS);
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (CancellationException e) {
            return e;
        }
    }

    private void at(Place here) {
        if (here == place && reached.compareAndSet(false, true)) {
            try {
                acted.complete(action.apply(engine));
            } catch (Throwable t) { // run() throws it
                acted.completeExceptionally(t);
            }
        }
    }

    private CompletionStage<Subscription> subscribe(InvalidationHandler to) {
        handler = to;
        open.incrementAndGet();
        at(Place.SUBSCRIBE);
        to.event(TOPIC, "1");
        to.event(TOPIC, "2");
        at(Place.EVENT_DURING_SUBSCRIBE);
        return CompletableFuture.completedFuture(() -> {
            at(Place.SUBSCRIPTION_CLOSE);
            open.decrementAndGet();
        });
    }

    private CompletionStage<? extends PullResult<Long>> pull(PullRequest request) {
        at(Place.GET_SNAPSHOT);
        if (fails) {
            throw new IllegalStateException("as told");
        }
        if (hangs) {
            request.onCancel(() -> at(Place.ON_CANCEL));
            hanging.complete(null);
            return new CompletableFuture<>();
        }
        long now = revision.get();
        return CompletableFuture.completedFuture(SnapshotEnvelope.of(Revision.of(now), now));
    }

    private CompletionStage<?> apply() {
        CompletableFuture<Void> stage = new CompletableFuture<>();
        // Dependents run last in, first out: this one after the engine's.
        var unused = stage.thenRun(() -> at(Place.APPLY_STAGE_AFTER_ITS_END));
        worker.execute(() -> {
            at(Place.APPLY_STAGE_BEFORE_ITS_END);
            stage.complete(null);
        });
        return stage;
    }

    private final class Listener implements SyncListener<Long> {
        @Override
        public void onPull(PullRequest request) {
            at(Place.ON_PULL);
        }

        @Override
        public void onApplied(SnapshotEnvelope<Long> snapshot, StateVersion version, Duration took) {
            at(Place.ON_APPLIED);
        }

        @Override
        public void onSkipped(StateVersion answered, StateVersion localVersion) {
            at(Place.ON_SKIPPED);
        }

        @Override
        public void onError(SyncError error) {
            at(Place.ON_ERROR);
        }

        @Override
        public void onStateChange(LifecycleState from, LifecycleState to) {
            at(Place.ON_STATE_CHANGE);
        }

        @Override
        public void onConnection(boolean connected) {
            at(Place.ON_CONNECTION);
        }
    }
}
