package io.statesync.replica;

import io.statesync.internal.Quietly;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a replica's failures go: to the log and to the listener. Calls nothing that can throw. */
final class Errors<T extends @Nullable Object> {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.replica");

    private final String topic;
    private final ReplicaListener<? super T> listener;

    Errors(String topic, ReplicaListener<? super T> listener) {
        this.topic = topic;
        this.listener = listener;
    }

    /** Reports a failure that nothing is attempted again for. */
    void report(ReplicaPhase phase, Throwable error) {
        report(new ReplicaError(topic, phase, error, null, 0, null));
    }

    void report(ReplicaError error) {
        Quietly.run(() -> log.warn(
                "replica failed topic={} phase={} proposal={} attempt={} nextDelay={}",
                topic,
                error.phase(),
                error.proposalId(),
                error.attempt(),
                error.nextDelay(),
                error.error()));
        tell(hears -> hears.onReplicaError(error));
    }

    /** Something broke that the replica cannot go on without. */
    void broken(Throwable error) {
        Quietly.run(() -> log.error("replica is closed topic={}", topic, error));
    }

    /** Calls the listener. */
    void tell(Consumer<ReplicaListener<? super T>> call) {
        try {
            call.accept(listener);
        } catch (Throwable t) { // the listener's own; nothing depends on it
            Quietly.run(() -> log.error("listener threw topic={}", topic, t));
        }
    }
}
