package io.statesync.testkit;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.ProtocolException;
import io.statesync.RawEvent;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An {@link InvalidationHandler} that records what a transport says, and lets a test wait for it.
 *
 * <p>It judges texts as the engine's gate does: what is not a canonical u64 is recorded as {@link Kind#MALFORMED}. An
 * absent epoch is recorded as epoch 0. Safe for use from any thread.
 */
public final class RecordingHandler implements InvalidationHandler {
    private final List<Call> calls = new ArrayList<>(); // guarded by this
    private final Consumer<? super Call> alsoTell;

    /** A handler that only records. */
    public RecordingHandler() {
        this(call -> {});
    }

    /** A handler that records each call and then tells {@code alsoTell}, on the transport's thread. */
    public RecordingHandler(Consumer<? super Call> alsoTell) {
        this.alsoTell = Objects.requireNonNull(alsoTell, "alsoTell");
    }

    /** What a transport can say. */
    public enum Kind {
        /** A well-formed event. */
        EVENT,
        /** A well-formed snapshot, sent unasked. */
        SNAPSHOT,
        /** Something that the engine would report in phase {@code protocol}. */
        MALFORMED,
        /** {@link InvalidationHandler#reconnected()}. */
        RECONNECTED,
        /** {@link InvalidationHandler#resumed()}. */
        RESUMED,
        /** {@link InvalidationHandler#disconnected()}. */
        DISCONNECTED
    }

    /**
     * One call of the handler.
     *
     * @param kind what was said
     * @param topic the event's topic; null for everything else
     * @param version the version of the event or snapshot; null for everything else
     * @param payload the event, the snapshot, or what was malformed; null if there is none
     */
    public record Call(
            Kind kind,
            @Nullable String topic,
            @Nullable StateVersion version,
            @Nullable Object payload) {

        /** Whether this call tells of {@code version} or a later one of the topic: as an event, or as a snapshot. */
        public boolean tellsOf(String topic, StateVersion version) {
            boolean concerned = kind == Kind.SNAPSHOT || (kind == Kind.EVENT && topic.equals(this.topic));
            return concerned && this.version != null && this.version.compareTo(version) >= 0;
        }
    }

    /** What was said so far, in order. */
    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** How often something of this kind was said. */
    public long count(Kind kind) {
        return calls().stream().filter(call -> call.kind() == kind).count();
    }

    /** Whether {@code version}, or a later one of the topic, was told. */
    public boolean hasHeardOf(String topic, StateVersion version) {
        return calls().stream().anyMatch(call -> call.tellsOf(topic, version));
    }

    /**
     * Waits until what was said meets a condition.
     *
     * @param condition judges what was said so far; called under this object's lock, so it must be quick
     * @return whether it did within {@code patience}
     */
    public boolean awaitCalls(Predicate<? super List<Call>> condition, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (this) {
            while (!condition.test(List.copyOf(calls))) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return true;
        }
    }

    private void heard(Kind kind, @Nullable String topic, @Nullable StateVersion version, @Nullable Object payload) {
        Call call = new Call(kind, topic, version, payload);
        synchronized (this) {
            calls.add(call);
            notifyAll();
        }
        alsoTell.accept(call);
    }

    @Override
    public void event(@Nullable InvalidationEvent event) {
        if (event == null) {
            heard(Kind.MALFORMED, null, null, null);
        } else {
            heard(Kind.EVENT, event.topic(), version(event.epoch(), event.revision()), event);
        }
    }

    @Override
    public void event(@Nullable String topic, @Nullable String revision) {
        event(topic, revision, null, null, null);
    }

    @Override
    public void event(@Nullable String topic, @Nullable String revision, @Nullable String epoch) {
        event(topic, revision, epoch, null, null);
    }

    @Override
    public void event(
            @Nullable String topic,
            @Nullable String revision,
            @Nullable String epoch,
            @Nullable String sourceId,
            @Nullable Object payload) {
        Object shown = payload != null ? payload : new RawEvent(topic, revision, epoch);
        StateVersion version;
        try {
            version = version(epoch == null ? null : Revision.parse(epoch), Revision.parse(revision));
        } catch (ProtocolException e) {
            heard(Kind.MALFORMED, topic, null, shown);
            return;
        }
        heard(Kind.EVENT, topic, version, shown);
    }

    @Override
    public void malformed(@Nullable Object payload, @Nullable Throwable cause) {
        heard(Kind.MALFORMED, null, null, payload);
    }

    @Override
    public void snapshot(@Nullable SnapshotEnvelope<?> snapshot) {
        if (snapshot == null) {
            heard(Kind.MALFORMED, null, null, null);
        } else {
            heard(Kind.SNAPSHOT, null, version(snapshot.epoch(), snapshot.revision()), snapshot);
        }
    }

    @Override
    @SuppressWarnings("NullAway") // data may be null; the checker's mode on JDK 17 does not see that
    public void snapshot(@Nullable String revision, @Nullable String epoch, @Nullable Object data) {
        SnapshotEnvelope<?> snapshot;
        try {
            snapshot = SnapshotEnvelope.parse(revision, epoch, data);
        } catch (ProtocolException e) {
            heard(Kind.MALFORMED, null, null, new RawEvent(null, revision, epoch));
            return;
        }
        snapshot(snapshot);
    }

    @Override
    public void reconnected() {
        heard(Kind.RECONNECTED, null, null, null);
    }

    @Override
    public void resumed() {
        heard(Kind.RESUMED, null, null, null);
    }

    @Override
    public void disconnected() {
        heard(Kind.DISCONNECTED, null, null, null);
    }

    private static StateVersion version(@Nullable Revision epoch, Revision revision) {
        return StateVersion.of(epoch == null ? Revision.ZERO : epoch, revision);
    }
}
