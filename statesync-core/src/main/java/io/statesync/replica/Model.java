package io.statesync.replica;

import io.statesync.StateVersion;
import io.statesync.replica.Change.SetTo;
import io.statesync.replica.Change.Updated;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a replica knows, at one moment. Immutable: each transition makes a new one, which the replica puts in the
 * old one's place if nobody else was faster. So functions of the user run without a lock, and may run again.
 *
 * <p>The pending changes are, in this order: those of the proposal under way, updates, and at most one set, into which
 * every later write goes. The first ones are frozen.
 */
final class Model<T extends @Nullable Object> {
    /** The base of a set that knew of no state. */
    private static final StateVersion UNKNOWN = StateVersion.ofUnsigned(0, 0);

    /** What becomes of the replica itself. */
    enum Life {
        NEW,
        STARTED,
        CLOSED
    }

    /** A snapshot that waits for the outcome of the proposal under way, since it may hold that write already. */
    record Held<T extends @Nullable Object>(Confirmed<T> snapshot, CompletableFuture<Void> applied) {}

    /** A change whose function threw when it was made again. */
    record Failed<T extends @Nullable Object>(Change<T> change, Throwable error) {}

    final boolean optimistic;
    final Confirmed<T> confirmed;
    final List<Change<T>> changes;
    final Sending<T> sending;
    final @Nullable Held<T> held;
    final Life life;
    final @Nullable Throwable error;

    /** Proposals in a row that were not sent or not answered. */
    final int misses;

    /** Conflicts in a row of the first pending change. */
    final int conflicts;

    /** The value that the replica shows, if it shows one. */
    final T shown;

    final boolean showing;

    /** What this transition threw out. */
    final List<Failed<T>> failed;

    private Model(Draft<T> d) {
        optimistic = d.optimistic;
        sending = d.sending;
        boolean hold = d.held != null && optimistic && mustWait(d.sending);
        held = hold ? d.held : null;
        confirmed = hold || d.held == null ? d.confirmed : d.confirmed.or(d.held.snapshot());
        life = d.life;
        error = d.error;
        misses = d.misses;
        conflicts = d.conflicts;
        Model<T> from = d.from;
        if (from != null && confirmed == from.confirmed && (d.changes == from.changes || d.shownIsMade)) {
            changes = d.changes;
            failed = List.of();
            shown = d.shown;
            showing = d.showing;
        } else {
            Fold<T> fold = new Fold<>(confirmed.value(), confirmed.known());
            if (optimistic) {
                fold.over(d.changes, confirmed.version() == null ? d.changes.size() : frozen(d.sending));
            }
            changes = fold.kept(d.changes);
            failed = fold.failed;
            shown = fold.value;
            showing = fold.known;
        }
    }

    /** The model of a replica that is not started. */
    static <T extends @Nullable Object> Model<T> initial(boolean optimistic, Confirmed<T> confirmed) {
        return new Model<>(new Draft<>(optimistic, confirmed));
    }

    /** Only a write that is shown already and made from the source's state would be counted twice. */
    private static boolean mustWait(Sending<?> sending) {
        return sending instanceof Sending.Asking<?> asking && asking.flight().rebasable;
    }

    private static int frozen(Sending<?> sending) {
        Flight<?> flight = sending.flight();
        return flight == null ? 0 : flight.count;
    }

    /** How many writes wait for their outcome. */
    int pendingWrites() {
        int writes = 0;
        for (Change<T> change : changes) {
            writes += change.outcomes().size();
        }
        return writes;
    }

    ReplicaMeta meta() {
        int pending = pendingWrites();
        return new ReplicaMeta(status(), error, confirmed.at(), pending > 0, pending, confirmed.version());
    }

    private ReplicaStatus status() {
        if (life != Life.STARTED) {
            return ReplicaStatus.IDLE;
        }
        if (error != null) {
            return ReplicaStatus.ERROR;
        }
        return confirmed.version() == null ? ReplicaStatus.LOADING : ReplicaStatus.READY;
    }

    // --- transitions

