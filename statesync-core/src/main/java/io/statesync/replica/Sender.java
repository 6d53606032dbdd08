package io.statesync.replica;

import io.statesync.Backoff;
import io.statesync.InvalidationHandler;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateProposer;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.replica.Sending.Asking;
import io.statesync.replica.Sending.Idle;
import io.statesync.replica.Sending.InDoubt;
import io.statesync.replica.Sending.Pause;
import io.statesync.replica.Sending.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Takes pending changes to the source: at most one proposal at a time, in their order.
 *
 * <p>Each proposal keeps its id until its outcome is known, however often it is asked for. User code (functions of updates,
 * middleware, the conflict policy, the proposer) runs on the executor or on the thread of a write, never twice at a time
 * for one proposal.
 */
final class Sender<T extends @Nullable Object> {
    /** What a replica needs to know to send. */
    record Options<T extends @Nullable Object>(
            StateProposer<T> proposer,
            String sourceId,
            ConflictPolicy<T> conflicts,
            int maxConflicts,
            Backoff conflictBackoff,
            Backoff sendBackoff,
            Duration proposalTimeout,
            Supplier<? extends RandomGenerator> random) {}

    private final ReplicaCore<T> core;
    private final Options<T> options;
    private final @Nullable Saver<T> saver;
    private final String idPrefix = UUID.randomUUID() + "-";
    private final AtomicLong ids = new AtomicLong();
    private volatile boolean connected;
    private volatile @Nullable InvalidationHandler engine;

    Sender(ReplicaCore<T> core, Options<T> options, @Nullable Saver<T> saver) {
        this.core = core;
        this.options = options;
        this.saver = saver;
    }

    /** Where answers go, so that the engine need not pull what a proposal brought. */
    void engine(InvalidationHandler handler) {
        engine = handler;
    }

    /** The transport's connection was made or lost. */
    void connected(boolean now) {
        connected = now;
        if (now) {
            wake(null);
            pump();
        }
    }

    /** Sends what is pending, unless something is under way already or the transport is away. */
    void pump() {
        pump(false);
    }

    private void pump(boolean evenIfAway) {
        boolean done = false;
        while (!done) {
            Model<T> seen = core.model();
            List<Model.Failed<T>> failures = new ArrayList<>();
            Flight<T> flight = seen.nextFlight(this::nextId, failures);
            if (flight == null) {
                done = true;
            } else if (!failures.isEmpty()) {
                if (core.change(now -> now == seen ? now.without(failures) : now)) {
                    failures.forEach(failure -> core.fail(failure.change(), failure.error()));
                }
            } else if (!connected && !evenIfAway) {
                Pause pause = new Pause();
                done = core.change(now -> now == seen ? now.sending(new Waiting<>(pause)) : now);
                if (done) {
                    pause(pause, sendDelay(seen.misses + 1));
                }
            } else {
                done = core.change(now -> now == seen ? now.sending(new Asking<>(flight)) : now);
                if (done) {
                    core.dispatch(() -> ask(flight));
                }
            }
        }
    }

    private String nextId() {
        return idPrefix + ids.incrementAndGet();
    }

    /** Asks for a restored flight, whose outcome is not known. */
    void resume(Pause pause) {
        core.dispatch(() -> wake(pause));
    }

    private void ask(Flight<T> flight) {
        if (flight.sent == null) {
            try {
                flight.sent =
                        core.chain.outgoing(new Proposal<>(flight.base, flight.local, options.sourceId(), flight.id));
            } catch (VetoException veto) {
                drop(flight, null, new WriteResult.Rejected<>(Objects.toString(veto.getMessage())));
                return;
            }
        }
        if (saver == null) {
            propose(flight);
        } else {
            saver.afterSave(() -> core.dispatch(() -> propose(flight)));
        }
    }

