package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.Backoff;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.StateProposer;
import io.statesync.WriteResult;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.Observation;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.StateReplica;
import io.statesync.replica.WriteQueue;
import io.statesync.source.RevisionedStore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Replicas on real threads and the default executor. */
@Timeout(120)
class ReplicaThreadsTest {
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final RevisionedStore<Long> store = RevisionedStore.of("sum", 0L);
    private final Queue<CompletableFuture<WriteResult<Long>>> outcomes = new ConcurrentLinkedQueue<>();

    private ReplicaBuilder<Long> builder() {
        return StateReplica.<Long>builder("sum")
                .source(store)
                .maxConflicts(100_000)
                .maxPending(1_000_000)
                .conflictBackoff(Backoff.exponential(Duration.ofMillis(1), 2, Duration.ofMillis(20)))
                .sendBackoff(Backoff.exponential(Duration.ofMillis(1), 2, Duration.ofMillis(20)));
    }

    private static <T> StateReplica<T> started(ReplicaBuilder<T> builder) throws Exception {
        StateReplica<T> replica = builder.build();
        replica.start().get(30, TimeUnit.SECONDS);
        return replica;
    }

    /** Has each thread do something, all at once; waits for them. */
    private static void inParallel(int threads, IntConsumer task) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Future<?>> running = new ArrayList<>();
        var pool = Executors.newFixedThreadPool(threads);
        try {
            for (int i = 0; i < threads; i++) {
                int index = i;
                running.add(pool.submit(() -> {
                    start.await();
                    task.accept(index);
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> one : running) {
                one.get(60, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private void allEnd() throws Exception {
        CompletableFuture<?>[] all = outcomes.stream()
                .map(outcome -> outcome.handle((result, error) -> null))
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(all).get(30, TimeUnit.SECONDS);
    }

    private long accepted() {
        return outcomes.stream()
                .filter(outcome ->
                        !outcome.isCompletedExceptionally() && outcome.join().isAccepted())
                .count();
    }

    @Test
    void manyWritersOfOneReplicaAddUpExactly() throws Exception {
        try (StateReplica<Long> replica = started(builder())) {
            inParallel(4, thread -> {
                for (int n = 0; n < 1000; n++) {
                    outcomes.add(replica.update(sum -> sum + 1));
                }
            });
            replica.flush().get(30, TimeUnit.SECONDS);
            allEnd();
            assertThat(accepted()).isEqualTo(4000);
            assertThat(store.get()).isEqualTo(4000);
            assertThat(replica.get()).isEqualTo(4000);
            assertThat(replica.meta().dirty()).isFalse();
        }
    }

    @Test
    void manyReplicasOfOneStoreAddUpExactly() throws Exception {
        List<StateReplica<Long>> replicas = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            replicas.add(started(i == 3 ? builder().confirmed() : builder()));
        }
        inParallel(4, thread -> {
            for (int n = 0; n < 500; n++) {
                outcomes.add(replicas.get(thread).update(sum -> sum + 1));
                if (n % 50 == 0) {
                    store.update(sum -> sum + 1);
                }
            }
        });
        allEnd();
        assertThat(accepted()).isEqualTo(2000);
        assertThat(store.get()).isEqualTo(2040);
        await().atMost(BOUND).until(() -> replicas.stream().allMatch(replica -> replica.get() == 2040));
        replicas.forEach(StateReplica::close);
    }

    @Test
    void overALinkThatLosesMuchEachUpdateIsWrittenOnce() throws Exception {
        List<StateReplica<Long>> replicas = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            replicas.add(started(builder().source(store, new Lossy(store))));
        }
        inParallel(3, thread -> {
            for (int n = 0; n < 200; n++) {
                outcomes.add(replicas.get(thread).update(sum -> sum + 1));
            }
        });
        allEnd();
        assertThat(accepted()).isEqualTo(600);
        assertThat(store.get()).isEqualTo(600);
        await().atMost(BOUND).until(() -> replicas.stream().allMatch(replica -> replica.get() == 600));
        replicas.forEach(StateReplica::close);
    }

    /** Loses proposals and answers, or answers on another thread. */
    private record Lossy(RevisionedStore<Long> store) implements StateProposer<Long> {
        @Override
        public CompletionStage<WriteResult<Long>> propose(Proposal<Long> proposal) throws Exception {
            return switch (ThreadLocalRandom.current().nextInt(5)) {
                case 0 -> throw new NotSentException("not sent", null);
                case 1 -> CompletableFuture.failedFuture(new IOException("lost"));
                case 2 -> store.propose(proposal).thenApply(answer -> new WriteResult.Unknown<>(null));
                case 3 -> CompletableFuture.supplyAsync(() -> proposal).thenCompose(store::propose);
                default -> store.propose(proposal);
            };
        }
    }

    @Test
    void setsAndUpdatesOfManyEndAndAllReplicasAgree() throws Exception {
        List<StateReplica<Long>> replicas = new ArrayList<>();
        List<ConflictPolicy<Long>> policies =
                List.of(ConflictPolicy.serverWins(), ConflictPolicy.localWins(), ConflictPolicy.merge(Long::max));
        for (ConflictPolicy<Long> policy : policies) {
            replicas.add(started(builder().conflicts(policy)));
        }
        inParallel(6, thread -> {
            StateReplica<Long> replica = replicas.get(thread % 3);
            for (int n = 0; n < 200; n++) {
                long value = n;
                outcomes.add(n % 3 == 0 ? replica.set(value) : replica.update(sum -> sum + value));
            }
        });
        allEnd();
        assertThat(outcomes).noneMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(outcomes).noneMatch(outcome -> outcome.join() instanceof WriteResult.Unknown);
        await().atMost(BOUND)
                .until(() -> replicas.stream().allMatch(replica -> replica.get().equals(store.get())));
        replicas.forEach(StateReplica::close);
    }

    @Test
    void closingWhileOthersWriteLeavesNoFutureOpenAndNoAcceptedWriteLost() throws Exception {
        for (int round = 0; round < 50; round++) {
            StateReplica<Long> replica = started(builder().source(store, new Lossy(store)));
            AtomicLong written = new AtomicLong();
            inParallel(4, thread -> {
                if (thread == 0) {
                    while (written.get() < 20) {
                        Thread.onSpinWait();
                    }
                    replica.close();
                    return;
                }
                for (int n = 0; n < 30; n++) {
                    outcomes.add(replica.update(sum -> sum + 1));
                    written.incrementAndGet();
                }
            });
            allEnd();
            long unknown = outcomes.stream()
                    .filter(outcome ->
                            !outcome.isCompletedExceptionally() && outcome.join() instanceof WriteResult.Unknown)
                    .count();
            assertThat(outcomes).hasSize(90 * (round + 1));
            assertThat(store.get()).isBetween(accepted(), accepted() + unknown);
        }
    }

    @Test
    void anObserverEndsAtTheLastValueAndIsNeverCalledTwiceAtATime() throws Exception {
        try (StateReplica<Long> replica = started(builder())) {
            AtomicLong inside = new AtomicLong();
            AtomicLong overlaps = new AtomicLong();
            AtomicLong last = new AtomicLong(-1);
            Observation observation = replica.observe(value -> {
                if (inside.incrementAndGet() != 1) {
                    overlaps.incrementAndGet();
                }
                last.set(value);
                inside.decrementAndGet();
            });
            inParallel(3, thread -> {
                for (int n = 0; n < 1000; n++) {
                    outcomes.add(replica.update(sum -> sum + 1));
                }
            });
            allEnd();
            await().atMost(BOUND).until(() -> last.get() == 3000);
            observation.close();
            assertThat(overlaps).hasValue(0);
        }
    }

    @Test
    void nobodySeesAnUpdateTwiceOrGoingBackWhileNobodyElseWrites() throws Exception {
        try (StateReplica<Long> replica = started(builder())) {
            AtomicLong wrong = new AtomicLong();
            inParallel(2, thread -> {
                long seen = 0;
                for (int n = 0; n < 2000; n++) {
                    if (thread == 0) {
                        outcomes.add(replica.update(sum -> sum + 1));
                    }
                    long now = replica.get();
                    if (now < seen || (thread == 0 && now != n + 1)) {
                        wrong.incrementAndGet();
                    }
                    seen = now;
                }
            });
            allEnd();
            assertThat(wrong).hasValue(0);
            assertThat(store.get()).isEqualTo(2000);
        }
    }

    @Test
    void aQueueIsNeverSavedTwiceAtATimeAndEndsEmpty() throws Exception {
        CountingQueue queue = new CountingQueue();
        try (StateReplica<Long> replica = started(builder()
                .source(store, new Lossy(store))
                .queue(queue)
                .reducer(Long.class, (Long sum, Long more) -> sum + more))) {
            inParallel(3, thread -> {
                for (int n = 0; n < 200; n++) {
                    outcomes.add(replica.dispatch(1L));
                }
            });
            allEnd();
            assertThat(store.get()).isEqualTo(600);
            await().atMost(BOUND).until(() -> queue.kept.isEmpty());
            assertThat(queue.overlaps).hasValue(0);
        }
    }

    private static final class CountingQueue implements WriteQueue<Long> {
        final AtomicLong inside = new AtomicLong();
        final AtomicLong overlaps = new AtomicLong();
        volatile List<QueuedWrite<Long>> kept = List.of();

        @Override
        public List<QueuedWrite<Long>> load() {
            return kept;
        }

        @Override
        public void save(List<QueuedWrite<Long>> writes) {
            if (inside.incrementAndGet() != 1) {
                overlaps.incrementAndGet();
            }
            kept = List.copyOf(writes);
            inside.decrementAndGet();
        }
    }
}
