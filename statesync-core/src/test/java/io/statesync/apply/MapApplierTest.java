package io.statesync.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.apply.MapApplier.Mode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class MapApplierTest {
    private final Map<String, Integer> target = new ConcurrentHashMap<>(Map.of("old", 1, "both", 1));

    private static <T> SnapshotEnvelope<T> snapshot(T data) {
        return SnapshotEnvelope.of(Revision.of(4), data);
    }

    private static Map<String, Integer> withNull(String key) {
        Map<String, Integer> data = new HashMap<>(Map.of("both", 2));
        data.put(key, null);
        return data;
    }

    @Test
    void replacesByDefault() {
        Appliers.into(target).apply(snapshot(Map.of("both", 2, "new", 2)));

        assertThat(target).isEqualTo(Map.of("both", 2, "new", 2));
    }

    @Test
    void aPatchKeepsWhatTheDataDoesNotName() {
        Appliers.into(target).mode(Mode.PATCH).apply(snapshot(Map.of("both", 2, "new", 2)));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 2, "new", 2));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void aNullValueRemovesTheKey(Mode mode) {
        Map<String, Integer> plain = new HashMap<>(target);

        Appliers.into(target).mode(mode).apply(snapshot(withNull("old")));
        Appliers.into(plain).mode(mode).apply(snapshot(withNull("old")));

        assertThat(target).isEqualTo(Map.of("both", 2));
        assertThat(plain).isEqualTo(Map.of("both", 2));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    @DisplayName("K2: a null key fails the apply before the map is touched, whatever kind of map it is")
    void aNullKeyFailsTheApply(Mode mode) {
        Map<String, Integer> plain = new HashMap<>(target);

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Appliers.into(plain).mode(mode).apply(snapshot(withNull(null))))
                .withMessage("a key in the data of SnapshotEnvelope[4] is null");

        assertThat(plain).isEqualTo(target);
    }

    @Test
    void pickedKeysAreReplacedAndTheOthersLeftAlone() {
        target.put("mine", 1);

        Appliers.into(target).pick("old", "both", "new").apply(snapshot(Map.of("both", 2, "mine", 2, "more", 2)));

        assertThat(target).isEqualTo(Map.of("both", 2, "mine", 1));
    }

    @Test
    void omittedKeysAreLeftAlone() {
        target.put("mine", 1);

        Appliers.into(target).omit("mine", "more").apply(snapshot(Map.of("both", 2, "mine", 2, "more", 2)));

        assertThat(target).isEqualTo(Map.of("both", 2, "mine", 1));
    }

    @Test
    void aPatchLeavesOmittedKeysAloneToo() {
        Appliers.into(target).mode(Mode.PATCH).omit("old").apply(snapshot(withNull("old")));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 2));
    }

    @Test
    void aNullKeyThatIsNotPickedDoesNoHarm() {
        Appliers.into(target).pick("both").apply(snapshot(withNull(null)));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 2));
    }

    @Test
    void theLastPickCounts() {
        Appliers.into(target).pick("old").pick("both").apply(snapshot(Map.of("old", 2, "both", 2)));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 2));
    }

    @Test
    void pickAndOmitExcludeEachOther() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Appliers.into(target).pick("old").omit("both"))
                .withMessage("pick and omit are both set: choose one; pick has [old]");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Appliers.into(target).omit("both").pick("old"))
                .withMessage("pick and omit are both set: choose one; omit has [both]");
    }

    @Test
    void aPickOfNothingIsRefused() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Appliers.into(target).pick())
                .withMessageStartingWith("pick must name a key");
    }

    @Test
    void nullOptionsAreRefused() {
        assertThatThrownBy(() -> Appliers.into((Map<String, Integer>) null)).hasMessage("target");
        assertThatThrownBy(() -> Appliers.into(target).pick("a", null)).hasMessage("key");
        assertThatThrownBy(() -> Appliers.into(target).omit("a", null)).hasMessage("key");
        assertThatThrownBy(() -> Appliers.into(target).mode(null)).hasMessage("mode");
        assertThatThrownBy(() -> Appliers.into(target).mapping(null)).hasMessage("mapping");
    }

    @Test
    void eachMethodGivesAnotherApplier() {
        MapApplier<Map<String, Integer>, String, Integer> plain = Appliers.into(target);
        Set<Object> others =
                Set.of(plain.mode(Mode.PATCH), plain.pick("a"), plain.omit("a"), plain.lenient(), plain.strict());

        plain.apply(snapshot(Map.of("new", 2)));

        assertThat(others).doesNotContain(plain);
        assertThat(target).isEqualTo(Map.of("new", 2));
    }

    @Test
    @DisplayName("K2: strict, the default: null data fails the apply and says so, and the map stays")
    void strictFailsOnNullData() {
        MapApplier<Map<String, Integer>, String, Integer> strict =
                Appliers.into(target).lenient().strict();
        for (var applier : List.of(Appliers.<String, Integer>into(target), strict)) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> applier.apply(snapshot(null)))
                    .withMessage("the data of SnapshotEnvelope[4] is null, which only a lenient applier takes");
        }
        assertThat(target).isEqualTo(Map.of("old", 1, "both", 1));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void lenientChangesNothingOnNullData(Mode mode) {
        Appliers.into(target).mode(mode).lenient().apply(snapshot(null));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 1));
    }

    record Limits(int requests, int users) {
        Map<String, Integer> toMap() {
            return Map.of("requests", requests, "users", users);
        }
    }

    @Test
    void aMappingMakesTheMap() {
        Appliers.into(target).mapping(Limits::toMap).omit("users").apply(snapshot(new Limits(3, 4)));

        assertThat(target).isEqualTo(Map.of("requests", 3));
    }

    @Test
    void aMappingIsNotAskedAboutNullAndWhatItMakesNullOfIsNullData() {
        var applier = Appliers.into(target).mapping((Limits limits) -> limits.requests() == 0 ? null : limits.toMap());

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> applier.apply(snapshot(null)))
                .withMessageStartingWith("the data of");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> applier.apply(snapshot(new Limits(0, 0))))
                .withMessageStartingWith("what mapping made of SnapshotEnvelope[4] is null");
        applier.lenient().apply(snapshot(new Limits(0, 0)));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 1));
    }

    @Test
    void theMapMayBeWiderThanTheData() {
        Map<Object, Object> wide = new HashMap<>(Map.of(1, 1L));

        Appliers.<String, Integer>into(wide).mode(Mode.PATCH).apply(snapshot(Map.of("a", 1)));

        assertThat(wide).isEqualTo(Map.of(1, 1L, "a", 1));
    }

    @Test
    void theDataMayBeTheMapItself() {
        Appliers.into(target).apply(snapshot(target));

        assertThat(target).isEqualTo(Map.of("old", 1, "both", 1));
    }

    @Test
    void aSortedMapComparesKeysInItsOwnWay() {
        Map<String, Integer> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(Map.of("Accept", 1, "Host", 1));

        Appliers.into(headers).apply(snapshot(Map.of("accept", 2)));

        assertThat(headers).hasSize(1).containsEntry("ACCEPT", 2);
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    @DisplayName("what readers see: puts first, then removals, so that a key of both snapshots is never missing")
    void putsComeBeforeRemovals(Mode mode) {
        WatchedMap watched = new WatchedMap();
        watched.putAll(Map.of("old", 1, "both", 1));
        watched.seen.clear();
        Map<String, Integer> data = new LinkedHashMap<>();
        data.put("old", null);
        data.put("both", 2);
        data.put("new", 2);

        Appliers.into(watched).mode(mode).apply(snapshot(data));

        assertThat(watched.seen)
                .containsExactly(
                        Map.of("old", 1, "both", 2),
                        Map.of("old", 1, "both", 2, "new", 2),
                        Map.of("both", 2, "new", 2));
    }

    @Test
    void theSameSnapshotAgainRepairsWhatTheMapRefusedHalfWay() {
        WatchedMap watched = new WatchedMap();
        watched.putAll(Map.of("old", 1, "both", 1));
        watched.refused = "new";
        SnapshotEnvelope<Map<String, Integer>> snapshot = snapshot(new TreeMap<>(Map.of("both", 2, "new", 2)));

        assertThatThrownBy(() -> Appliers.into(watched).apply(snapshot)).hasMessage("no new");
        assertThat(watched).isEqualTo(Map.of("old", 1, "both", 2));

        watched.refused = null;
        Appliers.into(watched).apply(snapshot);
        assertThat(watched).isEqualTo(Map.of("both", 2, "new", 2));
    }

    /** What a reader on another thread saw, again and again, while snapshots with "old" and with "new" took turns. */
    private static <V> Set<V> read(Map<String, Integer> map, Supplier<V> look) throws Exception {
        ExecutorService reader = Executors.newSingleThreadExecutor();
        AtomicBoolean over = new AtomicBoolean();
        CountDownLatch reading = new CountDownLatch(1);
        try {
            Future<Set<V>> seen = reader.submit(() -> {
                Set<V> different = ConcurrentHashMap.newKeySet();
                do {
                    different.add(look.get());
                    reading.countDown();
                } while (!over.get());
                return different;
            });
            assertThat(reading.await(30, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 10_000; i++) {
                Appliers.into(map).apply(snapshot(Map.of("both", 2, "new", 2)));
                Appliers.into(map).apply(snapshot(Map.of("both", 1, "old", 1)));
            }
            over.set(true);
            return seen.get(30, TimeUnit.SECONDS);
        } finally {
            over.set(true);
            reader.shutdownNow();
        }
    }

    @Test
    void aReaderOfAConcurrentMapNeverMissesAKeyOfBothSnapshots() throws Exception {
        Set<Integer> seen = read(target, () -> target.getOrDefault("both", -1));

        assertThat(seen).isSubsetOf(1, 2);
    }

    @Test
    void aReaderOfASynchronizedMapSeesTheWholeOfAStateAndAtMostWhatIsToGo() throws Exception {
        Map<String, Integer> shared = Collections.synchronizedMap(new HashMap<>(target));

        Set<Map<String, Integer>> seen = read(shared, () -> {
            synchronized (shared) {
                return Map.copyOf(shared);
            }
        });

        assertThat(seen)
                .isSubsetOf(
                        Map.of("both", 1, "old", 1),
                        Map.of("both", 2, "new", 2, "old", 1),
                        Map.of("both", 2, "new", 2),
                        Map.of("both", 1, "old", 1, "new", 2));
    }

    @Test
    void entriesAreGivenToTheMapInTheOrderOfTheData() {
        WatchedMap watched = new WatchedMap();
        TreeMap<String, Integer> data = new TreeMap<>(Collections.reverseOrder());
        data.putAll(Map.of("a", 1, "b", 2, "c", 3));

        Appliers.into(watched).apply(snapshot(data));

        assertThat(new ArrayList<>(watched.keySet())).containsExactly("c", "b", "a");
    }
}
