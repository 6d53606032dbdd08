package io.statesync.testkit;

import io.statesync.PullRequest;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A {@link PullRequest} that a test makes, hands to a provider, and may cancel. A first attempt with a time-out of 30 s;
 * nothing held and nothing wanted, unless made so. Safe for use from any thread.
 */
public final class FakePullRequest implements PullRequest {
    private final String topic;
    private final @Nullable StateVersion held;
    private final @Nullable StateVersion wanted;
    private final List<Runnable> onCancel = new ArrayList<>(); // guarded by this
    private boolean cancelled; // guarded by this

    private FakePullRequest(String topic, @Nullable StateVersion held, @Nullable StateVersion wanted) {
        this.topic = Objects.requireNonNull(topic, "topic");
        this.held = held;
        this.wanted = wanted;
    }

    /** A request for a topic. */
    public static FakePullRequest of(String topic) {
        return new FakePullRequest(topic, null, null);
    }

    /** A request like this one, not cancelled, whose asker holds {@code version}; null for none. */
    public FakePullRequest holding(@Nullable StateVersion version) {
        return new FakePullRequest(topic, version, wanted);
    }

    /** A request like this one, not cancelled, whose asker was told of {@code version}; null for none. */
    public FakePullRequest wanting(@Nullable StateVersion version) {
        return new FakePullRequest(topic, held, version);
    }

    /** Cancels the request and runs what waits for that, on this thread. Only the first call has an effect. */
    public void cancel() {
        List<Runnable> actions;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            actions = List.copyOf(onCancel);
            onCancel.clear();
        }
        actions.forEach(Runnable::run);
    }

    @Override
    public String topic() {
        return topic;
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
    public void onCancel(Runnable action) {
        Objects.requireNonNull(action, "action");
        synchronized (this) {
            if (!cancelled) {
                onCancel.add(action);
                return;
            }
        }
        action.run();
    }
}
