package io.statesync.property;

import io.statesync.NotSentException;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.property.PendingWrites.FragileException;
import io.statesync.property.PendingWrites.Proposed;
import io.statesync.property.WriterOptions.Policy;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.ReplicaError;
import io.statesync.replica.ReplicaListener;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import io.statesync.replica.WriteQueue;
import io.statesync.replica.WriteQueueFullException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A replica that writes, with what it has to show. */
final class Writer {
    private static final Set<Policy> RETRYING = EnumSet.of(Policy.LOCAL_WINS, Policy.MERGE);

    private final WriteWorld world;
    private final String name;
    private final WriterOptions options;
    private final long seed;
    private final PendingWrites pending;
    private final Set<String> proposals = new HashSet<>();
    private List<QueuedWrite<Tokens>> kept = List.of();
    private Host host;
    private WriteLink link;
    private StateReplica<Tokens> replica;
    private StateVersion highest;
    private int writes;
    private int accepted;
    private int attempts; // of what is under way
    private int conflicts; // of the first pending write
    private Proposed proposed;
    private boolean closed;

    Writer(WriteWorld world, String name, WriterOptions options, long seed) {
        this.world = world;
        this.name = name;
        this.options = options;
        this.seed = seed;
        this.pending = new PendingWrites(name);
        begin();
    }

    /** A process begins. */
    private void begin() {
        host = new Host();
        link = new WriteLink(world, name, this::notSent);
        highest = null;
        conflicts = 0;
        ReplicaBuilder<Tokens> builder = StateReplica.<Tokens>builder(WriteSource.TOPIC)
                .source(link)
                .sourceId(name)
                .conflicts(policy())
                .maxConflicts(options.maxConflicts())
                .maxPending(options.maxPending())
                .proposalTimeout(Duration.ofMillis(options.timeoutMs()))
                .listener(host)
                .reducer(String.class, Tokens::plus)
                .engine(engine -> engine.executor(StateSync.directExecutor())
                        .time(world.time())
                        .random(new SplittableRandom(seed)));
        if (!options.optimistic()) {
            builder.confirmed();
        }
        if (options.initial()) {
            builder.initialValue(Tokens.NONE);
        }
        if (options.queued()) {
            builder.queue(host);
        }
        replica = builder.build();
        Host mine = host;
        replica.observeMeta(meta -> {
            if (mine.runs) {
                checkVersion(meta.version());
            }
        });
        var unused = replica.start();
    }

    /** The process ends, and the next begins with what is kept. */
    void crash(boolean closing) {
        if (closed) {
            return;
        }
        world.trace(name + (options.queued() ? " crashes, and restores " : " crashes, and forgets ") + pending);
        host.runs = closing && options.queued();
        host.leaves = true;
        link.cut();
        if (options.queued()) {
            pending.restored();
        } else {
            pending.forgotten();
        }
        replica.close();
        host.runs = false;
        begin();
    }

    private ConflictPolicy<Tokens> policy() {
        return switch (options.policy()) {
            case SERVER_WINS -> ConflictPolicy.serverWins();
            case LOCAL_WINS -> ConflictPolicy.localWins();
            case MERGE -> ConflictPolicy.merge(this::merge);
            case FRAGILE_MERGE ->
                ConflictPolicy.merge((local, server) -> {
                    if (server.sum() % 3 == 2) {
                        throw new FragileException();
                    }
                    return merge(local, server);
                });
        };
    }

    private Tokens merge(Tokens local, Tokens server) {
        Tokens merged = local.on(server);
        pending.merged(merged, server);
        return merged;
    }

    WriteLink link() {
        return link;
    }

    // What the application does

    void set(String mark) {
        String token = token(mark);
        Write write = new Write(world, token, true, state -> Tokens.of(token));
        written(write, () -> replica.set(Tokens.of(token)));
    }

    void update(String mark) {
        String token = token(mark);
        update(token, state -> state.plus(token));
    }

    /** An update that throws on some states; where writes are kept it is one that does not. */
    void updateFragile() {
        if (options.queued()) {
            update("");
            return;
        }
        String token = token("");
        update(token, state -> {
            if (state.sum() % 3 == 2) {
                throw new FragileException();
            }
            return state.plus(token);
        });
    }

    private void update(String token, UnaryOperator<Tokens> function) {
        written(
                new Write(world, token, false, function),
                () -> options.queued() ? replica.dispatch(token) : replica.update(function));
    }

    private String token(String mark) {
        return mark + name + "." + ++writes;
    }

    /** The write is pending before it is made, since its outcome may come at once. */
    private void written(Write write, Supplier<CompletableFuture<WriteResult<Tokens>>> make) {
        world.trace(name + (write.set ? " sets " : " updates ") + write);
        boolean full = pending.count() >= options.maxPending();
        boolean added = !closed && !full && add(write);
        Host mine = host;
        CompletableFuture<WriteResult<Tokens>> outcome = make.get();
        check(added || outcome.isCompletedExceptionally(), "made a write that could not be made: " + write);
        var unused = outcome.whenComplete((result, error) -> {
            if (mine.leaves) {
                return; // it is restored, or nobody hears of it
            }
            ended(write, result, error);
            check(closed || full == error instanceof WriteQueueFullException, "is full, or is not: " + error);
        });
    }

