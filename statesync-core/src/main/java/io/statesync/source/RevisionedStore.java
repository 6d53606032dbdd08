package io.statesync.source;

import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateValidator;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.source.internal.Feeds;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An authority in memory: a value, its version, and who hears that it moved.
 *
 * <p>Any number of threads may write: each write that is taken is one revision, and none is lost. Reading takes no lock.
 * An event is sent only after a pull would see its revision. Subscribers are called on the delivery executor, each by
 * itself and with the newest event only, so one that is slow, throws, or writes again holds up neither the writer nor the
 * others; they may subscribe, unsubscribe and write. A store has no thread and need not be closed.
 *
 * <p>Revisions count from 1. Without a journal the epoch is the clock's milliseconds when the store was made, later than
 * that of any other store of this JVM: to replicas a restarted source is newer than all that they saw of the one before
 * (contract X1). With a {@link StateJournal} the count begins in epoch 0 and goes on after a restart.
 *
 * @param <T> the type of the state; immutable, since everybody gets the same object
 */
public final class RevisionedStore<T extends @Nullable Object> implements Authority<T>, AutoCloseable {
    private final String topic;
    private final Validation<T> validation;
    private final @Nullable Executor journalExecutor;
    private final Recorder recorder;
    private final Ledger<T> ledger;
    private final Feeds feeds;
    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean closed; // written while writing is held

    private RevisionedStore(Builder<T> b, Proposal<T> first) {
        topic = b.topic;
        validation = new Validation<>(b.validator);
        journalExecutor = b.journalExecutor;
        recorder = b.recorder;
        ledger = new Ledger<>(topic, b.journal, b.clock, b.proposalWindow, b.firstEpoch(), first);
        feeds = new Feeds(() -> ledger.stored().event(), b.deliverOn);
    }

    /**
     * A builder of a store.
     *
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(String topic) {
        return new Builder<>(topic);
    }

    /** A store with a value at revision 1 and the defaults of the builder. */
    public static <T extends @Nullable Object> RevisionedStore<T> of(String topic, T initial) {
        return RevisionedStore.<T>builder(topic).open(() -> initial);
    }

    @Override
    public String topic() {
        return topic;
    }

    /** The current value. */
    public T get() {
        return ledger.stored().snapshot().data();
    }

    /** The current version. */
    public StateVersion version() {
        return ledger.stored().version();
    }

    /** The current value with its version, at once. */
    public SnapshotEnvelope<T> current() {
        return ledger.stored().snapshot();
    }

    /** {@link #current()}, as an authority gives it. */
    @Override
    public CompletionStage<SnapshotEnvelope<T>> snapshot() {
        return CompletableFuture.completedFuture(current());
    }

    /**
     * Replaces the value, whatever it is.
     *
     * @return the version of the new value
     * @throws WriteRejectedException if the validator refuses the value
     * @throws JournalException if it is not known whether the journal stored the value
     * @throws IllegalStateException if the store is closed
     */
    public StateVersion set(T value) {
        validation.check(value);
        return write(ignored -> value, false);
    }

    /**
     * Replaces the value by one that is made from it. No other write comes between.
     *
     * @param change makes the new value. It is called once, with the store's write lock held: it should be quick, and must
     *     not wait for another thread that writes to this store
     * @return the version of the new value
     * @throws WriteRejectedException if the validator refuses the new value
     * @throws JournalException if it is not known whether the journal stored the value
     * @throws IllegalStateException if the store is closed, or {@code change} writes to it
     */
    public StateVersion update(UnaryOperator<T> change) {
        return write(Objects.requireNonNull(change, "change"), true);
    }

    private StateVersion write(UnaryOperator<T> change, boolean validate) {
        Stored<T> before = lock();
        try {
            if (closed) {
                throw closedFailure();
            }
            ledger.resolve();
            T next = change.apply(ledger.stored().snapshot().data());
            if (validate) {
                validation.check(next);
            }
            ledger.write(next, null, null);
            return ledger.stored().version();
        } finally {
            unlock(before);
        }
    }

