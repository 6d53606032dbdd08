package io.statesync.engine;

import io.statesync.SnapshotCache;
import io.statesync.SnapshotEnvelope;
import io.statesync.StaleSourceException;
import io.statesync.Startup;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncPhase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Brings the engine from idle to running, and back when a start fails (contract L1, L2, P, B); holds the subscription.
 * Guarded by the lock.
 */
final class Starter<T extends @Nullable Object> {
    /** What the start under way waits for. */
    private enum State {
        /** No start is under way. */
        NONE,
        LOADING_CACHE,
        APPLYING_CACHE,
        SUBSCRIBING,
        PULLING
    }

    private final Engine<T> engine;
    private State state = State.NONE;
    private @Nullable List<EngineFuture> waiting;
    private @Nullable CacheLoad load;
    private @Nullable Subscribe subscribing;
    private @Nullable Gate<T> gate;
    private @Nullable Subscription subscription;
    private @Nullable Alarm subscribeAgain;
    private int closing; // subscriptions that are being closed
    private @Nullable Alarm afterClose; // set while a subscribe waits for them
    private int subscribeAttempt;
    private @Nullable StateVersion unconfirmed; // the cached version, until the source's first answer (contract P4)

    Starter(Engine<T> engine) {
        this.engine = engine;
    }

    boolean isRunner(Thread thread) {
        CacheLoad loading = load; // racy reads: another thread may set the fields to null meanwhile
        Subscribe step = subscribing;
        return (loading != null && loading.isRunner(thread)) || (step != null && step.isRunner(thread));
    }

    /** Joins the start under way, or begins one. */
    void start(EngineFuture future) {
        if (waiting == null) {
            waiting = new ArrayList<>(1);
        }
        waiting.add(future);
        if (state != State.NONE) {
            return;
        }
        engine.starting();
        SnapshotCache<T> cache = engine.options.cache();
        if (cache != null && engine.local == null && !engine.applies.isBusy()) {
            state = State.LOADING_CACHE;
            load = new CacheLoad(engine, cache);
            engine.lock.add(load);
        } else {
            subscribeForStart();
        }
    }

    /** Whether a pull follows as soon as the subscription is there, which covers what is heard before. */
    boolean willPull() {
        return state == State.SUBSCRIBING;
    }

    // --- the cache

    /** Loads the cached snapshot. */
    private final class CacheLoad extends Step<T, @Nullable SnapshotEnvelope<T>> {
        private final SnapshotCache<T> cache;

        CacheLoad(Engine<T> engine, SnapshotCache<T> cache) {
            super(engine);
            this.cache = cache;
        }

        @Override
        CompletionStage<@Nullable SnapshotEnvelope<T>> call() throws Exception {
            return cache.load(engine.topic());
        }

        @Override
        Duration timeLimit() {
            return engine.options.cacheTimeout();
        }

        @Override
        String what() {
            return "loading the cached snapshot";
        }

        @Override
        void ended(@Nullable SnapshotEnvelope<T> snapshot, @Nullable Throwable error) {
            loaded(snapshot, error);
        }
    }

    private void loaded(@Nullable SnapshotEnvelope<T> snapshot, @Nullable Throwable error) {
        load = null;
        if (error != null) {
            engine.report(Report.of(SyncPhase.START, error));
        }
        if (snapshot != null && engine.local == null && !engine.applies.isBusy()) {
            state = State.APPLYING_CACHE;
            engine.applies.begin(Apply.Kind.CACHED, snapshot, engine.versionOf(snapshot));
        } else {
            subscribeForStart();
        }
    }

    /** The cached snapshot was applied, or could not be (null). */
    void cacheEnded(@Nullable StateVersion version) {
        unconfirmed = version;
        if (state == State.APPLYING_CACHE) {
            subscribeForStart();
        }
    }

    /** The source's first answer after the cached snapshot: an older one of its epoch means lost revisions (P4). */
    void firstAnswer(StateVersion version) {
        StateVersion cached = unconfirmed;
        unconfirmed = null;
        if (cached != null
                && cached.equals(engine.local)
                && cached.epochBits() == version.epochBits()
                && cached.isNewerThan(version)) {
            engine.report(Report.of(
                            SyncPhase.REFRESH,
                            new StaleSourceException("the cache holds version " + cached
                                    + " and the source answers with version " + version
                                    + ": it lost revisions; have it mint a new epoch"))
                    .snapshot(version));
        }
    }

    // --- the subscription

    /** Subscribes. */
    private final class Subscribe extends Step<T, Subscription> {
        private final Gate<T> mine;

        Subscribe(Engine<T> engine, Gate<T> gate) {
            super(engine);
            this.mine = gate;
        }

