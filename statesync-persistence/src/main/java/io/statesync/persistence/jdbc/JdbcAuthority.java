package io.statesync.persistence.jdbc;

import io.statesync.InvalidationSubscriber;
import io.statesync.NotModified;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateCodec;
import io.statesync.StateValidator;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Conflict;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Texts;
import io.statesync.persistence.jdbc.StateTable.State;
import io.statesync.source.Authority;
import io.statesync.source.internal.Versions;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database as an authority: it counts and decides, so any number of processes may each have one of these on the same
 * topic.
 *
 * <p>A write that is taken is one transaction: state, version, and the proposal's id with its answer. The database compares
 * the base, so no write is lost, whichever process it comes from, and an id that one process answered is answered alike by
 * all. If the answer to a commit is lost, the proposal's is {@link WriteResult.Unknown}, and what became of it is found
 * when it is asked for again under its id. If it certainly was not written, the stage fails with a
 * {@link NotSentException}.
 *
 * <p>Replicas hear of the writes of this object at once. Those of others are heard by looking at the version every
 * {@code pollInterval} while there is a subscription, and sooner by another subscriber, such as a {@link
 * PostgresSubscriber}.
 *
 * <p>All that blocks, and the validator and codec, runs on the executor. There is no thread, and nothing to close. The
 * tables {@code statesync_state} and {@code statesync_proposal} are made when they are first needed.
 *
 * @param <T> the type of the state; immutable, since everybody gets the same object
 */
public final class JdbcAuthority<T extends @Nullable Object> implements Authority<T> {
    private static final int UPDATES = 1_000;

    private final String topic;
    private final TopicKey key;
    private final StateCodec<T> codec;
    private final Executor executor;
    private final Decisions<T> decisions;
    private final Hearing hearing;

    private JdbcAuthority(Builder<T> b, Supplier<? extends T> initial) {
        topic = b.topic;
        key = TopicKey.of(b.topic);
        codec = b.codec;
        executor = b.executor;
        decisions = new Decisions<>(b, initial);
        hearing = new Hearing(topic, decisions::version, executor, b.pollInterval(), b.subscriber);
    }