    /**
     * Asks for a write, as {@link Authority#propose} says. Answers at once, on the caller's thread; with a journal, when its
     * executor has committed it.
     *
     * @throws IllegalStateException if it is called from inside {@link #update}'s function
     */
    @Override
    public CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        Objects.requireNonNull(proposal, "proposal");
        if (journalExecutor == null) {
            return CompletableFuture.completedFuture(answer(proposal));
        }
        try {
            return CompletableFuture.supplyAsync(() -> answer(proposal), journalExecutor);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new NotSentException("the journal's executor refused", e));
        }
    }

    private WriteResult<T> answer(Proposal<T> proposal) {
        Throwable invalid = validation.failure(proposal.value());
        Stored<T> before = lock();
        try {
            return ledger.decide(proposal, invalid, closed);
        } finally {
            unlock(before);
        }
    }

    private Stored<T> lock() {
        if (writing.isHeldByCurrentThread()) {
            throw new IllegalStateException("written to from inside its own update: store " + topic);
        }
        writing.lock();
        return ledger.stored();
    }

    private void unlock(Stored<T> before) {
        Stored<T> after = ledger.stored();
        boolean moved = after != before;
        try {
            if (moved) {
                recorder.written(before.version(), after);
            }
        } finally {
            writing.unlock();
        }
        if (moved) {
            feeds.announce();
            recorder.announce();
        }
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> CompletableFuture.completedFuture(feeds.add(handler));
    }

    @Override
    public SnapshotProvider<T> provider() {
        return this::pull;
    }

    private CompletionStage<? extends PullResult<T>> pull(PullRequest request) {
        if (closed) {
            throw closedFailure();
        }
        return CompletableFuture.completedFuture(ledger.stored().answer(request));
    }

    /**
     * Ends the store: subscribers hear that they are disconnected, later pulls, subscriptions and writes fail, and
     * proposals are rejected. The value can still be read. Idempotent.
     *
     * @throws IllegalStateException if it is called from inside {@link #update}'s function
     */
    @Override
    public void close() {
        end();
    }

    /** Closes, and says whether it was open. */
    boolean end() {
        Stored<T> last = lock();
        boolean first = !closed;
        try {
            closed = true;
            if (first) {
                record(last.version());
            }
        } finally {
            writing.unlock();
        }
        if (first) {
            feeds.disconnect();
            recorder.announce();
        }
        return first;
    }

    private void record(StateVersion last) {
        try {
            recorder.removed(last);
        } catch (Throwable t) { // a broken clock: nothing has happened
            closed = false;
            throw t;
        }
    }

    /** Whether the store was closed; if so, that has been recorded when this returns. */
    boolean isRecordedClosed() {
        if (!closed) {
            return false;
        }
        writing.lock();
        try {
            return closed;
        } finally {
            writing.unlock();
        }
    }

    /** Publishes a new store and records its first version, before anybody can write. */
    void begin(Runnable publish) {
        writing.lock();
        try {
            publish.run();
            recorder.written(null, ledger.stored());
        } finally {
            writing.unlock();
        }
        recorder.announce();
    }

    /** Whether the first value was what it was opened with, and not what its journal held. */
    boolean beganWithFirst() {
        return ledger.beganWithFirst();
    }

    /** Whether the store was closed. */
    public boolean isClosed() {
        return closed;
    }

    private IllegalStateException closedFailure() {
        return new IllegalStateException("the store is closed: " + topic);
    }

    /** Names topic and version, never the value. */
    @Override
    public String toString() {
        return "RevisionedStore[topic=" + topic + ", version=" + version() + (closed ? ", closed]" : "]");
    }

    /**
     * The options of a {@link RevisionedStore}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>validator</td><td>every value is valid</td></tr>
     * <tr><td>journal</td><td>none</td></tr>
     * <tr><td>proposalWindow</td><td>1,024</td></tr>
     * <tr><td>epoch</td><td>the clock's milliseconds; 0 with a journal</td></tr>
     * <tr><td>deliverOn</td><td>a pool of daemon threads that everything shares, whose idle threads end</td></tr>
     * <tr><td>clock</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final String topic;
        private StateValidator<? super T> validator = value -> {};
        private @Nullable StateJournal<T> journal;
        private @Nullable Executor journalExecutor;
        private int proposalWindow = 1024;
        private @Nullable Revision epoch;
        private Executor deliverOn = DefaultExecutor.SHARED;
        private InstantSource clock = InstantSource.system();
        private Recorder recorder = Recorder.NONE;

        private Builder(String topic) {
            this.topic = Checks.notBlank("topic", topic);
        }

        /**
         * Decides which values are taken. Called on the writer's thread, for {@code update} with the write lock held; the
         * initial value and one from the journal are not asked about.
         */
        public Builder<T> validator(StateValidator<? super T> validator) {
            this.validator = Objects.requireNonNull(validator, "validator");
            return this;
        }

        /**
         * Where state and count are kept.
         *
         * @param executor what commits proposals, which may block. {@code set} and {@code update} commit on their caller's
         *     thread
         */
        public Builder<T> journal(StateJournal<T> journal, Executor executor) {
            this.journal = Objects.requireNonNull(journal, "journal");
            this.journalExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * How many recent proposals are remembered with their answers, so that one that is asked again is not written again;
         * 0 for none.
         */
        public Builder<T> proposalWindow(int proposalWindow) {
            this.proposalWindow = Checks.notNegative("proposalWindow", proposalWindow);
            return this;
        }

        /**
         * The epoch that the count begins in, for a source that knows that it has never counted in it before. Has no effect
         * where a journal holds another.
         */
        public Builder<T> epoch(Revision epoch) {
            this.epoch = Objects.requireNonNull(epoch, "epoch");
            return this;
        }

        /** What subscribers are called on. With a direct executor they hold up the writer. */
        public Builder<T> deliverOn(Executor executor) {
            this.deliverOn = Objects.requireNonNull(executor, "deliverOn");
            return this;
        }

        /** Where epochs and the times of events come from. */
        public Builder<T> clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        Builder<T> registry(Recorder recorder) {
            this.recorder = recorder;
            return this;
        }

        private Revision firstEpoch() {
            if (epoch != null) {
                return epoch;
            }
            return journal != null ? Revision.ZERO : Revision.ofUnsigned(Epochs.next(topic, clock));
        }

        /**
         * The store, at what its journal holds, else with the initial value at revision 1.
         *
         * @param initial makes the first value; called at once, and without effect if the journal holds one
         * @throws JournalException if the journal cannot be read or written
         */
        public RevisionedStore<T> open(Supplier<? extends T> initial) {
            return open(Proposal.of(null, initial.get()));
        }

        /** The store, at what its journal holds, else at what is proposed. */
        RevisionedStore<T> open(Proposal<T> first) {
            return new RevisionedStore<>(this, first);
        }
    }
}
