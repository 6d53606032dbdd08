package io.statesync;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A pull request outside of an engine, by somebody who holds a version, or nothing; a test may cancel it. */
public final class FakeRequest implements PullRequest {
    private final String topic;
    private final StateVersion heldVersion;
    private final List<Runnable> actions = new ArrayList<>();
    private boolean cancelled;

    public FakeRequest() {
        this("settings", null);
    }

    public FakeRequest(String topic, StateVersion heldVersion) {
        this.topic = topic;
        this.heldVersion = heldVersion;
    }

    synchronized void cancel() {
        cancelled = true;
        actions.forEach(Runnable::run);
    }

    @Override
    public String topic() {
        return topic;
    }

    @Override
    public StateVersion heldVersion() {
        return heldVersion;
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
