package io.statesync.source;

import io.statesync.PullRequest;
import io.statesync.StateVersion;
import java.time.Duration;

/** A pull of a topic by somebody who holds a version, or nothing. */
record FakePull(String topic, StateVersion heldVersion) implements PullRequest {
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
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void onCancel(Runnable action) {}
}
