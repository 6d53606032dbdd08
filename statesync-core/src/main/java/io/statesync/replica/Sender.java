package io.statesync.replica;

import io.statesync.Backoff;
import io.statesync.InvalidationHandler;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateProposer;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.internal.Failures;
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
            Flight<T> flight = core.running(() -> seen.nextFlight(this::nextId, failures));
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
                Asking<T> asking = new Asking<>(flight, 1, new Pause());
                done = core.change(now -> now == seen ? now.sending(asking) : now);
                if (done) {
                    begin(asking);
                }
            }
        }
    }

    /** Hands an attempt to the executor; its time runs, whatever becomes of the task. */
    private void begin(Asking<T> asking) {
        asking.timeout()
                .timer(core.time.schedule(
                        () -> core.dispatch(() -> missed(asking, timeout())), options.proposalTimeout()));
        core.dispatch(() -> ask(asking));
    }

    private String nextId() {
        return idPrefix + ids.incrementAndGet();
    }

    /** Asks for a restored flight, whose outcome is not known. */
    void resume(Pause pause) {
        core.dispatch(() -> wake(pause));
    }

    private void ask(Asking<T> asking) {
        if (isOver(asking)) {
            return;
        }
        Flight<T> flight = asking.flight();
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
            propose(asking);
        } else {
            saver.afterSave(failure ->
                    core.dispatch(failure == null ? () -> propose(asking) : () -> postpone(asking, failure)));
        }
    }

    /** A proposal that is not on disk is not sent: after a crash it would be written twice. */
    private void postpone(Asking<T> asking, Throwable cause) {
        missed(asking, cause, asking.attempt() == 1);
    }

    /** Whether the replica was closed, or the answer to an earlier attempt was faster. */
    private boolean isOver(Asking<T> asking) {
        return core.model().sending != asking;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // whenComplete: its action ends the attempt
    private void propose(Asking<T> asking) {
        if (isOver(asking)) {
            return;
        }
        Flight<T> flight = asking.flight();
        Proposal<T> proposal = Objects.requireNonNull(flight.sent);
        if (flight.calling) {
            postpone(asking, timeout()); // the proposer blocks; its call may still bring the answer
            return;
        }
        core.errors.tell(listener -> listener.onProposal(flight.id, asking.attempt()));
        try {
            CompletionStage<? extends WriteResult<T>> answer = call(flight, proposal);
            answer.whenComplete((result, error) -> {
                asking.timeout().end();
                core.dispatch(() -> answered(asking, result, error));
            });
        } catch (Throwable t) { // the user's proposer, or its stage
            missed(asking, t);
        }
    }

    private CompletionStage<? extends WriteResult<T>> call(Flight<T> flight, Proposal<T> proposal) throws Exception {
        flight.calling = true;
        try {
            return Objects.requireNonNull(options.proposer().propose(proposal), "the proposer returned null");
        } finally {
            flight.calling = false;
        }
    }

    private TimeoutException timeout() {
        return new TimeoutException("no answer to a proposal within " + options.proposalTimeout());
    }

    private void answered(Asking<T> asking, @Nullable WriteResult<T> result, @Nullable Throwable error) {
        Flight<T> flight = asking.flight();
        if (result instanceof WriteResult.Accepted<T> accepted) {
            accepted(flight, accepted);
        } else if (result instanceof WriteResult.Conflict<T> conflict) {
            conflict(flight, conflict.current());
        } else if (result instanceof WriteResult.Rejected<T>) {
            drop(flight, null, result);
        } else if (result instanceof WriteResult.Unknown<T> unknown && unknown.cause() != null) {
            missed(asking, unknown.cause());
        } else {
            missed(
                    asking,
                    error != null ? Failures.unwrapped(error) : new IllegalStateException("the outcome is unknown"));
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
        StateVersion answered = core.versionOf(current);
        StateVersion known = seen.confirmed.version();
        StateVersion at = known != null && !answered.isNewerThan(known) ? known : answered;
        Confirmed<T> now = at == known ? seen.confirmed : core.incoming(current, at);
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

    private void missed(Asking<T> asking, Throwable cause) {
        int attempt = asking.attempt();
        Duration delay = missed(asking, cause, cause instanceof NotSentException && attempt == 1);
        if (delay != null) {
            core.errors.report(
                    new ReplicaError(core.topic, ReplicaPhase.PROPOSE, cause, asking.flight().id, attempt, delay));
        }
    }

    /** Has an attempt followed by another; null if it is over already. */
    private @Nullable Duration missed(Asking<T> asking, Throwable cause, boolean notSent) {
        Pause pause = new Pause();
        Sending<T> next = notSent ? new Waiting<>(pause) : new InDoubt<>(asking.flight(), asking.attempt(), pause);
        Duration delay = sendDelay(core.model().misses + 1);
        if (!core.change(model -> model.sending == asking ? model.missed(next, cause) : model)) {
            return null;
        }
        pause(pause, delay);
        return delay;
    }

    private Duration sendDelay(int misses) {
        return options.sendBackoff().delayAfter(misses, options.random().get());
    }

    private void pause(Pause pause, Duration delay) {
        pause.timer(core.time.schedule(() -> core.dispatch(() -> wake(pause)), delay));
    }

    /** Ends a pause, or whichever there is. */
    private void wake(@Nullable Pause pause) {
        List<Asking<T>> again = new ArrayList<>(1);
        boolean woken = core.change(model -> {
            again.clear();
            Pause now = model.sending.pause();
            if (now == null || (pause != null && now != pause)) {
                return model;
            }
            if (model.sending instanceof InDoubt<T> doubt) {
                again.add(new Asking<>(doubt.flight(), doubt.attempts() + 1, new Pause()));
                return model.sending(again.get(0));
            }
            return model.sending(new Idle<>());
        });
        if (woken && again.isEmpty()) {
            pump(true);
        } else if (woken) {
            begin(again.get(0));
        }
    }

    private void push(SnapshotEnvelope<T> snapshot) {
        InvalidationHandler handler = engine;
        if (handler != null) {
            handler.snapshot(snapshot);
        }
    }
}