    private void propose(Flight<T> flight) {
        Proposal<T> proposal = Objects.requireNonNull(flight.sent);
        int attempt = flight.asks + 1;
        flight.asks = attempt;
        Pause deadline = new Pause();
        flight.deadline = deadline;
        if (core.model().sending.flight() != flight) {
            return; // closed meanwhile
        }
        core.errors.tell(listener -> listener.onProposal(flight.id, attempt));
        deadline.timer(core.time.schedule(
                () -> core.dispatch(() -> missed(flight, attempt, timeout())), options.proposalTimeout()));
        send(flight, proposal, attempt, deadline);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // whenComplete: its action ends the flight
    private void send(Flight<T> flight, Proposal<T> proposal, int attempt, Pause deadline) {
        CompletionStage<? extends WriteResult<T>> answer;
        try {
            answer = Objects.requireNonNull(options.proposer().propose(proposal), "the proposer returned null");
        } catch (Throwable t) { // the user's proposer
            deadline.end();
            missed(flight, attempt, t);
            return;
        }
        answer.whenComplete((result, error) -> {
            deadline.end();
            core.dispatch(() -> answered(flight, attempt, result, error));
        });
    }

    private TimeoutException timeout() {
        return new TimeoutException("no answer to a proposal within " + options.proposalTimeout());
    }

    private void answered(Flight<T> flight, int attempt, @Nullable WriteResult<T> result, @Nullable Throwable error) {
        if (result instanceof WriteResult.Accepted<T> accepted) {
            accepted(flight, accepted);
        } else if (result instanceof WriteResult.Conflict<T> conflict) {
            conflict(flight, conflict.current());
        } else if (result instanceof WriteResult.Rejected<T>) {
            drop(flight, null, result);
        } else if (result instanceof WriteResult.Unknown<T> unknown && unknown.cause() != null) {
            missed(flight, attempt, unknown.cause());
        } else {
            Throwable cause =
                    error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
            missed(flight, attempt, cause != null ? cause : new IllegalStateException("the outcome is unknown"));
        }
    }

    private void accepted(Flight<T> flight, WriteResult.Accepted<T> accepted) {
        StateVersion version = accepted.version();
        SnapshotEnvelope<T> taken =
                SnapshotEnvelope.of(version, Objects.requireNonNull(flight.sent).value());
        Confirmed<T> now = core.incoming(taken, version);
        end(flight, model -> model.accepted(flight, version, now), accepted);
        push(taken);
    }

    private void drop(Flight<T> flight, @Nullable Confirmed<T> now, WriteResult<T> outcome) {
        end(flight, model -> model.dropped(flight, now), outcome);
    }

    private void end(Flight<T> flight, UnaryOperator<Model<T>> transition, WriteResult<T> outcome) {
        List<Change<T>> ended = new ArrayList<>();
        boolean mine = core.change(
                model -> {
                    ended.clear();
                    if (model.sending.flight() != flight) {
                        return model;
                    }
                    ended.addAll(model.changes.subList(0, flight.count));
                    return transition.apply(model);
                },
                () -> core.finish(ended, outcome)); // first, so that outcomes come in the order of the writes
        if (mine) {
            pump();
        }
    }

    private void conflict(Flight<T> flight, SnapshotEnvelope<T> current) {
        Model<T> seen = core.model();
        if (seen.sending.flight() != flight) {
            return; // an answer to an earlier attempt; the flight has ended
        }
        StateVersion at = core.versionOf(current);
        Confirmed<T> now = core.incoming(current, at);
        SnapshotEnvelope<T> shown = now == null ? current : SnapshotEnvelope.of(at, now.value());
        core.conflict(flight.local, shown);
        int conflicts = seen.conflicts + 1;
        T next = flight.local;
        boolean retry = conflicts <= options.maxConflicts()
                && (flight.rebasable || options.conflicts().kind() != ConflictPolicy.Kind.SERVER_WINS);
        if (retry && !flight.rebasable) {
            try {
                next = options.conflicts().resolve(flight.local, shown.data());
            } catch (Throwable t) { // the user's function; the source wins
                core.errors.report(ReplicaPhase.RESOLVE, t);
                retry = false;
            }
        }
        if (retry) {
            retry(
                    flight,
                    next,
                    at,
                    now,
                    options.conflictBackoff()
                            .delayAfter(conflicts, options.random().get()));
        } else {
            drop(flight, now, new WriteResult.Conflict<>(shown));
        }
        push(current);
    }

    private void retry(Flight<T> flight, T next, StateVersion at, @Nullable Confirmed<T> now, Duration delay) {
        Pause pause = new Pause();
        if (core.change(
                model -> model.sending.flight() == flight ? model.retried(flight, next, at, now, pause) : model)) {
            pause(pause, delay);
        }
    }

    private void missed(Flight<T> flight, int attempt, Throwable cause) {
        Pause pause = new Pause();
        boolean notSent = cause instanceof NotSentException && attempt == 1;
        Sending<T> next = notSent ? new Waiting<>(pause) : new InDoubt<>(flight, pause);
        Duration delay = sendDelay(core.model().misses + 1);
        if (core.change(model ->
                model.sending instanceof Asking<T> asking && asking.flight() == flight && flight.asks == attempt
                        ? model.missed(next, cause)
                        : model)) {
            core.errors.report(new ReplicaError(core.topic, ReplicaPhase.PROPOSE, cause, flight.id, attempt, delay));
            pause(pause, delay);
        }
    }

    private Duration sendDelay(int misses) {
        return options.sendBackoff().delayAfter(misses, options.random().get());
    }

    private void pause(Pause pause, Duration delay) {
        pause.timer(core.time.schedule(() -> core.dispatch(() -> wake(pause)), delay));
    }

    /** Ends a pause, or whichever there is. */
    private void wake(@Nullable Pause pause) {
        boolean woken = core.change(model -> {
            Pause now = model.sending.pause();
            if (now == null || (pause != null && now != pause)) {
                return model;
            }
            Flight<T> flight = model.sending.flight();
            return model.sending(flight == null ? new Idle<>() : new Asking<>(flight));
        });
        if (!woken) {
            return;
        }
        Model<T> model = core.model();
        if (model.sending instanceof Asking<T> asking) {
            core.dispatch(() -> ask(asking.flight()));
        } else {
            pump(true);
        }
    }

    private void push(SnapshotEnvelope<T> snapshot) {
        InvalidationHandler handler = engine;
        if (handler != null) {
            handler.snapshot(snapshot);
        }
    }
}
