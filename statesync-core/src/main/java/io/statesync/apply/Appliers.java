package io.statesync.apply;

import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes appliers.
 *
 * <p>Each of them may be given the same snapshot again, and one of a lower revision than the last: the engine decides
 * what is newer. None has a thread or a lock of its own: it works on the engine's apply executor, where applies never
 * overlap. One applier may serve several engines only if what it writes to bears that.
 */
public final class Appliers {
    private Appliers() {}

    /**
     * An applier that sets a reference to a snapshot's data, null included. It never fails.
     *
     * <p>The change is atomic for readers: {@link AtomicReference#get()} gives the state of one snapshot, whole,
     * provided that the data is immutable.
     */
    public static <T extends @Nullable Object> SnapshotApplier<T> into(AtomicReference<? super T> target) {
        Objects.requireNonNull(target, "target");
        return snapshot -> target.set(snapshot.data());
    }

    /**
     * An applier that makes a map's content the data's. What its methods change, and what readers of the map see, is
     * said at {@link MapApplier}.
     */
    public static <K, V extends @Nullable Object> MapApplier<Map<K, V>, K, V> into(Map<? super K, ? super V> target) {
        return MapApplier.into(target);
    }

    /**
     * An applier that gives another one what a function makes of a snapshot's data, under the same version.
     *
     * @param mapping called once for each apply, also with data that is null; it fails the apply by throwing, and
     *     {@code applier} is not called then
     */
    public static <T extends @Nullable Object, R extends @Nullable Object> SnapshotApplier<T> mapping(
            Function<? super T, ? extends R> mapping, SnapshotApplier<R> applier) {
        Objects.requireNonNull(mapping, "mapping");
        Objects.requireNonNull(applier, "applier");
        return snapshot -> applier.apply(
                new SnapshotEnvelope<>(snapshot.revision(), snapshot.epoch(), mapping.apply(snapshot.data())));
    }

    /**
     * An applier that gives each snapshot to several others, in order.
     *
     * <p>Every one of them is called, also after one has failed. If any failed, the whole apply fails, with the first
     * failure as it was thrown; later ones are its suppressed exceptions. Nothing is rolled back: those that did not
     * fail keep the new state, and until an apply succeeds the parts show different versions. To the engine the
     * snapshot was not applied:
     *
     * <ul>
     *   <li>Local stays where it was. The failure is reported once, in phase {@code apply}; a refresh or a
     *       {@linkplain io.statesync.Startup#FAIL_FAST fail-fast} start that waited for this apply fails with it, an
     *       awaited version goes on being waited for.
     *   <li>If the engine is behind, it pulls again after a backoff (contract K2, S3), and all appliers get the answer.
     *       If not, because only a {@code refresh()} or a start that failed had asked for the pull, nothing follows
     *       by itself: start or refresh again. After a cached snapshot the start goes on (contract P2).
     *   <li>All that is known of the next snapshot is that it is newer than local. An applier that did not fail gets
     *       the same version again, or a newer one, or, from a source that lags, an <em>older</em> one than it has. It
     *       must take each as it comes, without comparing.
     * </ul>
     *
     * <p>What is thrown may be an {@link Error}. An {@link InterruptedException} also sets the thread's interrupt
     * status again, so that the appliers that follow notice.
     *
     * @throws IllegalArgumentException if there is no applier
     */
    @SafeVarargs
    public static <T extends @Nullable Object> SnapshotApplier<T> all(SnapshotApplier<T>... appliers) {
        List<SnapshotApplier<T>> copy = new ArrayList<>();
        for (SnapshotApplier<T> applier : appliers) {
            copy.add(Objects.requireNonNull(applier, "applier"));
        }
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("appliers must not be empty");
        }
        return new AllApplier<>(copy);
    }
}
