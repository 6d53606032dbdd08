package io.statesync.source;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateValidator;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.WriteResult;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Texts;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stores by topic: one for each, shared by all who ask for it, with one subscription and one log of events for all.
 *
 * <p>{@code registry.store("counter", () -> 0)} is the store of topic {@code counter}, at revision 1 if it is new. A view
 * {@link #under} a prefix is a registry too: a room of its own. Safe for use from any thread.
 */
public final class StoreRegistry {
    private final Builder options;
    private final Stores stores;
    private final String prefix;

    private StoreRegistry(Builder options, Stores stores, String prefix) {
        this.options = options;
        this.stores = stores;
        this.prefix = prefix;
    }

    /** An empty registry with the defaults of the builder. */
    public static StoreRegistry create() {
        return builder().build();
    }

    /** A builder of a registry. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The store of a topic. It is made if there is none, and whoever asks meanwhile waits for it.
     *
     * @param initial makes the first value of a new store; called at most once, with no lock held, and without effect if the
     *     topic's journal holds a value. It may ask for stores of other topics
     * @param <T> the type of the state: all who share a topic name the same, which nothing checks
     * @throws IllegalArgumentException if the topic is null or blank
     * @throws IllegalStateException if {@code initial} depends on this very store, directly or through another thread
     * @throws JournalException if the journal cannot be read or written
     */
    public <T extends @Nullable Object> RevisionedStore<T> store(String topic, Supplier<? extends T> initial) {
        return store(topic, initial, options.validator(prefix + Checks.notBlank("topic", topic)));
    }

    /**
     * The store of a topic, as {@link #store(String, Supplier)} gives it.
     *
     * @param validator decides which values a new store takes, in place of the registry's; without effect if there is one
     *     already
     */
    @SuppressWarnings("unchecked") // all who share a topic name the same type
    public <T extends @Nullable Object> RevisionedStore<T> store(
            String topic, Supplier<? extends T> initial, StateValidator<? super T> validator) {
        Objects.requireNonNull(initial, "initial");
        Objects.requireNonNull(validator, "validator");
        String full = prefix + Checks.notBlank("topic", topic);
        return (RevisionedStore<T>) stores.get(
                full, recorder -> options.open(full, Proposal.of(null, initial.get()), validator, recorder));
    }

    /**
     * Proposes a state to the store of a topic, as {@link RevisionedStore#propose} does; if there is none it is made, with
     * that state at its first version, when the proposal's base is null or at revision 0, and the registry's validator for
     * the topic takes it. A store whose state its journal has kept is opened, and decides. Another base is rejected: there is
     * nothing that the state could have been made from.
     *
     * @param <T> the type of the state: all who share a topic name the same, which nothing checks
     * @throws IllegalArgumentException if the topic is null or blank
     */
    @SuppressWarnings("unchecked") // all who share a topic name the same type
    public <T extends @Nullable Object> CompletionStage<WriteResult<T>> propose(String topic, Proposal<T> proposal) {
        String full = prefix + Checks.notBlank("topic", topic);
        Objects.requireNonNull(proposal, "proposal");
        RevisionedStore<T> there = (RevisionedStore<T>) stores.find(full);
        if (there != null) {
            return there.propose(proposal).thenCompose(result -> again(topic, proposal, there, result));
        }
        return onJournals(() -> {
            return isFirst(proposal) || options.hasKept(full)
                    ? openWith(full, proposal)
                    : CompletableFuture.completedFuture(
                            new WriteResult.Rejected<>("there is no store of topic " + Texts.quote(full)));
        });
    }

    /** Whether it was made from nothing, or from whatever there is. */
    private static boolean isFirst(Proposal<?> proposal) {
        StateVersion base = proposal.base();
        return base == null || base.revision().equals(Revision.ZERO);
    }

    private <R extends @Nullable Object> CompletableFuture<R> onJournals(Supplier<? extends CompletionStage<R>> task) {
        try {
            return CompletableFuture.supplyAsync(task, options.journalExecutor).thenCompose(Function.identity());
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new NotSentException("the journals' executor refused", e));
        }
    }

    /**
     * The store of a topic, which is opened if its journal has kept its state; null if there is none.
     *
     * @return fails with a {@link JournalException} if the journal cannot be read, and with a {@link NotSentException} if the
     *     journals' executor refused
     */
    public CompletionStage<@Nullable RevisionedStore<?>> findKept(String topic) {
        String full = prefix + topic;
        RevisionedStore<?> there = stores.find(full);
        if (there != null) {
            return CompletableFuture.completedFuture(there);
        }
        return onJournals(
                () -> CompletableFuture.completedFuture(options.hasKept(full) ? store(topic, () -> null) : null));
    }

    /** A store that was closed before it could decide is none any more. */
    private <T extends @Nullable Object> CompletionStage<WriteResult<T>> again(
            String topic, Proposal<T> proposal, RevisionedStore<T> asked, WriteResult<T> result) {
        boolean removed = result instanceof WriteResult.Rejected<T> && asked.isClosed();
        return removed ? propose(topic, proposal) : CompletableFuture.completedFuture(result);
    }

    @SuppressWarnings("unchecked") // all who share a topic name the same type
    private <T extends @Nullable Object> CompletionStage<WriteResult<T>> openWith(String full, Proposal<T> proposal) {
        AtomicReference<@Nullable StateVersion> first = new AtomicReference<>();
        RevisionedStore<T> store;
        StateValidator<T> validator = options.validator(full);
        Throwable invalid = new Validation<>(validator).failure(proposal.value());
        if (invalid != null && isFirst(proposal) && stores.find(full) == null) {
            return CompletableFuture.completedFuture(new WriteResult.Rejected<>(Texts.reason(invalid)));
        }
        try {
            store = (RevisionedStore<T>) stores.get(full, recorder -> {
                RevisionedStore<T> made = options.open(full, proposal, validator, recorder);
                first.set(made.beganWithFirst() ? made.version() : null);
                return made;
            });
        } catch (JournalException e) {
            return CompletableFuture.completedFuture(new WriteResult.Unknown<>(e));
        }
        StateVersion mine = first.get();
        return mine == null
                ? store.propose(proposal)
                : CompletableFuture.completedFuture(new WriteResult.Accepted<>(mine));
    }

    /** The store of a topic; null if there is none. */
    public @Nullable RevisionedStore<?> find(String topic) {
        return stores.find(prefix + topic);
    }

    /** The topics that have a store, in their order. */
    public List<String> topics() {
        List<String> topics = new ArrayList<>();
        stores.each(prefix, (topic, store) -> topics.add(topic));
        return Collections.unmodifiableList(topics);
    }

    /**
     * Closes the store of a topic and forgets it; closing the store does the same. A later store of the topic never uses a
     * version again. A journal keeps what it holds: a later store goes on from there.
     *
     * @return whether there was one
     */
    public boolean remove(String topic) {
        return stores.remove(prefix + topic);
    }

    /** The states of all stores, with the id of an event to go on from. */
    public RegistrySnapshot snapshot() {
        long lastId = stores.ring.lastId(); // first, so that no event after it is missed
        Map<String, SnapshotEnvelope<?>> states = new TreeMap<>();
        stores.each(prefix, (topic, store) -> states.put(topic, store.current()));
        return new RegistrySnapshot(lastId, Collections.unmodifiableMap(states));
    }

    /**
     * Has a listener called for what happens from now on, until the subscription is closed. Each listener is served by
     * itself; one that is slow or throws holds up neither writers nor others, and costs at most one waiting event for each
     * topic. It may write, subscribe and unsubscribe.
     */
    public Subscription subscribe(StoreListener listener) {
        return stores.listeners.add(prefix, Objects.requireNonNull(listener, "listener"));
    }

    /** The recent events. */
    public EventLog events() {
        return new EventLog(stores.ring, prefix);
    }

    /**
     * A view of the topics that begin with a prefix, by the rest of their names: in {@code under("room/")}, topic
     * {@code counter} is {@code room/counter} here. Stores, events and ids are shared; a {@link RevisionedStore} names its
     * whole topic. Views nest. Rooms are kept apart by prefixes of which none begins with another, such as ones that end
     * with a separator which names do not contain.
     *
     * @throws IllegalArgumentException if the prefix is null or blank
     */
    public StoreRegistry under(String prefix) {
        return new StoreRegistry(options, stores, this.prefix + Checks.notBlank("prefix", prefix));
    }

    @Override
    public String toString() {
        return "StoreRegistry[" + (prefix.isEmpty() ? "" : "under=" + prefix + ", ") + "stores=" + topics().size()
                + "]";
    }

    /**
     * The options of a {@link StoreRegistry}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>logSize</td><td>1,024</td></tr>
     * <tr><td>proposalWindow</td><td>1,024</td></tr>
     * <tr><td>validators</td><td>every value is valid</td></tr>
     * <tr><td>journals</td><td>none</td></tr>
     * <tr><td>deliverOn</td><td>a pool of daemon threads that everything shares, whose idle threads end</td></tr>
     * <tr><td>clock</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private static final StateValidator<@Nullable Object> ANY = value -> {};
        private static final int IDS_PER_MS_BITS = 10;

        /** In the year 2240; ids stay below 2^53, with room for 2^48 of them. */
        private static final long LAST_BASE_MS = (1L << 43) - (1L << 38);

        private int logSize = 1024;
        private int proposalWindow = 1024;
        private Function<? super String, ? extends @Nullable StateJournal<?>> journals = topic -> null;
        private Function<? super String, ? extends StateValidator<?>> validators = topic -> ANY;
        private Executor journalExecutor = Runnable::run;
        private Executor deliverOn = DefaultExecutor.SHARED;
        private InstantSource clock = InstantSource.system();

        private Builder() {}

        private Builder(Builder from) {
            logSize = from.logSize;
            proposalWindow = from.proposalWindow;
            validators = from.validators;
            journals = from.journals;
            journalExecutor = from.journalExecutor;
            deliverOn = from.deliverOn;
            clock = from.clock;
        }

        /** How many events the log keeps, with their states. */
        public Builder logSize(int logSize) {
            this.logSize = Checks.notNegative("logSize", logSize);
            return this;
        }

        /** As {@link RevisionedStore.Builder#proposalWindow}, of each store. */
        public Builder proposalWindow(int proposalWindow) {
            this.proposalWindow = Checks.notNegative("proposalWindow", proposalWindow);
            return this;
        }

        /**
         * What decides which values a new store takes, also one that a client makes, if its maker does not say.
         *
         * @param validators the validator of a topic, asked for when its store is made
         */
        public Builder validators(Function<? super String, ? extends StateValidator<?>> validators) {
            this.validators = Objects.requireNonNull(validators, "validators");
            return this;
        }

        @SuppressWarnings("unchecked") // who names the validator of a topic names that of its type
        private <T extends @Nullable Object> StateValidator<T> validator(String topic) {
            return (StateValidator<T>) Objects.requireNonNull(validators.apply(topic), "a validator of validators");
        }

        /**
         * Where stores keep state and count.
         *
         * @param journals the journal of a topic, asked for when its store is made; null for a topic that has none
         * @param executor what commits proposals, which may block
         */
        public Builder journals(
                Function<? super String, ? extends @Nullable StateJournal<?>> journals, Executor executor) {
            this.journals = Objects.requireNonNull(journals, "journals");
            this.journalExecutor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** What subscribers and listeners are called on. With a direct executor they hold up the writer. */
        public Builder deliverOn(Executor executor) {
            this.deliverOn = Objects.requireNonNull(executor, "deliverOn");
            return this;
        }

        /** Where epochs, the first event id and the times of events come from. */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /** The registry, empty. */
        public StoreRegistry build() {
            long base = Math.min(Epochs.next("", clock), LAST_BASE_MS) << IDS_PER_MS_BITS;
            return new StoreRegistry(new Builder(this), new Stores(clock, new EventRing(logSize, base), deliverOn), "");
        }

        /** Whether a journal has a state of a topic; also if it cannot tell, so that opening the store tells why. */
        private boolean hasKept(String topic) {
            StateJournal<?> journal = journals.apply(topic);
            try {
                return journal != null && journal.load() != null;
            } catch (Exception e) {
                return true;
            }
        }

        @SuppressWarnings("unchecked") // all who share a topic name the same type
        private <T extends @Nullable Object> RevisionedStore<T> open(
                String topic, Proposal<T> first, StateValidator<? super T> validator, Recorder recorder) {
            RevisionedStore.Builder<T> store = RevisionedStore.<T>builder(topic)
                    .validator(validator)
                    .proposalWindow(proposalWindow)
                    .deliverOn(deliverOn)
                    .clock(clock)
                    .registry(recorder);
            StateJournal<?> journal = journals.apply(topic);
            if (journal != null) {
                store.journal((StateJournal<T>) journal, journalExecutor);
            }
            return store.open(first);
        }
    }
}
