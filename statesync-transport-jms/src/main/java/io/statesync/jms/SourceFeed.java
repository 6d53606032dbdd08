package io.statesync.jms;

import io.statesync.InvalidationEvent;
import io.statesync.SnapshotEnvelope;
import io.statesync.Subscription;
import io.statesync.internal.Texts;
import io.statesync.source.Authority;
import io.statesync.source.internal.TopicEvents;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The subscription to an authority that is published, tried until it succeeds. */
final class SourceFeed extends TopicEvents {
    private final JmsConnection connection;
    private final Authority<?> authority;
    private final Consumer<InvalidationEvent> moved;
    private final Runnable look;
    private int failures; // one attempt at a time
    private boolean closed; // guarded by this
    private @Nullable Subscription subscription; // guarded by this

    /**
     * A feed.
     *
     * @param moved told of events
     * @param look run when events may have been missed
     */
    SourceFeed(JmsConnection connection, Authority<?> authority, Consumer<InvalidationEvent> moved, Runnable look) {
        super(authority.topic());
        this.connection = connection;
        this.authority = authority;
        this.moved = moved;
        this.look = look;
    }

    void begin() {
        CompletionStage<Subscription> stage;
        try {
            stage = authority.subscriber().subscribe(this);
        } catch (Throwable t) { // a source of the user's
            again(t);
            return;
        }
        stage.whenComplete((made, error) -> {
            if (error != null) {
                again(error);
            } else {
                hold(made);
            }
        });
    }

    private void hold(Subscription made) {
        boolean late;
        synchronized (this) {
            late = closed;
            subscription = made;
        }
        if (late) {
            close(made);
        } else {
            look.run();
        }
    }

    private void again(Throwable cause) {
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        failures++;
        var delay = connection.backoff().delayAfter(failures, ThreadLocalRandom.current());
        JmsConnection.LOG.warn(
                "a source could not be subscribed to topic={} nextAttemptIn={} error={}",
                Texts.quote(topic()),
                delay,
                cause.toString());
        connection.time().schedule(() -> connection.executor.execute(this::begin), delay);
    }

    void close() {
        Subscription closing;
        synchronized (this) {
            closed = true;
            closing = subscription;
        }
        if (closing != null) {
            close(closing);
        }
    }

    private static void close(Subscription subscription) {
        try {
            subscription.close();
        } catch (Throwable t) { // a source of the user's
            JmsConnection.LOG.warn("a subscription was not closed cleanly", t);
        }
    }

    // ---- what the source says

    @Override
    protected void moved(InvalidationEvent event) {
        moved.accept(event);
    }

    @Override
    public void malformed(@Nullable Object payload, @Nullable Throwable cause) {
        JmsConnection.LOG.warn(
                "a source said something malformed, and is looked at topic={} error={}",
                Texts.quote(topic()),
                String.valueOf(cause));
        look.run();
    }

    @Override
    public void snapshot(@Nullable SnapshotEnvelope<?> snapshot) {
        if (snapshot != null) {
            moved.accept(new InvalidationEvent(topic(), snapshot.revision(), snapshot.epoch(), null, null));
        }
    }

    @Override
    public void reconnected() {
        look.run();
    }

    @Override
    public void resumed() {}

    @Override
    public void disconnected() {}
}
