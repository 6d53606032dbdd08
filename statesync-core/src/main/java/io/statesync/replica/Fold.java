package io.statesync.replica;

import io.statesync.replica.Change.SetTo;
import io.statesync.replica.Change.Updated;
import io.statesync.replica.Model.Failed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes changes on top of a value, one after the other. */
final class Fold<T extends @Nullable Object> {
    T value;
    boolean known;
    List<Failed<T>> failed = Collections.emptyList();

    Fold(T value, boolean known) {
        this.value = value;
        this.known = known;
    }

    /** The first ones stay whatever they throw: their value is sent already, or only a placeholder is known. */
    void over(List<Change<T>> changes, int staying) {
        int index = 0;
        for (Change<T> change : changes) {
            if (change instanceof SetTo<T> set) {
                value = set.value();
                known = true;
            } else if (known && change instanceof Updated<T> update) {
                update(update, index >= staying);
            }
            index++;
        }
    }

    private void update(Updated<T> update, boolean mayFail) {
        try {
            value = update.function().apply(value);
        } catch (Throwable t) { // the user's function; the write ends with what it threw
            if (mayFail) {
                failed = failed.isEmpty() ? new ArrayList<>() : failed;
                failed.add(new Failed<>(update, t));
            }
        }
    }

    List<Change<T>> kept(List<Change<T>> changes) {
        if (failed.isEmpty()) {
            return changes;
        }
        List<Change<T>> kept = new ArrayList<>(changes);
        failed.forEach(failure -> kept.removeIf(change -> change == failure.change()));
        return kept;
    }
}