    /** What was pending when the process ended comes first. */
    Model<T> restored(List<Change<T>> kept, Sending<T> next) {
        Flight<T> flight = next.flight();
        List<Change<T>> others = new ArrayList<>(kept.subList(frozen(next), kept.size()));
        for (Change<T> change : changes) {
            boolean unknown = change instanceof SetTo<T> set && set.base().equals(UNKNOWN);
            others.add(unknown && flight != null ? ((SetTo<T>) change).from(flight.base) : change);
        }
        Draft<T> draft = new Draft<>(this);
        draft.changes = new ArrayList<>(kept.subList(0, frozen(next)));
        draft.changes.addAll(coalesced(others));
        draft.sending = next;
        return new Model<>(draft);
    }

    Model<T> living(Life next) {
        Draft<T> draft = new Draft<>(this);
        draft.life = next;
        if (next == Life.CLOSED) {
            draft.changes = List.of();
            draft.sending = new Sending.Idle<>();
        }
        return new Model<>(draft);
    }

    Model<T> failing(@Nullable Throwable cause) {
        Draft<T> draft = new Draft<>(this);
        draft.error = cause;
        return new Model<>(draft);
    }

    /** A set by the user. */
    Model<T> set(T value, StateVersion base, List<Outcome<T>> outcomes) {
        SetTo<T> last = lastSet();
        Change<T> change = last != null ? last.then(value, base, outcomes) : new SetTo<>(value, base, outcomes);
        return written(change, last != null, value, true);
    }

    /** An update by the user; what its function throws, nothing has happened. */
    Model<T> updated(Updated<T> update) {
        SetTo<T> last = lastSet();
        if (last != null) {
            T next = update.function().apply(last.value());
            return written(last.then(next, update.outcomes()), true, next, true);
        }
        boolean shows = optimistic && showing;
        return written(update, false, shows ? update.function().apply(shown) : shown, showing);
    }

    /** What a set knows of: the source's state, or before the first snapshot that which a restored proposal knew of. */
    StateVersion base() {
        StateVersion at = confirmed.version();
        Flight<T> flight = sending.flight();
        return at != null ? at : flight != null ? flight.base : UNKNOWN;
    }

    private @Nullable SetTo<T> lastSet() {
        int last = changes.size() - 1;
        return last >= frozen(sending) && changes.get(last) instanceof SetTo<T> set ? set : null;
    }

    private Model<T> written(Change<T> change, boolean replacesLast, T next, boolean nextIsKnown) {
        Draft<T> draft = new Draft<>(this);
        if (optimistic) {
            draft.shown = next;
            draft.showing = nextIsKnown;
        }
        draft.shownIsMade = true;
        draft.changes = new ArrayList<>(changes);
        if (replacesLast) {
            draft.changes.set(changes.size() - 1, change);
        } else {
            draft.changes.add(change);
        }
        return new Model<>(draft);
    }

    /** Whether a snapshot of that version would change anything. */
    boolean takes(StateVersion version) {
        return life != Life.CLOSED && version.isNewerThan(confirmed.version());
    }

    /** A snapshot came in. */
    Model<T> snapshot(Confirmed<T> snapshot, CompletableFuture<Void> applied) {
        Draft<T> draft = new Draft<>(this);
        draft.held = new Held<>(snapshot, applied);
        return new Model<>(draft);
    }

    /** What there is to propose, if anything can be; changes whose functions throw are told to {@code failures}. */
    @Nullable
    Flight<T> nextFlight(Supplier<String> id, List<Failed<T>> failures) {
        if (life != Life.STARTED || changes.isEmpty() || !(sending instanceof Sending.Idle)) {
            return null;
        }
        if (changes.get(0) instanceof SetTo<T> set) {
            return new Flight<>(id.get(), set.base(), set.value(), 1, false);
        }
        StateVersion base = confirmed.version();
        if (base == null) {
            return null;
        }
        int count = 0;
        while (count < changes.size() && changes.get(count) instanceof Updated) {
            count++;
        }
        Fold<T> fold = new Fold<>(confirmed.value(), true);
        fold.over(changes.subList(0, count), 0);
        failures.addAll(fold.failed);
        return new Flight<>(id.get(), base, fold.value, count, true);
    }

    Model<T> sending(Sending<T> next) {
        Draft<T> draft = new Draft<>(this);
        draft.sending = next;
        return new Model<>(draft);
    }

