package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.source.StoreEvent.Kind;
import io.statesync.source.internal.Versions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StoreRegistryTest {
    private final AtomicLong clock = new AtomicLong(1_000);
    private final StoreRegistry registry = builder().build();
    private final List<StoreEvent> heard = new ArrayList<>();

    private StoreRegistry.Builder builder() {
        return StoreRegistry.builder().deliverOn(Runnable::run).clock(() -> Instant.ofEpochMilli(clock.get()));
    }

    private static StateVersion version(long epoch, long revision) {
        return StateVersion.of(Revision.of(epoch), Revision.of(revision));
    }

    private static List<String> brief(List<StoreEvent> events) {
        return events.stream()
                .map(event -> event.topic() + " " + event.baseVersion() + " → " + event.version()
                        + (event.kind() == Kind.REMOVED ? " removed" : ""))
                .toList();
    }

    private static List<StoreEvent> after(StoreRegistry registry, long id) {
        Replay replay = registry.events().after(id);
        assertThat(replay).isInstanceOf(Replay.Events.class);
        return ((Replay.Events) replay).events();
    }

    @Test
    void aTopicHasOneStore() {
        RevisionedStore<Integer> counter = registry.store("counter", () -> 0);
        assertThat(counter.get()).isZero();
        assertThat(counter.version()).isEqualTo(version(1_000, 1));
        assertThat(registry.store("counter", () -> {
                    throw new AssertionError("asked for though the store is there");
                }))
                .isSameAs(counter);
        assertThat(registry.find("counter")).isSameAs(counter);
        assertThat(registry.find("other")).isNull();
        registry.store("a", () -> 0);
        assertThat(registry.topics()).containsExactly("a", "counter");
    }

    @Test
    void aStoreMayHaveAValidator() {
        RevisionedStore<Integer> counter = registry.store("counter", () -> 0, value -> {
            throw new IllegalArgumentException("no");
        });
        assertThatThrownBy(() -> counter.set(1)).isInstanceOf(WriteRejectedException.class);
    }

    @Test
    void badArgumentsAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> registry.store(" ", () -> 0))
                .withMessageContaining("topic");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> registry.under(""))
                .withMessageContaining("prefix");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreRegistry.builder().logSize(-1))
                .withMessageContaining("logSize");
    }

    @Test
    void manyThreadsAskingForATopicMakeItOnce() throws Exception {
        for (int round = 0; round < 100; round++) {
            String topic = "t" + round;
            AtomicInteger made = new AtomicInteger();
            CountDownLatch together = new CountDownLatch(3);
            List<CompletableFuture<RevisionedStore<Integer>>> stores = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                stores.add(Background.run(() -> {
                    together.countDown();
                    together.await();
                    return registry.store(topic, made::incrementAndGet);
                }));
            }
            for (CompletableFuture<RevisionedStore<Integer>> store : stores) {
                assertThat(store.get(30, TimeUnit.SECONDS)).isSameAs(registry.find(topic));
            }
            assertThat(made).hasValue(1);
        }
    }

    @Test
    void aSlowInitialValueHoldsUpNoOtherTopic() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<RevisionedStore<Integer>> slow = Background.run(() -> registry.store("slow", () -> {
            asked.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return 1;
        }));
        assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 500; i++) {
            registry.store("quick" + i, () -> 0);
        }
        assertThat(registry.find("slow")).isNull();
        assertThat(registry.topics()).hasSize(500);
        assertThat(registry.remove("slow")).isFalse();
        assertThat(slow).isNotDone();
        release.countDown();
        assertThat(slow.get(30, TimeUnit.SECONDS).get()).isEqualTo(1);
    }

    @Test
    void anInitialValueMayAskForAnotherStore() {
        RevisionedStore<Integer> sum = registry.store(
                "sum", () -> registry.<Integer>store("part", () -> 20).get() + 1);
        assertThat(sum.get()).isEqualTo(21);
    }

    @Test
    void anInitialValueThatAsksForItsOwnStoreIsAClearError() {
        assertThatThrownBy(() -> registry.store(
                        "self",
                        () -> registry.<Integer>store(
                                        "between",
                                        () -> registry.<Integer>store("self", () -> 1)
                                                .get())
                                .get()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("\"self\"")
                .hasMessageContaining("depends on itself");
        assertThat(registry.topics()).isEmpty();
        assertThat(registry.<Integer>store("self", () -> 3).get()).isEqualTo(3);
    }

    @Test
    void initialValuesOfTwoThreadsThatWaitForEachOtherAreAClearError() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        CompletableFuture<Integer> first = Background.run(() -> crossed("a", "b", both));
        CompletableFuture<Integer> second = Background.run(() -> crossed("b", "a", both));
        List<Throwable> failures = new ArrayList<>();
        for (CompletableFuture<Integer> outcome : List.of(first, second)) {
            outcome.handle((value, error) -> error == null || failures.add(error))
                    .get(30, TimeUnit.SECONDS);
        }
        assertThat(failures)
                .isNotEmpty()
                .allSatisfy(failure -> assertThat(failure)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("depends on itself"));
    }

    private Integer crossed(String topic, String other, CountDownLatch both) {
        return registry.<Integer>store(topic, () -> {
                    both.countDown();
                    try {
                        both.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return registry.<Integer>store(other, () -> 0).get();
                })
                .get();
    }

    @Test
    void anInitialValueThatThrowsLeavesNoStoreAndWhoeverWaitsTriesItsOwn() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<RevisionedStore<Integer>> failing = Background.run(() -> registry.store("t", () -> {
            asked.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            throw new IllegalStateException("expected by this test");
        }));
        assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<RevisionedStore<Integer>> waiting = Background.run(() -> registry.store("t", () -> 7));
        release.countDown();
        assertThat(failing)
                .failsWithin(30, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("expected");
        assertThat(waiting.get(30, TimeUnit.SECONDS).get()).isEqualTo(7);
    }

    @Test
    @DisplayName("X1: a store made after a removal uses no version again, though the clock stands or is set back")
    void aLaterStoreOfATopicIsNewer() {
        RevisionedStore<Integer> first = registry.store("t", () -> 1);
        first.set(2);
        assertThat(registry.remove("t")).isTrue();
        assertThat(registry.remove("t")).isFalse();
        assertThat(first.isClosed()).isTrue();
        assertThat(registry.find("t")).isNull();
        assertThat(registry.topics()).isEmpty();
        clock.set(5);
        RevisionedStore<Integer> second = registry.store("t", () -> 1);
        assertThat(second.version()).isGreaterThan(first.version());
        second.close();
        assertThat(registry.find("t")).isNull();
        assertThat(registry.store("t", () -> 1).version()).isGreaterThan(second.version());
    }

    @Test
    void storesWithAJournalGoOnCountingAfterARestartAndARemoval() {
        Map<String, StateJournal<?>> journals = new ConcurrentHashMap<>();
        StoreRegistry.Builder durable = builder()
                .journals(
                        topic -> topic.startsWith("kept")
                                ? journals.computeIfAbsent(topic, t -> new InMemoryJournal<>())
                                : null,
                        Runnable::run);
        StoreRegistry before = durable.build();
        before.<Integer>store("kept", () -> 1).set(5);
        before.<Integer>store("lost", () -> 1).set(5);
        StoreRegistry after = durable.build();
        assertThat(after.<Integer>store("kept", () -> 1).current()).isEqualTo(SnapshotEnvelope.of(version(0, 2), 5));
        assertThat(after.<Integer>store("lost", () -> 1).get()).isEqualTo(1);
        after.remove("kept");
        assertThat(after.<Integer>store("kept", () -> 1).version()).isEqualTo(version(0, 2));
    }

    @Test
    void everythingThatHappensIsInTheLogInOrder() {
        long start = registry.events().lastId();
        RevisionedStore<Integer> a = registry.store("a", () -> 1);
        RevisionedStore<Integer> b = registry.store("b", () -> 1);
        clock.set(2_000);
        a.set(2);
        b.propose(new Proposal<>(null, 9, "me", "p"));
        registry.remove("a");
        registry.store("a", () -> 1);
        List<StoreEvent> events = after(registry, start);
        assertThat(brief(events))
                .containsExactly(
                        "a null → 1@1000",
                        "b null → 1@1000",
                        "a 1@1000 → 2@1000",
                        "b 1@1000 → 2@1000",
                        "a 2@1000 → 2@1000 removed",
                        "a null → 1@2000");
        assertThat(events.stream().map(StoreEvent::id))
                .containsExactly(start + 1, start + 2, start + 3, start + 4, start + 5, start + 6);
        assertThat(events.get(3).sourceId()).isEqualTo("me");
        assertThat(events.get(3).timestampMs()).isEqualTo(2_000);
        assertThat(events.get(3).snapshot()).isEqualTo(b.current());
        assertThat(events.get(4).snapshot()).isNull();
        assertThat(registry.events().lastId()).isEqualTo(start + 6);
    }

    @Test
    void theLogSaysWhenItCannotTell() {
        StoreRegistry small = builder().logSize(3).build();
        long start = small.events().lastId();
        assertThat(start).isEqualTo(1_000L << 10).isLessThan(1L << 53);
        assertThat(after(small, start)).isEmpty();
        RevisionedStore<Integer> store = small.store("t", () -> 1);
        store.set(2);
        store.set(3);
        assertThat(after(small, start)).hasSize(3);
        store.set(4);
        assertThat(small.events().after(start)).isEqualTo(new Replay.Gone(start + 4));
        assertThat(after(small, start + 1)).hasSize(3);
        assertThat(after(small, start + 4)).isEmpty();
        assertThat(small.events().after(start + 5)).isInstanceOf(Replay.Gone.class);
        for (long id : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, start - 1}) {
            assertThat(small.events().after(id)).isInstanceOf(Replay.Gone.class);
        }
    }

    @Test
    void anIdOfAnEarlierOrALaterProcessIsNoPositionInThisLog() {
        StoreRegistry earlier = builder().build();
        earlier.<Integer>store("t", () -> 1).set(2);
        clock.set(1_050);
        StoreRegistry now = builder().build();
        RevisionedStore<Integer> store = now.store("t", () -> 1);
        for (int n = 0; n < 500; n++) {
            store.set(n);
        }
        clock.set(2_000);
        long later = builder().build().events().lastId();
        assertThat(now.events().after(earlier.events().lastId())).isInstanceOf(Replay.Gone.class);
        assertThat(now.events().after(later)).isInstanceOf(Replay.Gone.class);
    }

    @Test
    void aLogOfSizeZeroKnowsOnlyThatNothingWasMissed() {
        StoreRegistry none = builder().logSize(0).build();
        none.store("t", () -> 1);
        long last = none.events().lastId();
        assertThat(after(none, last)).isEmpty();
        assertThat(none.events().after(last - 1)).isInstanceOf(Replay.Gone.class);
    }

    @Test
    void oneSubscriptionHearsOfAllTopics() throws Exception {
        registry.store("before", () -> 1);
        Subscription subscription = registry.subscribe(heard::add);
        RevisionedStore<Integer> a = registry.store("a", () -> 1);
        a.set(2);
        registry.remove("before");
        assertThat(brief(heard))
                .containsExactly("a null → 1@1000", "a 1@1000 → 2@1000", "before 1@1000 → 1@1000 removed");
        subscription.close();
        subscription.close();
        a.set(3);
        assertThat(heard).hasSize(3);
    }

    @Test
    void whoeverHearsOfAStoreFindsItAtThatVersionOrALaterOne() {
        List<String> wrong = new ArrayList<>();
        registry.subscribe(event -> {
            RevisionedStore<?> store = registry.find(event.topic());
            boolean gone = store == null;
            if (gone != (event.kind() == Kind.REMOVED)
                    || (store != null && event.version().isNewerThan(store.version()))) {
                wrong.add(event.toString());
            }
        });
        registry.<Integer>store("t", () -> 1).set(2);
        registry.remove("t");
        registry.store("t", () -> 1);
        assertThat(wrong).isEmpty();
    }

    @Test
    void aSlowListenerKeepsOneEventOfEachTopic() {
        List<Runnable> queue = new ArrayList<>();
        StoreRegistry queued = builder().deliverOn(queue::add).build();
        queued.subscribe(heard::add);
        RevisionedStore<Integer> a = queued.store("a", () -> 1);
        RevisionedStore<Integer> b = queued.store("b", () -> 1);
        for (int n = 2; n <= 100; n++) {
            a.set(n);
            b.set(n);
        }
        queued.remove("b");
        assertThat(queue).hasSize(1);
        queue.remove(0).run();
        assertThat(brief(heard)).containsExactly("a 99@1000 → 100@1000", "b 100@1000 → 100@1000 removed");
        assertThat(queue).isEmpty();
    }

    @Test
    void aThrowingListenerHoldsUpNobodyAndHearsTheNextEvent() {
        registry.subscribe(event -> {
            heard.add(event);
            throw new IllegalStateException("expected by this test");
        });
        List<StoreEvent> other = new ArrayList<>();
        registry.subscribe(other::add);
        registry.<Integer>store("a", () -> 1).set(2);
        assertThat(heard).hasSize(2);
        assertThat(other).hasSize(2);
    }

    @Test
    void aListenerMayWriteAndMakeAndRemoveStores() {
        registry.subscribe(event -> {
            heard.add(event);
            if (event.topic().equals("a") && event.kind() == Kind.WRITTEN) {
                registry.<Integer>store("b", () -> 0).update(n -> n + 1);
                registry.remove("a");
            }
        });
        registry.store("a", () -> 1);
        assertThat(brief(heard)).containsExactly("a null → 1@1000", "b 1@1000 → 2@1000", "a 1@1000 → 1@1000 removed");
    }

    @Test
    void aViewIsARegistryUnderAPrefix() {
        StoreRegistry room = registry.under("room/");
        long start = room.events().lastId();
        room.subscribe(heard::add);
        registry.store("counter", () -> 0);
        RevisionedStore<Integer> counter = room.store("counter", () -> 5);
        assertThat(counter.topic()).isEqualTo("room/counter");
        assertThat(registry.find("room/counter")).isSameAs(counter);
        assertThat(room.find("counter")).isSameAs(counter);
        assertThat(room.find("room/counter")).isNull();
        assertThat(room.topics()).containsExactly("counter");
        assertThat(registry.topics()).containsExactly("counter", "room/counter");
        assertThat(brief(heard)).containsExactly("counter null → 1@1000");
        assertThat(after(room, start)).isEqualTo(heard);
        assertThat(room.snapshot().states()).isEqualTo(Map.of("counter", counter.current()));
        assertThat(room.snapshot().lastEventId()).isEqualTo(registry.snapshot().lastEventId());
        StoreRegistry inner = room.under("inner/");
        inner.store("x", () -> 1);
        assertThat(registry.topics()).containsExactly("counter", "room/counter", "room/inner/x");
        assertThat(inner.topics()).containsExactly("x");
        assertThat(room.remove("counter")).isTrue();
        assertThat(registry.topics()).containsExactly("counter", "room/inner/x");
    }

    @Test
    void whatIsWrittenBesideASnapshotIsInItOrReplayed() throws Exception {
        StoreRegistry busy = StoreRegistry.builder().logSize(1 << 16).build();
        long start = busy.events().lastId();
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String topic = "t" + i;
            writers.add(Background.run(() -> {
                for (int n = 0; n < 8_000; n++) {
                    busy.<Integer>store(topic, () -> 0).update(value -> value + 1);
                    if (n % 7 == 0) {
                        busy.remove(topic);
                    }
                }
                return null;
            }));
        }
        List<RegistrySnapshot> snapshots = new ArrayList<>();
        while (writers.stream().anyMatch(writer -> !writer.isDone())) {
            snapshots.add(busy.snapshot());
        }
        for (CompletableFuture<Void> writer : writers) {
            writer.get(60, TimeUnit.SECONDS);
        }
        holdWhatHasAnIdUpToTheirs(snapshots, after(busy, start));
        RegistrySnapshot end = busy.snapshot();
        for (int i = 0; i < snapshots.size(); i += 1 + snapshots.size() / 20) {
            Map<String, StateVersion> client = versions(snapshots.get(i));
            after(busy, snapshots.get(i).lastEventId()).forEach(event -> follow(client, event));
            assertThat(client).isEqualTo(versions(end));
        }
    }

    private static Map<String, StateVersion> versions(RegistrySnapshot snapshot) {
        Map<String, StateVersion> versions = new HashMap<>();
        snapshot.states().forEach((topic, state) -> versions.put(topic, Versions.of(state)));
        return versions;
    }

    private static void holdWhatHasAnIdUpToTheirs(List<RegistrySnapshot> snapshots, List<StoreEvent> events) {
        Map<String, StoreEvent> last = new HashMap<>();
        int next = 0;
        for (RegistrySnapshot snapshot : snapshots) {
            for (; next < events.size() && events.get(next).id() <= snapshot.lastEventId(); next++) {
                last.put(events.get(next).topic(), events.get(next));
            }
            Map<String, StateVersion> states = versions(snapshot);
            for (StoreEvent event : last.values()) {
                StateVersion state = states.get(event.topic()); // null if it was removed since
                boolean held = state == null
                        || (event.kind() == Kind.REMOVED
                                ? state.isNewerThan(event.version())
                                : !event.version().isNewerThan(state));
                assertThat(held).as("%s in %s", event, snapshot).isTrue();
            }
        }
    }

    /** What a client does with an event: a version that it has, or an older one, says nothing new. */
    private static void follow(Map<String, StateVersion> states, StoreEvent event) {
        StateVersion known = states.get(event.topic());
        if (event.kind() == Kind.REMOVED) {
            if (known == null || !known.isNewerThan(event.version())) {
                states.remove(event.topic());
            }
        } else if (event.version().isNewerThan(known)) {
            states.put(event.topic(), event.version());
        }
    }

    @Test
    void aListenerBesideManyWritersEndsAtTheirEnd() throws Exception {
        StoreRegistry busy = StoreRegistry.create();
        Map<String, StateVersion> followed = new ConcurrentHashMap<>();
        Set<String> wrong = ConcurrentHashMap.newKeySet();
        Map<String, Long> ids = new ConcurrentHashMap<>();
        Subscription subscription = busy.subscribe(event -> {
            Long before = ids.put(event.topic(), event.id());
            if (before != null && before >= event.id()) {
                wrong.add(event.topic() + " heard " + event.id() + " after " + before);
            }
            if (event.kind() == Kind.REMOVED) {
                followed.remove(event.topic());
            } else {
                followed.put(event.topic(), event.version());
            }
        });
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int own = i;
            writers.add(Background.run(() -> {
                for (int n = 0; n < 3_000; n++) {
                    String topic = "t" + (n + own) % 20;
                    RevisionedStore<Integer> store = busy.store(topic, () -> 0);
                    if (n % 50 == 0) {
                        busy.remove(topic);
                    } else {
                        store.propose(Proposal.of(null, n));
                    }
                }
                return null;
            }));
        }
        for (CompletableFuture<Void> writer : writers) {
            writer.get(60, TimeUnit.SECONDS);
        }
        Map<String, StateVersion> end = new HashMap<>();
        busy.snapshot().states().forEach((topic, state) -> end.put(topic, Versions.of(state)));
        await().atMost(30, TimeUnit.SECONDS).until(() -> followed.equals(end));
        assertThat(wrong).isEmpty();
        subscription.close();
    }

    @Test
    void aClockThatThrowsAtARemovalLeavesTheStoreAsItWas() {
        AtomicBoolean broken = new AtomicBoolean();
        StoreRegistry registry = StoreRegistry.builder()
                .deliverOn(Runnable::run)
                .clock(() -> {
                    if (broken.get()) {
                        throw new IllegalStateException("no clock");
                    }
                    return Instant.ofEpochMilli(clock.get());
                })
                .build();
        RevisionedStore<Integer> store = registry.store("t", () -> 1);
        broken.set(true);
        assertThatThrownBy(() -> registry.remove("t")).hasMessage("no clock");
        broken.set(false);
        assertThat(registry.<Integer>store("t", () -> 2)).isSameAs(store);
        assertThat(registry.remove("t")).isTrue();
        assertThat(registry.<Integer>store("t", () -> 3).get()).isEqualTo(3);
    }
}
