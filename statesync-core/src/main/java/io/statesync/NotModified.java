package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * The answer that the source is at the version which the request said is held (contract V1).
 *
 * @param <T> the type of the state
 */
public final class NotModified<T extends @Nullable Object> implements PullResult<T> {
    private static final NotModified<?> INSTANCE = new NotModified<>();

    private NotModified() {}

    /** The one instance. */
    @SuppressWarnings("unchecked")
    public static <T extends @Nullable Object> NotModified<T> instance() {
        return (NotModified<T>) INSTANCE;
    }

    @Override
    public String toString() {
        return "NotModified";
    }
}