        @Override
        CompletionStage<Subscription> call() throws Exception {
            return engine.options.subscriber().subscribe(mine);
        }

        @Override
        Duration timeLimit() {
            return engine.options.subscribeTimeout();
        }

        @Override
        String what() {
            return "subscribing";
        }

        /** A cancelled future would hide the subscription that the transport opens all the same (contract L3). */
        @Override
        boolean cancelsStage() {
            return false;
        }

        @Override
        void ended(@Nullable Subscription subscription, @Nullable Throwable error) {
            subscribing = null;
            if (subscription != null) {
                subscribed(subscription);
            } else {
                subscribeFailed(
                        error != null
                                ? error
                                : new NullPointerException("the subscriber answered a null Subscription"));
            }
        }

        @Override
        void late(@Nullable Subscription subscription) {
            if (subscription != null) {
                engine.locked(() -> close(subscription));
            }
        }
    }

    private void subscribeForStart() {
        state = State.SUBSCRIBING;
        subscribe();
    }

    /** Subscribes when what was subscribed before is closed: a transport may have room for one only. */
    private void subscribe() {
        if (closing == 0) {
            subscribeNow();
            return;
        }
        if (afterClose == null) {
            afterClose = new Alarm(engine, this::subscribeNow); // a close that hangs holds it up so long, not for ever
        }
        afterClose.set(engine.options.subscribeTimeout());
    }

    private void subscribeNow() {
        Gate<T> next = new Gate<>(engine);
        gate = next;
        Subscribe step = new Subscribe(engine, next);
        subscribing = step;
        engine.lock.add(step);
    }

    private void subscribed(Subscription opened) {
        subscription = opened;
        subscribeAttempt = 0;
        if (gate != null) {
            gate.subscribed();
        }
        if (state == State.SUBSCRIBING) {
            state = State.PULLING;
            engine.cycles.requestForStart();
        } else {
            engine.target.owe(); // what happened before it is not known (contract B3)
            engine.cycles.request();
        }
    }

    private void subscribeFailed(Throwable error) {
        closeGate();
        Report report = Report.of(SyncPhase.SUBSCRIBE, error);
        if (engine.options.startup() == Startup.FAIL_FAST) {
            engine.report(report.attempt(1));
            rollBack(error);
            return;
        }
        subscribeAttempt++;
        Duration delay = Jitter.delayAfter(engine, engine.options.catchUp(), subscribeAttempt);
        engine.report(report.retry(subscribeAttempt, delay));
        if (subscribeAgain == null) {
            subscribeAgain = new Alarm(engine, this::subscribe);
        }
        subscribeAgain.set(delay);
        if (state == State.SUBSCRIBING) {
            state = State.PULLING;
            engine.cycles.requestForStart();
        }
    }

    // --- the end of the start

    /** The start's pull was answered. */
    void pulled() {
        state = State.NONE;
        engine.started();
        complete(null);
    }

    /** The start's pull failed. */
    void pullFailed(Throwable error) {
        if (engine.options.startup() == Startup.FAIL_FAST) {
            rollBack(error);
        } else {
            engine.target.owe(); // contract B1
            pulled();
        }
    }

    private void rollBack(Throwable error) {
        endAll();
        engine.rolledBack(error);
        complete(error);
    }

    /** The engine stopped. */
    void stop(Throwable error) {
        endAll();
        complete(error);
    }

    private void complete(@Nullable Throwable error) {
        List<EngineFuture> done = waiting;
        if (done != null) {
            waiting = null;
            done.forEach(future -> engine.notifier.complete(future, error));
        }
    }

    private void endAll() {
        state = State.NONE;
        subscribeAttempt = 0;
        if (load != null) {
            load.abandon();
            load = null;
        }
        if (subscribing != null) {
            subscribing.abandon();
            subscribing = null;
        }
        if (subscribeAgain != null) {
            subscribeAgain.cancel();
        }
        if (afterClose != null) {
            afterClose.cancel();
        }
        closeGate();
        Subscription opened = subscription;
        subscription = null;
        engine.connected(false);
        if (opened != null) {
            close(opened);
        }
    }

    private void closeGate() {
        if (gate != null) {
            gate.close();
            gate = null;
        }
    }

    private void close(Subscription opened) {
        closing++;
        engine.lock.add(Effect.of(() -> engine.dispatchAlways(() -> {
            try {
                opened.close();
            } catch (Throwable t) { // it is gone for the engine; the transport may have leaked
                engine.locked(() -> engine.report(Report.of(SyncPhase.SUBSCRIBE, t)));
            }
            engine.locked(this::closed);
        })));
    }

    private void closed() {
        closing--;
        if (closing == 0 && afterClose != null && afterClose.isSet()) {
            afterClose.cancel();
            subscribeNow();
        }
    }
}
