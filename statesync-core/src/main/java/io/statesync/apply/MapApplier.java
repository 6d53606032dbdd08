package io.statesync.apply;

import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An applier that writes a snapshot's data into a map which the application made and reads. Made by {@link
 * Appliers#into(Map)}. Immutable: each method gives another applier. Defaults: mode {@link Mode#REPLACE}, all keys, no
 * mapping, strict.
 *
 * <p>Keys that {@link #pick} does not name, or {@link #omit} does, are not this applier's: it neither writes nor
 * removes them, in either mode. So the application may keep entries of its own beside them, and several appliers may
 * share a map.
 *
 * <p><b>Null.</b> A key whose value is null in the data is removed from the map, in either mode and whatever the map
 * could hold. A null key fails the apply.
 *
 * <p><b>What readers see.</b> An apply first puts every entry of the data, also those that did not change ({@link
 * Map#putAll}), then removes the keys that are to go. It holds no lock over both.
 *
 * <ul>
 *   <li>A {@link java.util.concurrent.ConcurrentMap} may be read at any time. Each key goes from its old value to its
 *       new one in one step, and one that is in both snapshots is never missing. While the apply runs, some keys have
 *       their new value and others the old one, and keys that are to go may still be there: who reads several keys,
 *       iterates or asks for the size sees parts of two states.
 *   <li>A {@linkplain java.util.Collections#synchronizedMap synchronized} map changes in two steps: the puts, all at
 *       once, then the removals, all at once in mode {@code REPLACE} and one by one in mode {@code PATCH}. Who reads
 *       between them finds the new values together with keys that are to go.
 *   <li>A {@link java.util.HashMap}, {@link LinkedHashMap} or {@link TreeMap} must not be read by another thread
 *       during an apply. Read it on the one thread that applies, which {@link
 *       io.statesync.RevisionSyncOptions.Builder#applyOn} chooses.
 * </ul>
 *
 * <p>Readers that need one state whole take {@link Appliers#into(java.util.concurrent.atomic.AtomicReference)} with an
 * immutable map.
 *
 * <p><b>Failures.</b> The data is read whole before the map is touched: what is wrong with it, and what a mapping
 * throws, leaves the map as it was. If the map itself refuses an entry half-way, what was put stays, and the next
 * apply writes all of its entries again. The same snapshot may be applied any number of times.
 *
 * <p>Keys are compared by {@code equals}, or by the map's order if it is a {@link SortedMap}; those of {@link #pick}
 * and {@link #omit} always by {@code equals}.
 *
 * @param <T> the type of the state
 * @param <K> the type of the keys that are written
 * @param <V> the type of the values that are written
 */
public final class MapApplier<T extends @Nullable Object, K, V extends @Nullable Object> implements SnapshotApplier<T> {
    private final Map<? super K, ? super V> target;
    private final Function<? super T, ? extends @Nullable Map<? extends K, ? extends V>> mapping;
    private final Mode mode;
    private final Keys keys;
    private final boolean lenient;

    /** What becomes of keys that are in the map and not in the data. */
    public enum Mode {
        /** They are removed: of the keys that are the applier's, the map has those of the last snapshot. */
        REPLACE,
        /**
         * They stay; only a null value removes a key. This makes no deltas of snapshots: an engine skips versions, so
         * what only a skipped one said is never heard of.
         */
        PATCH
    }

    /** Which keys are the applier's. */
    private record Keys(Choice choice, Set<?> named) {
        private enum Choice {
            ALL,
            PICK,
            OMIT
        }

        static final Keys ALL = new Keys(Choice.ALL, Set.of());

        boolean include(@Nullable Object key) {
            return switch (choice) {
                case ALL -> true;
                case PICK -> named.contains(key);
                case OMIT -> !named.contains(key);
            };
        }

        Keys choose(Choice next, Set<?> keys) {
            if (choice != Choice.ALL && choice != next) {
                throw new IllegalArgumentException("pick and omit are both set: choose one; "
                        + (choice == Choice.PICK ? "pick" : "omit") + " has " + named);
            }
            return new Keys(next, keys);
        }
    }

    private MapApplier(
            Map<? super K, ? super V> target,
            Function<? super T, ? extends @Nullable Map<? extends K, ? extends V>> mapping,
            Mode mode,
            Keys keys,
            boolean lenient) {
        this.target = target;
        this.mapping = mapping;
        this.mode = mode;
        this.keys = keys;
        this.lenient = lenient;
    }

    static <K, V extends @Nullable Object> MapApplier<Map<K, V>, K, V> into(Map<? super K, ? super V> target) {
        Objects.requireNonNull(target, "target");
        return new MapApplier<>(target, data -> data, Mode.REPLACE, Keys.ALL, false);
    }

    /** What becomes of keys that are in the map and not in the data. */
    public MapApplier<T, K, V> mode(Mode mode) {
        Objects.requireNonNull(mode, "mode");
        return new MapApplier<>(target, mapping, mode, keys, lenient);
    }

    /**
     * Only these keys are the applier's. The last call counts.
     *
     * @throws IllegalArgumentException if {@link #omit} is set too, or no key is named
     */
    @SafeVarargs
    public final MapApplier<T, K, V> pick(K... keys) {
        Set<K> named = new LinkedHashSet<>();
        for (K key : keys) {
            named.add(Objects.requireNonNull(key, "key"));
        }
        if (named.isEmpty()) {
            throw new IllegalArgumentException("pick must name a key: nothing would ever be applied");
        }
        return with(this.keys.choose(Keys.Choice.PICK, named));
    }

    /**
     * All keys but these are the applier's. The last call counts.
     *
     * @throws IllegalArgumentException if {@link #pick} is set too
     */
    @SafeVarargs
    public final MapApplier<T, K, V> omit(K... keys) {
        Set<K> named = new LinkedHashSet<>();
        for (K key : keys) {
            named.add(Objects.requireNonNull(key, "key"));
        }
        return with(this.keys.choose(Keys.Choice.OMIT, named));
    }

    private MapApplier<T, K, V> with(Keys chosen) {
        return new MapApplier<>(target, mapping, mode, chosen, lenient);
    }

    /**
     * How a state becomes the map that is written, for states that are no map. The last call counts.
     *
     * @param mapping called once for each apply, unless the state is null; what it returns counts as null data if it
     *     is null; if it throws, the apply fails
     * @param <S> the type of the state
     */
    public <S extends @Nullable Object> MapApplier<S, K, V> mapping(
            Function<? super S, ? extends @Nullable Map<? extends K, ? extends V>> mapping) {
        Objects.requireNonNull(mapping, "mapping");
        return new MapApplier<>(target, mapping, mode, keys, lenient);
    }

    /** Null data fails the apply: the default. */
    public MapApplier<T, K, V> strict() {
        return new MapApplier<>(target, mapping, mode, keys, false);
    }

    /** Null data changes nothing, and the snapshot counts as applied. */
    public MapApplier<T, K, V> lenient() {
        return new MapApplier<>(target, mapping, mode, keys, true);
    }

    /**
     * Applies a snapshot, as the class comment says.
     *
     * @throws IllegalArgumentException if the data is null and this applier strict, or if a key is null
     */
    @Override
    public void apply(SnapshotEnvelope<T> snapshot) {
        T state = snapshot.data();
        Map<? extends K, ? extends V> data = state == null ? null : mapping.apply(state);
        if (data != null) {
            write(snapshot, data);
        } else if (!lenient) {
            throw new IllegalArgumentException((state == null ? "the data of " : "what mapping made of ") + snapshot
                    + " is null, which only a lenient applier takes");
        }
    }

    private void write(SnapshotEnvelope<T> snapshot, Map<? extends K, ? extends V> data) {
        Map<K, V> fresh = emptyCopy();
        Set<K> gone = new LinkedHashSet<>();
        data.forEach((key, value) -> {
            if (!keys.include(key)) {
                return;
            }
            if (key == null) {
                throw new IllegalArgumentException("a key in the data of " + snapshot + " is null");
            }
            if (value == null) {
                gone.add(key);
            } else {
                fresh.put(key, value);
            }
        });
        target.putAll(fresh);
        switch (mode) {
            case REPLACE -> target.keySet().removeIf(key -> keys.include(key) && !fresh.containsKey(key));
            case PATCH -> gone.forEach(target::remove);
        }
    }

    /** An empty map that compares keys as the target does. */
    private Map<K, V> emptyCopy() {
        return target instanceof SortedMap<? super K, ? super V> sorted
                ? new TreeMap<>(sorted.comparator())
                : new LinkedHashMap<>();
    }
}
