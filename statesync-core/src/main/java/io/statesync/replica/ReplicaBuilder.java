package io.statesync.replica;

import io.statesync.Backoff;
import io.statesync.InvalidationSubscriber;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotProvider;
import io.statesync.Startup;
import io.statesync.StateBinding;
import io.statesync.StateProposer;
import io.statesync.WritableBinding;
import io.statesync.internal.Checks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The options of a {@link StateReplica}. Required: a source.
 *
 * <table>
 * <caption>Defaults</caption>
 * <tr><th>option</th><th>default</th></tr>
 * <tr><td>initialValue</td><td>none</td></tr>
 * <tr><td>optimistic or confirmed</td><td>optimistic</td></tr>
 * <tr><td>conflicts</td><td>{@link ConflictPolicy#serverWins()}</td></tr>
 * <tr><td>maxConflicts, conflictBackoff</td><td>20; 10 ms, doubling, at most 1 s, full jitter</td></tr>
 * <tr><td>sendBackoff</td><td>{@link Backoff#standard()}: 100 ms, doubling, at most 30 s, full jitter</td></tr>
 * <tr><td>proposalTimeout</td><td>10 s</td></tr>
 * <tr><td>maxPending</td><td>1,000</td></tr>
 * <tr><td>sourceId</td><td>random</td></tr>
 * <tr><td>middleware, listener, reducer, queue</td><td>none</td></tr>
 * <tr><td>observeOn</td><td>the engine's executor</td></tr>
 * <tr><td>engine</td><td>those of {@link RevisionSyncOptions}, but {@link Startup#KEEP_TRYING}</td></tr>
 * </table>
 *
 * <p>Not safe for use from several threads at once; to be used for one replica.
 *
 * @param <T> the type of the state
 */
public final class ReplicaBuilder<T extends @Nullable Object> {
    final String topic;
    boolean optimistic = true;
    int maxPending = 1000;
    ReplicaListener<? super T> listener = new ReplicaListener<>() {};
    final List<ReplicaMiddleware<T>> middleware = new ArrayList<>();

    @Nullable
    Executor observeOn;

    @Nullable
    WriteQueue<T> queue;

    @Nullable
    BiFunction<T, Object, T> reducer;

    private @Nullable Class<?> actionType;
    private @Nullable WritableBinding<T> source;
    private @Nullable Supplier<T> initial;
    private ConflictPolicy<T> conflicts = ConflictPolicy.serverWins();
    private int maxConflicts = 20;
    private Backoff conflictBackoff = Backoff.exponential(Duration.ofMillis(10), 2, Duration.ofSeconds(1));
    private Backoff sendBackoff = Backoff.standard();
    private Duration proposalTimeout = Duration.ofSeconds(10);
    private String sourceId = UUID.randomUUID().toString();
    private Consumer<? super RevisionSyncOptions.Builder<T>> engine = builder -> {};

    ReplicaBuilder(String topic) {
        this.topic = Checks.notBlank("topic", topic);
    }

    /** Where the state comes from and proposals go. */
    public ReplicaBuilder<T> source(WritableBinding<T> source) {
        this.source = Objects.requireNonNull(source, "source");
        return this;
    }

    /** Where the state comes from, and where proposals go. */
    public ReplicaBuilder<T> source(StateBinding<T> source, StateProposer<T> proposer) {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(proposer, "proposer");
        return source(new WritableBinding<>() {
            @Override
            public InvalidationSubscriber subscriber() {
                return source.subscriber();
            }

            @Override
            public SnapshotProvider<T> provider() {
                return source.provider();
            }

            @Override
            public StateProposer<T> proposer() {
                return proposer;
            }
        });
    }

    /** The value until something comes from the source. */
    public ReplicaBuilder<T> initialValue(T value) {
        this.initial = () -> value;
        return this;
    }

    /** The value changes only when the source has accepted a write. */
    public ReplicaBuilder<T> confirmed() {
        this.optimistic = false;
        return this;
    }

    /** What happens to a {@code set} that the source refused because it had moved on. */
    public ReplicaBuilder<T> conflicts(ConflictPolicy<T> policy) {
        this.conflicts = Objects.requireNonNull(policy, "conflicts");
        return this;
    }

    /** How often a write is proposed again after conflicts; then the conflict is its outcome. */
    public ReplicaBuilder<T> maxConflicts(int maxConflicts) {
        this.maxConflicts = Checks.notNegative("maxConflicts", maxConflicts);
        return this;
    }

    /** How long to wait before a write is proposed again after a conflict. */
    public ReplicaBuilder<T> conflictBackoff(Backoff backoff) {
        this.conflictBackoff = Objects.requireNonNull(backoff, "conflictBackoff");
        return this;
    }

    /** How long to wait after a proposal that was not sent or not answered, unless the transport is back earlier. */
    public ReplicaBuilder<T> sendBackoff(Backoff backoff) {
        this.sendBackoff = Objects.requireNonNull(backoff, "sendBackoff");
        return this;
    }

    /** How long the answer to a proposal may take. After that its outcome is unknown, and it is asked for again. */
    public ReplicaBuilder<T> proposalTimeout(Duration timeout) {
        this.proposalTimeout = Checks.positive("proposalTimeout", timeout);
        return this;
    }

    /** How many writes may wait for their outcome; further ones fail before they change anything. */
    public ReplicaBuilder<T> maxPending(int maxPending) {
        this.maxPending = Checks.positive("maxPending", maxPending);
        return this;
    }

    /** Who this replica is to the source and to those who hear its events. */
    public ReplicaBuilder<T> sourceId(String sourceId) {
        this.sourceId = Checks.notBlank("sourceId", sourceId);
        return this;
    }

    /** Adds a middleware at the source's end of the chain. */
    public ReplicaBuilder<T> middleware(ReplicaMiddleware<T> next) {
        this.middleware.add(Objects.requireNonNull(next, "middleware"));
        return this;
    }

    /** What hears of everything that the replica and its engine do. */
    public ReplicaBuilder<T> listener(ReplicaListener<? super T> listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * How an action makes the next value from the last one, for {@link StateReplica#dispatch}.
     *
     * @param type the type of actions; what is of another type is refused
     * @param reducer (state, action) → state; pure, like the function of an update
     */
    public <A> ReplicaBuilder<T> reducer(Class<A> type, BiFunction<? super T, ? super A, ? extends T> reducer) {
        Objects.requireNonNull(reducer, "reducer");
        this.actionType = Objects.requireNonNull(type, "type");
        this.reducer = (state, action) -> reducer.apply(state, type.cast(action));
        return this;
    }

    /** Where pending writes are kept, so that they outlive the process. */
    public ReplicaBuilder<T> queue(WriteQueue<T> queue) {
        this.queue = Objects.requireNonNull(queue, "queue");
        return this;
    }

    /** What observers are called on: a UI thread, for instance. */
    public ReplicaBuilder<T> observeOn(Executor executor) {
        this.observeOn = Objects.requireNonNull(executor, "observeOn");
        return this;
    }

    /**
     * Options of the engine that follows the source: its retries, executor, cache, clock. Subscriber, provider, applier and
     * listener are the replica's own.
     */
    public ReplicaBuilder<T> engine(Consumer<? super RevisionSyncOptions.Builder<T>> options) {
        this.engine = Objects.requireNonNull(options, "engine");
        return this;
    }

    /**
     * The replica. It is not started; one that is never started or used needs no close.
     *
     * @throws IllegalArgumentException if the source is missing, or the engine's options are wrong
     */
    public StateReplica<T> build() {
        WritableBinding<T> from = source;
        if (from == null) {
            throw new IllegalArgumentException("missing option: source");
        }
        return new StateReplica<>(this, from);
    }

    @SuppressWarnings("NullAway") // the value before the first is never shown
    Confirmed<T> initial() {
        Supplier<T> given = initial;
        return new Confirmed<>(null, given == null ? null : given.get(), given != null, null);
    }

    RevisionSyncOptions<T> engineOptions(EngineSide<T> side) {
        RevisionSyncOptions.Builder<T> builder =
                RevisionSyncOptions.<T>builder(topic).startup(Startup.KEEP_TRYING);
        engine.accept(builder);
        return builder.source(side).asyncApplier(side::apply).listener(side).build();
    }

    Sender.Options<T> senderOptions(StateProposer<T> proposer, Supplier<? extends RandomGenerator> random) {
        return new Sender.Options<>(
                proposer, sourceId, conflicts, maxConflicts, conflictBackoff, sendBackoff, proposalTimeout, random);
    }

    UnaryOperator<T> reduction(Object action) {
        Objects.requireNonNull(action, "action");
        BiFunction<T, Object, T> made = reducer;
        Class<?> type = actionType;
        if (made == null || type == null) {
            throw new IllegalStateException("replica " + topic + " has no reducer for actions");
        }
        if (!type.isInstance(action)) {
            throw new ClassCastException("replica " + topic + " takes actions of " + type.getName() + ", and was given "
                    + action.getClass().getName());
        }
        return state -> made.apply(state, action);
    }
}
