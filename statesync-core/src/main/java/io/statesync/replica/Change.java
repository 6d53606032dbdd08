package io.statesync.replica;

import io.statesync.StateVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One or more writes that wait for one outcome. Immutable, but for where the outcomes go. */
sealed interface Change<T extends @Nullable Object> {
    /** Those of the writes that it is made of, in their order. */
    List<Outcome<T>> outcomes();

    /**
     * A value, whatever was there.
     *
     * @param base the version that its first write was made at: the source's conflict check
     */
    record SetTo<T extends @Nullable Object>(T value, StateVersion base, List<Outcome<T>> outcomes)
            implements Change<T> {

        SetTo<T> from(StateVersion other) {
            return new SetTo<>(value, other, outcomes);
        }

        /** This, with a later write on top. */
        SetTo<T> then(T later, List<Outcome<T>> more) {
            return then(later, base, more);
        }

        /** This, with a later set on top; from the older base of the two, so that no conflict is missed. */
        SetTo<T> then(T later, StateVersion laterBase, List<Outcome<T>> more) {
            List<Outcome<T>> all = new ArrayList<>(outcomes);
            all.addAll(more);
            return new SetTo<>(later, base.isNewerThan(laterBase) ? laterBase : base, all);
        }
    }

    /**
     * A value made from the one that was there.
     *
     * @param action what the function was made from, if it is an action
     */
    record Updated<T extends @Nullable Object>(
            UnaryOperator<T> function, @Nullable Object action, List<Outcome<T>> outcomes) implements Change<T> {}
}
