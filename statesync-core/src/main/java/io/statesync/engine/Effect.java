package io.statesync.engine;

import org.jspecify.annotations.Nullable;

/** Something that was decided under the lock and has to happen outside of it. In at most one list at a time. */
abstract class Effect {
    @Nullable
    Effect next;

    /** Makes it happen; never called under the lock. */
    abstract void perform();

    /** An effect for the rare paths, where an object more does not matter. */
    static Effect of(Runnable action) {
        return new Effect() {
            @Override
            void perform() {
                action.run();
            }
        };
    }
}
