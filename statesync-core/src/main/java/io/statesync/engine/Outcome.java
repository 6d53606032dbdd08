package io.statesync.engine;

/** How what the engine did last has ended: it decides whether being behind is news (contract K1, K2). */
enum Outcome {
    /** A pull was answered, and the answer applied or found not newer. */
    ENDED_WELL,
    /** A pull or an apply failed, which was reported. */
    FAILED
}