    /**
     * A builder of an authority.
     *
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(
            String topic, DataSource source, StateCodec<T> codec) {
        return new Builder<>(topic, source, codec);
    }

    @Override
    public String topic() {
        return topic;
    }

    @Override
    public CompletionStage<SnapshotEnvelope<T>> snapshot() {
        return async(() -> snapshot(decisions.state()));
    }

    private SnapshotEnvelope<T> snapshot(State state) throws IOException {
        return SnapshotEnvelope.of(state.version(), Payloads.decode(codec, state));
    }

    /** Asks for a write, as {@link Authority#propose} says. Never waits; cancelling the stage takes nothing back. */
    @Override
    public CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        Objects.requireNonNull(proposal, "proposal");
        return write(() -> decide(proposal));
    }

    private WriteResult<T> decide(Proposal<T> proposal) throws NotSentException {
        WriteResult<T> answer = decisions.decide(proposal);
        if (answer instanceof WriteResult.Accepted<T> accepted) {
            hearing.wrote(accepted.version(), proposal.sourceId());
        }
        return answer;
    }

    /**
     * Replaces the state by one that is made from it. No other write comes between. The answer is accepted, rejected by the
     * validator, or unknown.
     *
     * @param change makes the new state. Called on the executor, and again if another write was first
     * @return fails with what {@code change} throws, and with a {@link NotSentException} if nothing was written because the
     *     database failed
     */
    public CompletionStage<WriteResult<T>> update(UnaryOperator<T> change) {
        Objects.requireNonNull(change, "change");
        return write(() -> {
            SnapshotEnvelope<T> now = notSent(() -> snapshot(decisions.state()));
            for (int attempt = 0; attempt < UPDATES; attempt++) {
                StateVersion base = Versions.of(now);
                WriteResult<T> answer = decide(Proposal.of(base, change.apply(now.data())));
                if (!(answer instanceof Conflict<T> conflict)) {
                    return answer;
                }
                now = conflict.current();
            }
            throw new NotSentException("another write was first, " + UPDATES + " times: topic " + topic, null);
        });
    }

    private <R> R notSent(Callable<R> reading) throws NotSentException {
        try {
            return reading.call();
        } catch (Exception e) {
            throw new NotSentException("the state could not be read: topic " + key.name() + ": " + Texts.reason(e), e);
        }
    }

    private CompletionStage<WriteResult<T>> write(Callable<WriteResult<T>> task) {
        CompletableFuture<WriteResult<T>> result = new CompletableFuture<>();
        run(task, result, refusal -> new NotSentException("the executor refused: topic " + topic, refusal));
        return result;
    }

    private <R> CompletionStage<R> async(Callable<R> task) {
        CompletableFuture<R> result = new CompletableFuture<>();
        run(task, result, refusal -> refusal);
        return result;
    }

    private <R> void run(Callable<R> task, CompletableFuture<R> result, UnaryOperator<Throwable> refused) {
        try {
            executor.execute(() -> {
                try {
                    result.complete(task.call());
                } catch (Throwable t) { // whoever waits for the stage is told
                    result.completeExceptionally(t);
                }
            });
        } catch (Throwable t) { // whatever an executor throws, the task will not run
            result.completeExceptionally(refused.apply(t));
        }
    }

    /** Hears of this object's writes, and of others' as the options say. */
    @Override
    public InvalidationSubscriber subscriber() {
        return hearing;
    }

    /** Reads the database; {@link NotModified} if it is at the version that is held, without reading the state. */
    @Override
    public SnapshotProvider<T> provider() {
        return request -> {
            if (!request.topic().equals(topic)) {
                throw new IllegalArgumentException("this source has topic " + Texts.quote(topic)
                        + ", and was asked for " + Texts.quote(request.topic()));
            }
            return async(() -> pull(request));
        };
    }

    private PullResult<T> pull(PullRequest request) throws IOException, SQLException {
        StateVersion held = request.heldVersion();
        if (held != null && held.equals(decisions.version())) {
            return NotModified.instance();
        }
        return snapshot(decisions.state());
    }

    /** Names topic and table. */
    @Override
    public String toString() {
        return "JdbcAuthority[topic=" + key.name() + ", table=" + decisions.tableName() + "]";
    }

    /**
     * The options of a {@link JdbcAuthority}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>tablePrefix</td><td>{@code statesync_}</td></tr>
     * <tr><td>executor</td><td>a pool of daemon threads that everything shares, whose idle threads end</td></tr>
     * <tr><td>validator</td><td>every value is valid</td></tr>
     * <tr><td>proposalWindow</td><td>1,024</td></tr>
     * <tr><td>pollInterval</td><td>1 s; 30 s with another subscriber</td></tr>
     * <tr><td>alsoHear</td><td>no other subscriber</td></tr>
     * <tr><td>notifyChannel</td><td>none</td></tr>
     * <tr><td>clock</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);
        private static final Duration SLOW_POLL_INTERVAL = Duration.ofSeconds(30);

        final String topic;
        final DataSource source;
        final StateCodec<T> codec;
        String tablePrefix = Tables.DEFAULT_PREFIX;
        StateValidator<? super T> validator = value -> {};
        int proposalWindow = 1024;

        @Nullable
        String channel;

        InstantSource clock = InstantSource.system();
        private Executor executor = DefaultExecutor.SHARED;
        private @Nullable Duration pollInterval;
        private @Nullable InvalidationSubscriber subscriber;

        private Builder(String topic, DataSource source, StateCodec<T> codec) {
            this.topic = Checks.notBlank("topic", topic);
            this.source = Objects.requireNonNull(source, "source");
            this.codec = Objects.requireNonNull(codec, "codec");
        }

        /**
         * What the tables' names begin with; perhaps a schema and a dot first.
         *
         * @throws IllegalArgumentException if it is not made of ASCII letters, digits and underlines
         */
        public Builder<T> tablePrefix(String tablePrefix) {
            this.tablePrefix = Tables.prefix(tablePrefix);
            return this;
        }

        /** What talks to the database, blocking; as many threads as the pool has connections are enough. */
        public Builder<T> executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Decides which proposed values are taken. The initial value is not asked about. */
        public Builder<T> validator(StateValidator<? super T> validator) {
            this.validator = Objects.requireNonNull(validator, "validator");
            return this;
        }

        /**
         * How many recent proposals the database remembers with their answers, so that one that is asked again is not
         * written again; 0 for none. Processes that share a topic should agree on it.
         */
        public Builder<T> proposalWindow(int proposalWindow) {
            this.proposalWindow = Checks.notNegative("proposalWindow", proposalWindow);
            return this;
        }

        /** How often the version is read while there is a subscription, to hear of other processes' writes. */
        public Builder<T> pollInterval(Duration pollInterval) {
            this.pollInterval = Checks.positive("pollInterval", pollInterval);
            return this;
        }

        /**
         * Another way to hear of other processes' writes. The version is looked at besides, every 30 s unless the interval
         * is set: for writes that this way does not tell of, such as those of a process without a {@code notifyChannel}.
         */
        public Builder<T> alsoHear(InvalidationSubscriber subscriber) {
            this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
            return this;
        }

        /**
         * The channel on which PostgreSQL tells of each write, in its transaction, for a {@link PostgresSubscriber}.
         *
         * @throws IllegalArgumentException if it is not made of ASCII letters, digits and underlines
         */
        public Builder<T> notifyChannel(String notifyChannel) {
            this.channel = Tables.channel("notifyChannel", notifyChannel);
            return this;
        }

        /** Where a first epoch comes from. */
        public Builder<T> clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        Duration pollInterval() {
            if (pollInterval != null) {
                return pollInterval;
            }
            return subscriber == null ? POLL_INTERVAL : SLOW_POLL_INTERVAL;
        }

        /**
         * The authority. Nothing is connected to yet.
         *
         * @param initial makes the first state; called on the executor when the topic is found to have none, and perhaps
         *     without effect, since another process may be first
         */
        public JdbcAuthority<T> build(Supplier<? extends T> initial) {
            return new JdbcAuthority<>(this, Objects.requireNonNull(initial, "initial"));
        }
    }
}
