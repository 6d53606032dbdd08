package io.statesync.engine;

import io.statesync.ProtocolException;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One attempt of a cycle to pull, which is also the request that the provider sees. */
final class Attempt<T extends @Nullable Object> extends Step<T, PullResult<T>> implements PullRequest {
    private final int number;
    private final @Nullable StateVersion held;
    private final @Nullable StateVersion wanted;
    private @Nullable List<Runnable> onCancel; // guarded by this

    /** When it began, by the time source's monotonic clock. */
    final long began;

    /** What was owed when it began, and is not any more once it succeeded. */
    final int duty;

    Attempt(Engine<T> engine, int number, long began) {
        super(engine);
        this.number = number;
        this.began = began;
        this.duty = engine.target.duty();
        this.held = engine.local;
        this.wanted = engine.target.wanted();
    }

    @Override
    CompletionStage<? extends PullResult<T>> call() throws Exception {
        return engine.options.provider().getSnapshot(this);
    }

    @Override
    Duration timeLimit() {
        return engine.options.pullTimeout();
    }

    @Override
    String what() {
        return "getSnapshot";
    }

    @Override
    void ended(@Nullable PullResult<T> answer, @Nullable Throwable error) {
        if (error != null) {
            engine.cycles.attemptFailed(error);
        } else if (answer == null) {
            engine.cycles.attemptFailed(new ProtocolException("the provider answered null instead of a snapshot"));
        } else {
            engine.cycles.answered(answer);
        }
    }

    @Override
    void cancelled() {
        List<Runnable> actions;
        synchronized (this) {
            actions = onCancel;
            onCancel = null;
        }
        if (actions != null) {
            actions.forEach(action -> engine.dispatchAlways(() -> cancelQuietly(action)));
        }
    }

    private void cancelQuietly(Runnable action) {
        try {
            action.run();
        } catch (Throwable t) { // the pull has its outcome already; this is only about cleaning up
            Logs.with(
                    engine,
                    () -> Logs.CALLBACK.warn(
                            "an onCancel action threw: topic={} instance={}", engine.topic(), engine.instance(), t));
        }
    }

    @Override
    public String topic() {
        return engine.topic();
    }

    @Override
    public @Nullable StateVersion heldVersion() {
        return held;
    }

    @Override
    public @Nullable StateVersion wantedVersion() {
        return wanted;
    }

    @Override
    public int attempt() {
        return number;
    }

    @Override
    public Duration timeout() {
        return timeLimit();
    }

    @Override
    public boolean isCancelled() {
        return abandoned();
    }

    @Override
    public void onCancel(Runnable action) {
        synchronized (this) {
            if (!abandoned()) {
                if (onCancel == null) {
                    onCancel = new ArrayList<>(1);
                }
                onCancel.add(action);
                return;
            }
        }
        cancelQuietly(action);
    }
}
