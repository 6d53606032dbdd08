package io.statesync.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A caller's own future, which notices when it is joined where that can deadlock. */
final class EngineFuture extends CompletableFuture<Void> {
    private final Engine<?> engine;

    EngineFuture(Engine<?> engine) {
        this.engine = engine;
    }

    /** Dependents are plain futures: only a wait on this one is looked at. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    @Override
    public Void join() {
        warnInCallback();
        return super.join();
    }

    @Override
    public Void get() throws InterruptedException, ExecutionException {
        warnInCallback();
        return super.get();
    }

    @Override
    public Void get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        warnInCallback();
        return super.get(timeout, unit);
    }

    private void warnInCallback() {
        if (!isDone() && engine.isInCallback(Thread.currentThread())) {
            Logs.with(
                    engine,
                    () -> Logs.CALLBACK.warn(
                            "joining a future of an engine inside its own callback can deadlock: compose it instead"
                                    + " topic={} instance={}",
                            engine.topic(),
                            engine.instance(),
                            new IllegalStateException("joined here")));
        }
    }
}