    /** The proposal under way was not sent, or its outcome is not known. What was not sent is coalesced again. */
    Model<T> missed(Sending<T> next, Throwable cause) {
        Draft<T> draft = new Draft<>(this);
        draft.sending = next;
        if (next.flight() == null) {
            draft.changes = coalesced(changes);
        }
        draft.misses = misses + 1;
        draft.error = cause;
        return new Model<>(draft);
    }

    /** Everything from the first set on is one set. */
    private static <T extends @Nullable Object> List<Change<T>> coalesced(List<Change<T>> changes) {
        List<Change<T>> result = new ArrayList<>();
        for (Change<T> change : changes) {
            int last = result.size() - 1;
            if (last >= 0 && result.get(last) instanceof SetTo<T> set) {
                try {
                    T next = change instanceof SetTo<T> later
                            ? later.value()
                            : ((Updated<T>) change).function().apply(set.value());
                    result.set(last, set.then(next, change.outcomes()));
                } catch (Throwable t) { // the user's function: it is thrown out when its turn comes
                    result.add(change);
                }
            } else {
                result.add(change);
            }
        }
        return result;
    }

    /** These changes are thrown out; none of them is under way. */
    Model<T> without(List<Failed<T>> failures) {
        Draft<T> draft = new Draft<>(this);
        draft.changes = new ArrayList<>(changes);
        for (Failed<T> failure : failures) {
            draft.changes.removeIf(change -> change == failure.change());
        }
        return new Model<>(draft);
    }

    /** The source took the flight. What was set later, knowing of nothing else, is from its version on. */
    Model<T> accepted(Flight<T> flight, StateVersion version, @Nullable Confirmed<T> now) {
        Draft<T> draft = answered(now);
        draft.changes = new ArrayList<>();
        for (Change<T> change : changes.subList(flight.count, changes.size())) {
            boolean follows = change instanceof SetTo<T> set && set.base().equals(flight.base);
            draft.changes.add(follows ? ((SetTo<T>) change).from(version) : change);
        }
        draft.conflicts = 0;
        return new Model<>(draft);
    }

    /** The flight ended without being taken, and is not tried again. */
    Model<T> dropped(Flight<T> flight, @Nullable Confirmed<T> now) {
        Draft<T> draft = answered(now);
        draft.changes = changes.subList(flight.count, changes.size());
        draft.conflicts = 0;
        return new Model<>(draft);
    }

    /** The flight met a conflict, and is tried again after a pause: a set with another value, from another base. */
    Model<T> retried(Flight<T> flight, T next, StateVersion base, @Nullable Confirmed<T> now, Sending.Pause pause) {
        Draft<T> draft = answered(now);
        if (!flight.rebasable) {
            draft.changes = new ArrayList<>(changes);
            draft.changes.set(0, new SetTo<>(next, base, changes.get(0).outcomes()));
        }
        draft.sending = new Sending.Waiting<>(pause);
        draft.conflicts = conflicts + 1;
        return new Model<>(draft);
    }

    private Draft<T> answered(@Nullable Confirmed<T> now) {
        Draft<T> draft = new Draft<>(this);
        draft.sending = new Sending.Idle<>();
        draft.confirmed = confirmed.or(now);
        draft.misses = 0;
        draft.error = null;
        return draft;
    }

    /** A model in the making. */
    private static final class Draft<T extends @Nullable Object> {
        private final @Nullable Model<T> from;
        private final boolean optimistic;
        private T shown;
        private boolean showing;
        private boolean shownIsMade; // shown goes with the changes
        private Confirmed<T> confirmed;
        private List<Change<T>> changes = List.of();
        private Sending<T> sending = new Sending.Idle<>();
        private @Nullable Held<T> held;
        private Life life = Life.NEW;
        private @Nullable Throwable error;
        private int misses;
        private int conflicts;

        Draft(boolean optimistic, Confirmed<T> confirmed) {
            this.from = null;
            this.optimistic = optimistic;
            this.confirmed = confirmed;
            this.shown = confirmed.value();
        }

        Draft(Model<T> from) {
            this.from = from;
            optimistic = from.optimistic;
            shown = from.shown;
            showing = from.showing;
            confirmed = from.confirmed;
            changes = from.changes;
            sending = from.sending;
            held = from.held;
            life = from.life;
            error = from.error;
            misses = from.misses;
            conflicts = from.conflicts;
        }
    }
}
