package io.statesync.apply;

import io.statesync.Revision;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.apply.MapApplier.Mode;
import io.statesync.testkit.FallibleApplierContract;
import io.statesync.testkit.SnapshotApplierContract;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Nested;

/** The ready appliers keep the testkit's contract, each in its variants. */
class AppliersContractTest {

    @Nested
    class IntoReference extends SnapshotApplierContract<String> {
        private final AtomicReference<String> target = new AtomicReference<>("before");

        @Override
        protected SnapshotApplier<String> createApplier() {
            return Appliers.into(target);
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Override
        protected String visibleState() {
            return target.get();
        }
    }

    @Nested
    class Mapping extends FallibleApplierContract<String> {
        private final AtomicReference<Integer> target = new AtomicReference<>();

        @Override
        protected SnapshotApplier<String> createApplier() {
            return Appliers.mapping(Integer::valueOf, Appliers.into(target));
        }

        @Override
        protected String data(int n) {
            return Integer.toString(n);
        }

        @Override
        protected String visibleState() {
            return target.get().toString();
        }

        @Override
        protected SnapshotEnvelope<String> failingSnapshot() {
            return SnapshotEnvelope.of(Revision.of(99), "no number");
        }
    }

    /** The contract over a map whose keys differ from snapshot to snapshot; a null key makes an apply fail. */
    abstract static class IntoMap extends FallibleApplierContract<Map<String, Integer>> {
        final Map<String, Integer> target;

        IntoMap(Map<String, Integer> target) {
            this.target = target;
            target.put("before", 0);
        }

        @Override
        protected SnapshotApplier<Map<String, Integer>> createApplier() {
            return Appliers.into(target);
        }

        @Override
        protected Map<String, Integer> data(int n) {
            return Map.of("always", n, "key " + n, n);
        }

        @Override
        protected Map<String, Integer> visibleState() {
            return Map.copyOf(target);
        }

        @Override
        protected SnapshotEnvelope<Map<String, Integer>> failingSnapshot() {
            Map<String, Integer> data = new HashMap<>(data(99));
            data.put(null, 1);
            return SnapshotEnvelope.of(Revision.of(99), data);
        }
    }

    @Nested
    class IntoHashMap extends IntoMap {
        IntoHashMap() {
            super(new HashMap<>());
        }
    }

    @Nested
    class IntoConcurrentMap extends IntoMap {
        IntoConcurrentMap() {
            super(new ConcurrentHashMap<>());
        }
    }

    @Nested
    class IntoSortedMap extends IntoMap {
        IntoSortedMap() {
            super(new TreeMap<>());
        }
    }

    @Nested
    class StrictIntoMap extends IntoMap {
        StrictIntoMap() {
            super(new ConcurrentHashMap<>());
        }

        @Override
        protected SnapshotEnvelope<Map<String, Integer>> failingSnapshot() {
            return SnapshotEnvelope.of(Revision.of(99), null);
        }
    }

    /** A patch makes the map equal to data that always has the same keys. */
    @Nested
    class PatchingPickedKeys extends IntoMap {
        PatchingPickedKeys() {
            super(new ConcurrentHashMap<>());
        }

        @Override
        protected SnapshotApplier<Map<String, Integer>> createApplier() {
            return Appliers.into(target).mode(Mode.PATCH).pick("x", "y").lenient();
        }

        @Override
        protected Map<String, Integer> data(int n) {
            return Map.of("x", n, "y", -n);
        }

        @Override
        protected Map<String, Integer> visibleState() {
            Map<String, Integer> visible = new HashMap<>(target);
            visible.remove("before");
            return visible;
        }

        @Override
        protected SnapshotEnvelope<Map<String, Integer>> failingSnapshot() {
            Map<String, Integer> unreadable = new HashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                public void forEach(BiConsumer<? super String, ? super Integer> action) {
                    action.accept("x", 99);
                    throw new IllegalStateException("unreadable");
                }
            };
            return SnapshotEnvelope.of(Revision.of(99), unreadable);
        }
    }

    @Nested
    class MappingIntoMap extends FallibleApplierContract<List<String>> {
        private final Map<String, Integer> target = new ConcurrentHashMap<>(Map.of("own", 1));

        @Override
        protected SnapshotApplier<List<String>> createApplier() {
            return Appliers.into(target).omit("own").mapping(MappingIntoMap::lengths);
        }

        private static Map<String, Integer> lengths(List<String> words) {
            return words.isEmpty() ? null : Map.of(words.get(0), words.get(0).length());
        }

        @Override
        protected List<String> data(int n) {
            return List.of("word " + n);
        }

        @Override
        protected List<String> visibleState() {
            return target.keySet().stream().filter(key -> !key.equals("own")).toList();
        }

        @Override
        protected SnapshotEnvelope<List<String>> failingSnapshot() {
            return SnapshotEnvelope.of(Revision.of(99), List.of());
        }
    }

    @Nested
    class All extends SnapshotApplierContract<String> {
        private final AtomicReference<String> first = new AtomicReference<>();
        private final AtomicReference<String> second = new AtomicReference<>();

        @Override
        protected SnapshotApplier<String> createApplier() {
            return Appliers.all(Appliers.into(first), Appliers.into(second));
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Override
        protected String visibleState() {
            return first.get().equals(second.get()) ? first.get() : first + " and " + second;
        }
    }

    /** What the part that fails shows: the others are not rolled back. */
    @Nested
    class ThePartOfAllThatFails extends FallibleApplierContract<String> {
        private final AtomicReference<String> before = new AtomicReference<>();
        private final AtomicReference<Integer> fragile = new AtomicReference<>();
        private final AtomicReference<String> after = new AtomicReference<>();

        @Override
        protected SnapshotApplier<String> createApplier() {
            return Appliers.all(
                    Appliers.into(before),
                    Appliers.mapping(Integer::valueOf, Appliers.into(fragile)),
                    Appliers.into(after));
        }

        @Override
        protected String data(int n) {
            return Integer.toString(n);
        }

        @Override
        protected String visibleState() {
            return fragile.get().toString();
        }

        @Override
        protected SnapshotEnvelope<String> failingSnapshot() {
            return SnapshotEnvelope.of(Revision.of(99), "no number");
        }
    }
}
