package io.statesync.jms;

import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.TimeSource;
import io.statesync.internal.Failures;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreEvent;
import io.statesync.source.StoreRegistry;
import io.statesync.source.internal.Catalog;
import io.statesync.source.internal.Served;
import io.statesync.source.internal.SharedRead;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sources that are published or asked, and what was read of them last: each version is encoded once, and many who ask at
 * once share a reading.
 *
 * <p>Safe for use from any thread.
 */
final class Sources implements AutoCloseable {
    private final Catalog catalog;
    private final Duration timeout;
    private final TimeSource time;
    private final Executor executor;
    private final Map<String, Topic> topics = new ConcurrentHashMap<>();
    private final List<Subscription> registries = new ArrayList<>();

    /**
     * Sources; nothing is read yet.
     *
     * @param executor what asks sources that are not in memory, which may block
     */
    Sources(Catalog catalog, Duration timeout, TimeSource time, Executor executor) {
        this.catalog = catalog;
        this.timeout = timeout;
        this.time = time;
        this.executor = executor;
    }

    /** Hears from now on what happens to stores. Called once. */
    void subscribe(Consumer<StoreEvent> happened) {
        for (StoreRegistry registry : catalog.registries()) {
            registries.add(registry.subscribe(event -> {
                if (event.kind() == StoreEvent.Kind.REMOVED) {
                    catalog.forget(event.topic());
                    topics.remove(event.topic());
                }
                happened.accept(event);
            }));
        }
    }

    Catalog catalog() {
        return catalog;
    }

    /** All topics that are there and have a codec. */
    List<String> all() {
        List<String> all = new ArrayList<>();
        catalog.authorities().forEach(each -> all.add(each.authority().topic()));
        catalog.registries().forEach(registry -> all.addAll(registry.topics()));
        all.removeIf(topic -> !TopicNames.isWellFormed(topic));
        return all;
    }

    /** What a topic is served as; null if there is none. */
    @Nullable
    Served<?> find(String topic) {
        return catalog.find(topic);
    }

    /** The state as its source has it now; null if there is no such topic. */
    CompletableFuture<@Nullable Encoded> read(String topic) {
        Served<?> served;
        try {
            served = catalog.find(topic);
        } catch (RuntimeException e) { // no codec
            return CompletableFuture.failedFuture(e);
        }
        if (served == null) {
            return CompletableFuture.completedFuture(null);
        }
        Topic known = topics.computeIfAbsent(topic, name -> new Topic(name, served));
        if (!catalog.exists(topic)) {
            topics.remove(topic); // it went meanwhile
        }
        return known.read(served).thenApply(encoded -> encoded);
    }

    /** One topic. */
    private final class Topic {
        private final String name;
        private final SharedRead<Encoded> reads;
        private final AtomicBoolean asking = new AtomicBoolean();
        private volatile @Nullable Encoded newest;

        Topic(String name, Served<?> served) {
            this.name = name;
            this.reads = new SharedRead<>(() -> begin(served), timeout, time, executor);
        }

        CompletableFuture<Encoded> read(Served<?> served) {
            return served.authority() instanceof RevisionedStore<?> store
                    ? CompletableFuture.completedFuture(keep(served, store.current()))
                    : reads.read();
        }

        private Encoded keep(Served<?> served, SnapshotEnvelope<?> snapshot) {
            Encoded known = newest;
            StateVersion version = snapshot.version(null);
            if (known != null && known.version().equals(version)) {
                return known;
            }
            Encoded made = Encoded.of(served, snapshot);
            newest = made;
            return made;
        }

        /** On the executor: one that blocks would hold up all topics, or a session of the broker's. */
        private CompletionStage<Encoded> begin(Served<?> served) {
            CompletableFuture<Encoded> read = new CompletableFuture<>();
            if (!asking.compareAndSet(false, true)) { // another would block as well, and hold one more thread
                read.completeExceptionally(new IllegalStateException(
                        "the source has not come back from being asked before: topic " + Texts.quote(name)));
                return read;
            }
            executor.execute(() -> {
                CompletionStage<Encoded> answer;
                try {
                    answer = ask(served);
                } finally {
                    asking.set(false);
                }
                var unused = answer.whenComplete((encoded, error) -> {
                    if (error != null) {
                        read.completeExceptionally(Failures.unwrapped(error));
                    } else {
                        read.complete(encoded);
                    }
                });
            });
            return read;
        }

        private <T extends @Nullable Object> CompletionStage<Encoded> ask(Served<T> served) {
            Encoded known = newest;
            StateVersion held = known == null ? null : known.version();
            try {
                return served.authority()
                        .provider()
                        .getSnapshot(new Pull(name, held, timeout))
                        .thenApply(answer -> answered(served, answer, known));
            } catch (Throwable t) { // a source of the user's
                return CompletableFuture.failedFuture(t);
            }
        }

        private Encoded answered(Served<?> served, @Nullable PullResult<?> answer, @Nullable Encoded known) {
            if (answer instanceof SnapshotEnvelope<?> snapshot) {
                return keep(served, snapshot);
            }
            if (answer == null || known == null) {
                throw new IllegalStateException("the source gave no snapshot: topic " + Texts.quote(name));
            }
            return known;
        }
    }

    /** A pull that asks whether there is something newer. */
    private record Pull(String topic, @Nullable StateVersion heldVersion, Duration timeout) implements PullRequest {
        @Override
        public @Nullable StateVersion wantedVersion() {
            return null;
        }

        @Override
        public int attempt() {
            return 1;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void onCancel(Runnable action) {}
    }

    @Override
    public void close() {
        for (Subscription subscription : registries) {
            Quietly.run(() -> {
                try {
                    subscription.close();
                } catch (Exception e) { // it is a registry's
                    JmsConnection.LOG.warn("a subscription was not closed cleanly", e);
                }
            });
        }
    }
}
