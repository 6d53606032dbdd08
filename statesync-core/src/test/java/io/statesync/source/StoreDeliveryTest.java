package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import io.statesync.InvalidationEvent;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who subscribed hears of the newest event, and holds up nobody. */
@Timeout(120)
class StoreDeliveryTest {

    private static RevisionedStore<Integer> store(Executor deliverOn) {
        return RevisionedStore.<Integer>builder("count").deliverOn(deliverOn).open(() -> 1);
    }

    private static Subscription subscribe(RevisionedStore<?> store, RecordingHandler handler) {
        try {
            return store.subscriber().subscribe(handler).toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void close(Subscription subscription) {
        try {
            subscription.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitLast(RecordingHandler handler, long revision) {
        await().atMost(30, TimeUnit.SECONDS)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> {
                    List<String> revisions = handler.revisions(); // once: it goes on meanwhile
                    return !revisions.isEmpty()
                            && revisions.get(revisions.size() - 1).equals(Long.toString(revision));
                });
    }

    @Test
    void anEventSaysTopicVersionSourceAndTime() {
        RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
                .clock(InstantSource.fixed(Instant.ofEpochMilli(77)))
                .deliverOn(Runnable::run)
                .open(() -> 1);
        RecordingHandler handler = new RecordingHandler();
        subscribe(store, handler);
        store.propose(new Proposal<>(null, 2, "me", "p"));
        store.set(3);
        assertThat(handler.events)
                .containsExactly(
                        new InvalidationEvent("count", Revision.of(2), Revision.of(77), "me", 77L),
                        new InvalidationEvent("count", Revision.of(3), Revision.of(77), null, 77L));
        assertThat(handler.unexpected).isEmpty();
    }

    @Test
    void anEventComesOnlyAfterAPullWouldSeeItsRevision() {
        RevisionedStore<Integer> store = store(Runnable::run);
        List<String> pulled = new ArrayList<>();
        RecordingHandler handler = new RecordingHandler(
                event -> pulled.add(store.current().revision().toString()));
        subscribe(store, handler);
        store.set(2);
        store.update(value -> 3);
        store.propose(Proposal.of(null, 4));
        assertThat(pulled).isEqualTo(handler.revisions()).containsExactly("2", "3", "4");
    }

    @Test
    void whatWritesNothingSendsNothing() {
        RevisionedStore<Integer> store = store(Runnable::run);
        store.set(2);
        RecordingHandler handler = new RecordingHandler();
        subscribe(store, handler);
        store.propose(Proposal.of(StateVersion.of(Revision.of(5)), 9));
        assertThat(store.get()).isEqualTo(2);
        assertThat(handler.events).isEmpty();
    }

    @Test
    void aSlowSubscriberHoldsUpNeitherTheWriterNorTheOthersAndThenHearsOfTheNewest() throws Exception {
        RevisionedStore<Integer> store = RevisionedStore.of("count", 1);
        CountDownLatch release = new CountDownLatch(1);
        RecordingHandler slow = new RecordingHandler(event -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        RecordingHandler quick = new RecordingHandler();
        subscribe(store, slow);
        subscribe(store, quick);
        store.set(2);
        await().atMost(30, TimeUnit.SECONDS).until(() -> slow.events.size() == 1);
        for (int n = 3; n <= 500; n++) {
            store.set(n);
        }
        awaitLast(quick, 500);
        assertThat(slow.revisions()).containsExactly("2");
        release.countDown();
        awaitLast(slow, 500);
        assertThat(slow.revisions()).containsExactly("2", "500");
    }

    @Test
    void aThrowingSubscriberHoldsUpNobodyAndHearsOfTheNextEvent() {
        RevisionedStore<Integer> store = store(Runnable::run);
        RecordingHandler throwing = new RecordingHandler(event -> {
            throw new IllegalStateException("expected by this test");
        });
        RecordingHandler other = new RecordingHandler();
        subscribe(store, throwing);
        subscribe(store, other);
        assertThatCode(() -> store.set(2)).doesNotThrowAnyException();
        assertThatCode(() -> store.set(3)).doesNotThrowAnyException();
        assertThat(throwing.revisions()).containsExactly("2", "3");
        assertThat(other.revisions()).containsExactly("2", "3");
    }

    @Test
    void aSubscriberMayWrite() {
        RevisionedStore<Integer> store = store(Runnable::run);
        RecordingHandler counting = new RecordingHandler(event -> {
            if (store.get() < 20_000) {
                store.update(value -> value + 1);
            }
        });
        RecordingHandler other = new RecordingHandler();
        subscribe(store, counting);
        subscribe(store, other);
        store.set(2);
        assertThat(store.get()).isEqualTo(20_000);
        awaitLast(counting, 20_000);
        awaitLast(other, 20_000);
    }

    @Test
    void aSubscriberThatAlwaysWritesOnTheOneThreadOfAllHoldsUpNoOther() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            RevisionedStore<Integer> store = store(one);
            CompletableFuture<Void> otherHeard = new CompletableFuture<>();
            subscribe(store, new RecordingHandler(event -> {
                if (!otherHeard.isDone()) {
                    store.update(value -> value + 1);
                }
            }));
            subscribe(store, new RecordingHandler(event -> otherHeard.complete(null)));
            store.set(2);
            otherHeard.get(30, TimeUnit.SECONDS);
        } finally {
            one.shutdown();
        }
    }

    @Test
    void aSubscriberMaySubscribeAndUnsubscribeOthersAndItself() {
        RevisionedStore<Integer> store = store(Runnable::run);
        AtomicReference<Subscription> own = new AtomicReference<>();
        RecordingHandler later = new RecordingHandler();
        RecordingHandler removed = new RecordingHandler();
        RecordingHandler busy = new RecordingHandler();
        Subscription[] other = new Subscription[1];
        RecordingHandler first = new RecordingHandler(event -> {
            subscribe(store, later);
            close(other[0]);
            close(own.get());
        });
        own.set(subscribe(store, first));
        other[0] = subscribe(store, removed);
        subscribe(store, busy);
        store.set(2);
        store.set(3);
        assertThat(first.revisions()).containsExactly("2");
        assertThat(removed.events).isEmpty();
        assertThat(later.revisions()).containsExactly("3");
        assertThat(busy.revisions()).containsExactly("2", "3");
    }

    @Test
    void aClosedSubscriptionHearsNoMore() {
        RevisionedStore<Integer> store = store(Runnable::run);
        RecordingHandler handler = new RecordingHandler();
        Subscription subscription = subscribe(store, handler);
        store.set(2);
        close(subscription);
        close(subscription);
        store.set(3);
        store.close();
        assertThat(handler.revisions()).containsExactly("2");
        assertThat(handler.disconnections).hasValue(0);
    }

    @Test
    void aDeliveryExecutorThatRefusesLosesNoEvent() {
        RevisionedStore<Integer> store = store(task -> {
            throw new RejectedExecutionException("expected by this test");
        });
        RecordingHandler handler = new RecordingHandler();
        subscribe(store, handler);
        assertThatCode(() -> store.set(2)).doesNotThrowAnyException();
        awaitLast(handler, 2);
        store.close();
        await().atMost(30, TimeUnit.SECONDS).until(() -> handler.disconnections.get() == 1);
    }

    @Test
    void closingTellsTheLastEventAndThenThatItIsOver() {
        List<Runnable> queue = new ArrayList<>();
        RevisionedStore<Integer> store = store(queue::add);
        List<String> heard = new ArrayList<>();
        RecordingHandler handler = new RecordingHandler(event -> {
            heard.add(event.revision().toString());
            throw new IllegalStateException("expected by this test");
        });
        subscribe(store, handler);
        store.set(2);
        store.close();
        queue.forEach(Runnable::run);
        assertThat(heard).containsExactly("2");
        assertThat(handler.disconnections).hasValue(1);
    }

    @Test
    void whoSubscribesWhileOthersWriteMissesNothingAfterIt() throws Exception {
        RevisionedStore<Integer> store = RevisionedStore.of("count", 1);
        CompletableFuture<Void> over = new CompletableFuture<>();
        CompletableFuture<Void> writer = Background.run(() -> {
            while (!over.isDone()) {
                store.update(value -> value + 1);
            }
            return null;
        });
        List<RecordingHandler> handlers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            RecordingHandler handler = new RecordingHandler();
            subscribe(store, handler);
            handlers.add(handler);
        }
        over.complete(null);
        writer.get(30, TimeUnit.SECONDS);
        long last = store.set(0).revision().bits();
        for (RecordingHandler handler : handlers) {
            awaitLast(handler, last);
            assertThat(handler.events.stream().map(event -> event.revision()).toList())
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
    }
}
