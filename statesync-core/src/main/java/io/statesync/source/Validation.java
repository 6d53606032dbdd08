package io.statesync.source;

import io.statesync.StateValidator;
import io.statesync.internal.Texts;
import org.jspecify.annotations.Nullable;

/** What a store's validator says about a value. */
record Validation<T extends @Nullable Object>(StateValidator<? super T> validator) {
    /** Why the value is not valid; null if it is. */
    @Nullable
    Throwable failure(T value) {
        try {
            validator.validate(value);
            return null;
        } catch (Throwable t) { // an assertion, or a value too deep for the stack: not valid either
            return t;
        }
    }

    /** Returns if the value is valid. */
    void check(T value) {
        Throwable failure = failure(value);
        if (failure != null) {
            throw new WriteRejectedException(Texts.reason(failure), failure);
        }
    }
}
