package io.statesync;

import io.statesync.internal.Checks;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How event-triggered pulls are held back (contract T1 to T6). Immutable.
 *
 * <p>What {@code refresh()}, an awaited version, a reconnect or a resync asks for is never held.
 */
public final class Throttling {
    private final @Nullable Duration debounce;
    private final @Nullable Duration maxWait;
    private final @Nullable Duration throttle;
    private final boolean leading;

    private Throttling(Builder builder) {
        debounce = builder.debounce;
        maxWait = builder.maxWait;
        throttle = builder.throttle;
        leading = builder.leading;
    }

    /** A builder without any throttling. */
    public static Builder builder() {
        return new Builder();
    }

    /** How much quiet a pull waits for; null for none. */
    public @Nullable Duration debounce() {
        return debounce;
    }

    /** How long a steady stream of events can hold off a debounced pull; null for as long as it lasts. */
    public @Nullable Duration maxWait() {
        return maxWait;
    }

    /** The interval in which at most one pull is made; null for none. */
    public @Nullable Duration throttle() {
        return throttle;
    }

    /** Whether the first event of an interval pulls at once. */
    public boolean leading() {
        return leading;
    }

    @Override
    public String toString() {
        return "Throttling[debounce=" + debounce + ", maxWait=" + maxWait + ", throttle=" + throttle + ", leading="
                + leading + "]";
    }

    /**
     * Builds a {@link Throttling}. Defaults: no debounce, no maxWait, no throttle, leading edge on.
     */
    public static final class Builder {
        private @Nullable Duration debounce;
        private @Nullable Duration maxWait;
        private @Nullable Duration throttle;
        private boolean leading = true;

        private Builder() {}

        /** Pull after that much quiet (contract T1). */
        public Builder debounce(Duration debounce) {
            this.debounce = Checks.positive("debounce", debounce);
            return this;
        }

        /** Bounds how long a steady stream of events can hold off a debounced pull (contract T1). Needs a debounce. */
        public Builder maxWait(Duration maxWait) {
            this.maxWait = Checks.positive("maxWait", maxWait);
            return this;
        }

        /** At most one pull in each interval of this length, the last event never lost (contract T2). */
        public Builder throttle(Duration throttle) {
            this.throttle = Checks.positive("throttle", throttle);
            return this;
        }

        /** Whether the first event of an interval pulls at once, or when the interval ends (contract T2). */
        public Builder leading(boolean leading) {
            this.leading = leading;
            return this;
        }

        /**
         * The throttling.
         *
         * @throws IllegalArgumentException if the values contradict each other, naming them
         */
        public Throttling build() {
            if (maxWait != null && debounce == null) {
                throw new IllegalArgumentException("maxWait bounds a debounce, and none is set: maxWait=" + maxWait);
            }
            if (maxWait != null && debounce != null && debounce.compareTo(maxWait) > 0) {
                throw new IllegalArgumentException(
                        "debounce must not be longer than maxWait: " + debounce + " > " + maxWait);
            }
            if (!leading && throttle == null) {
                throw new IllegalArgumentException("leading=false has a meaning for a throttle only, and none is set");
            }
            return new Throttling(this);
        }
    }
}
