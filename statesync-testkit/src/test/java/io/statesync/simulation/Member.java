package io.statesync.simulation;

/** One of those who follow the source. */
interface Member {
    String name();

    SimulatedTransport transport();

    void start();

    void refresh();

    /** Awaits a version that the source has, or the next, which need not come. */
    void await();

    /** Cancels awaits: all, or those of versions that the source does not have. */
    void cancelAwaits(boolean all);

    void stop();

    /** What must hold at any time. */
    void checkAlways();

    /** Whether it has what the source has, knows it, and nobody waits. */
    boolean isSettled();

    /** What must hold when nothing has happened for long. */
    void checkIdle();

    /** What must hold after {@link #stop()}. */
    void checkStopped();
}
