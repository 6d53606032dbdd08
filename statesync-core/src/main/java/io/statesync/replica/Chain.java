package io.statesync.replica;

import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The middlewares of a replica, in their order. One that throws is reported and skipped. */
final class Chain<T extends @Nullable Object> {
    private final List<ReplicaMiddleware<T>> middlewares;
    private final Errors<T> errors;

    Chain(List<ReplicaMiddleware<T>> middlewares, Errors<T> errors) {
        this.middlewares = List.copyOf(middlewares);
        this.errors = errors;
    }

    /** What is to be sent. */
    Proposal<T> outgoing(Proposal<T> proposal) throws VetoException {
        Proposal<T> passing = proposal;
        for (ReplicaMiddleware<T> middleware : middlewares) {
            try {
                passing = passing.withValue(middleware.outgoing(passing).value());
            } catch (VetoException veto) {
                throw veto;
            } catch (Throwable t) { // the neighbours go on
                errors.report(ReplicaPhase.MIDDLEWARE, t);
            }
        }
        return passing;
    }

    /** What is to be taken over; null for nothing. */
    @Nullable
    SnapshotEnvelope<T> incoming(SnapshotEnvelope<T> snapshot) {
        SnapshotEnvelope<T> passing = snapshot;
        for (int i = middlewares.size() - 1; i >= 0; i--) {
            try {
                T data = middlewares.get(i).incoming(passing).data();
                passing = new SnapshotEnvelope<>(snapshot.revision(), snapshot.epoch(), data);
            } catch (VetoException veto) {
                return null;
            } catch (Throwable t) { // the neighbours go on
                errors.report(ReplicaPhase.MIDDLEWARE, t);
            }
        }
        return passing;
    }
}