    private boolean add(Write write) {
        try {
            pending.add(write, replica.meta().version());
            return true;
        } catch (FragileException e) {
            return false;
        }
    }

    void refresh() {
        var unused = replica.refresh();
    }

    void close() {
        closed = true;
        replica.close();
        if (options.queued()) {
            pending.forgotten(); // what is kept waits for a process that does not come
        }
    }

    // What the replica says

    private void ended(Write write, WriteResult<Tokens> result, Throwable error) {
        world.trace(name + ": outcome of " + write + ": " + (result == null ? error : result));
        pending.remove(write);
        if (result instanceof WriteResult.Accepted<Tokens> taken) {
            accepted++;
            write.accepted(taken.version());
        } else if (result instanceof WriteResult.Unknown) {
            check(closed, "an unknown outcome of " + write);
        } else {
            write.refused();
            check(
                    result != null
                            || error instanceof FragileException
                            || error instanceof WriteQueueFullException
                            || (closed && error instanceof CancellationException),
                    "a failed write: " + error);
        }
    }

    /** What is under way will not be sent, and may have been before. */
    private void notSent() {
        if (attempts == 1) {
            pending.notSent();
        }
    }

    /** The writes of an earlier process have their outcome. */
    private void endRestored(WriteResult<Tokens> outcome) {
        for (Write write : proposed.writes()) {
            if (pending.isRestored(write)) {
                ended(write, outcome, null);
            }
        }
    }

    /** What a replica tells its process, and keeps there. */
    private final class Host implements ReplicaListener<Tokens>, WriteQueue<Tokens> {
        private boolean runs = true;
        private boolean leaves;

        @Override
        public List<QueuedWrite<Tokens>> load() {
            return kept;
        }

        @Override
        public void save(List<QueuedWrite<Tokens>> pendingWrites) {
            if (runs) {
                kept = pendingWrites;
            }
        }

        @Override
        public void onProposal(String proposalId, int attempt) {
            if (leaves) {
                return;
            }
            attempts = attempt;
            if (proposals.add(proposalId)) {
                proposed = pending.propose(replica.meta().version());
                world.source().expect(proposalId, proposed);
            }
        }

        @Override
        public void onConflict(Tokens local, SnapshotEnvelope<Tokens> current) {
            if (leaves) {
                return;
            }
            world.trace(name + " hears of a conflict with " + current.data());
            conflicts++;
            StateVersion base = pending.base();
            check(
                    base == null || world.source().isMovedByOthers(base, pending.writer()),
                    "hears of a conflict on " + base + ", and nobody else has written");
            pending.conflict(StateVersion.of(Objects.requireNonNull(current.epoch()), current.revision()));
        }

        @Override
        public void onOutcome(WriteResult<Tokens> outcome, int sharedBy) {
            if (leaves) {
                return;
            }
            boolean resolved = !proposed.writes().get(0).set || RETRYING.contains(options.policy());
            check(
                    !(outcome instanceof WriteResult.Conflict) || !resolved || conflicts > options.maxConflicts(),
                    "gives up after " + conflicts + " conflicts");
            conflicts = 0;
            endRestored(outcome);
        }

        @Override
        public void onReplicaError(ReplicaError error) {
            if (!leaves && error.phase() == ReplicaPhase.PROPOSE) {
                world.trace(name + " missed: " + error.error() + ", attempt " + error.attempt());
                if (!(error.error() instanceof NotSentException) || error.attempt() > 1) {
                    pending.missed();
                }
            }
        }
    }

    // What must hold

    private void check(boolean holds, String otherwise) {
        if (!holds) {
            world.violated(name + " " + otherwise);
        }
    }

    private void checkVersion(StateVersion version) {
        check(
                Objects.equals(version, highest) || (version != null && version.isNewerThan(highest)),
                "went back from " + highest + " to " + version);
        highest = version;
    }

    /** At any time: it shows what the source had at its version, with what is pending on top. */
    void check() {
        StateVersion version = replica.meta().version();
        checkVersion(version);
        Tokens initial = options.initial() ? Tokens.NONE : null;
        Tokens confirmed = version == null ? initial : world.source().at(version);
        Tokens expected = options.optimistic() && !closed ? pending.over(confirmed) : confirmed;
        Tokens shown = replica.hasValue() ? replica.get() : null;
        check(
                Objects.equals(shown, expected),
                "shows " + shown + " at " + version + ", expected " + expected + " of " + pending);
        check(
                shown == null || pending.isInDoubt() || shown.isSound(),
                "shows " + shown + ", which holds a write twice, with " + pending);
        int count = replica.meta().pendingWrites();
        check(count == pending.count(), "has " + count + " pending writes, expected " + pending);
        check(replica.meta().dirty() == (count > 0), "is dirty with " + count + " pending writes");
    }

    /** Whether it has what the source has, and nobody waits. */
    boolean isSettled() {
        return closed
                || (world.source().version().equals(replica.meta().version())
                        && world.source().current().data().equals(replica.hasValue() ? replica.get() : null)
                        && !replica.meta().dirty()
                        && pending.count() == 0
                        && !replica.engine().status().behind());
    }

    /** How many writes were made. */
    int writes() {
        return writes;
    }

    int accepted() {
        return accepted;
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public String toString() {
        return name + (closed ? " closed " : " ") + replica.meta() + " "
                + replica.engine().status() + " pending " + pending;
    }
}
