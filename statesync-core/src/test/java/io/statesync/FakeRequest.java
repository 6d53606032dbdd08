package io.statesync;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A pull request outside of an engine, which a test cancels. */
final class FakeRequest implements PullRequest {
    private final List<Runnable> actions = new ArrayList<>();
    private boolean cancelled;

    synchronized void cancel() {
        cancelled = true;
        actions.forEach(Runnable::run);
    }

    @Override
    public String topic() {
        return "settings";
    }

    @Override
    public StateVersion heldVersion() {
        return null;
    }

    @Override
    public StateVersion wantedVersion() {
        return null;
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public Duration timeout() {
        return Duration.ofSeconds(30);
    }

    @Override
    public synchronized boolean isCancelled() {
        return cancelled;
    }

    @Override
    public synchronized void onCancel(Runnable action) {
        if (cancelled) {
            action.run();
        } else {
            actions.add(action);
        }
    }
}
