package io.statesync;

import org.jspecify.annotations.Nullable;

/**
 * A write that someone asks the source to accept.
 *
 * @param base the version that the value was made from, revision 0 if none was known; null to write whatever the source
 *     is at
 * @param value the state proposed; null only if the source says so
 * @param sourceId who proposes, so that it can recognise the event that follows; null if unknown
 * @param proposalId names this write: proposed again under the same id it gets the same answer, never a second write.
 *     Null if the proposer will not ask again
 * @param <T> the type of the state
 */
public record Proposal<T extends @Nullable Object>(
        @Nullable StateVersion base,
        T value,
        @Nullable String sourceId,
        @Nullable String proposalId) {

    /** A proposal without names. */
    public static <T extends @Nullable Object> Proposal<T> of(@Nullable StateVersion base, T value) {
        return new Proposal<>(base, value, null, null);
    }

    /** This proposal with another value. */
    public Proposal<T> withValue(T other) {
        return new Proposal<>(base, other, sourceId, proposalId);
    }

    /** Names the base and the id, never the value. */
    @Override
    public String toString() {
        return "Proposal[base=" + base + ", sourceId=" + sourceId + ", proposalId=" + proposalId + "]";
    }
}
