package io.statesync.engine;

import org.jspecify.annotations.Nullable;

/**
 * The effects that the current holder of the lock has decided on. This object is also the engine's lock.
 *
 * <p>Whoever decided performs: {@link #take} hands the effects to the deciding thread, which runs them after it has let
 * go of the lock. If that thread is running a batch of this engine already (a callback called back into the engine),
 * they are appended to that batch instead: effects of one thread run one after the other, never nested, so a provider and
 * an applier that complete at once make a loop and no recursion. No thread ever waits for another thread's batch, so user
 * code that blocks a direct executor costs its thread only.
 */
final class Outbox {
    private @Nullable Effect head;
    private @Nullable Effect tail;
    private @Nullable Batch running;
    private @Nullable Batch spare; // the last one that ended, to be used again

    /** Adds an effect; the lock is held. */
    void add(Effect effect) {
        if (tail == null) {
            head = effect;
        } else {
            tail.next = effect;
        }
        tail = effect;
    }

    /** What this thread has to run after letting go of the lock, or null; the lock is held. */
    @Nullable
    Batch take() {
        return head == null ? null : takeAll();
    }

    private @Nullable Batch takeAll() {
        Thread thread = Thread.currentThread();
        Batch mine = running;
        while (mine != null && mine.owner != thread) {
            mine = mine.nextRunning;
        }
        boolean nested = mine != null;
        if (mine == null) {
            mine = spare != null ? spare : new Batch();
            spare = null;
            mine.owner = thread;
            mine.nextRunning = running;
            running = mine;
        }
        mine.append(head, tail);
        head = null;
        tail = null;
        return nested ? null : mine;
    }

    /** Performs a batch that {@link #take} returned; the lock is not held. */
    void run(@Nullable Batch batch) {
        if (batch == null) {
            return;
        }
        for (Effect effect = batch.poll(); effect != null; effect = batch.poll()) {
            try {
                effect.perform();
            } catch (Throwable t) { // the others must still happen
                Logs.quietly(() -> Logs.CALLBACK.error("an effect failed; please report this", t));
            }
        }
        synchronized (this) {
            unlink(batch);
        }
    }

    private void unlink(Batch batch) {
        if (running == batch) {
            running = batch.nextRunning;
        } else {
            Batch before = running;
            while (before != null && before.nextRunning != batch) {
                before = before.nextRunning;
            }
            if (before != null) {
                before.nextRunning = batch.nextRunning;
            }
        }
        batch.owner = null;
        batch.nextRunning = null;
        spare = batch;
    }

    /** Effects that one thread runs. Only that thread touches the list, so it needs no lock. */
    static final class Batch {
        @Nullable
        Thread owner; // guarded by the lock, as is nextRunning

        @Nullable
        Batch nextRunning;

        private @Nullable Effect first;
        private @Nullable Effect last;

        private void append(@Nullable Effect from, @Nullable Effect to) {
            if (last == null) {
                first = from;
            } else {
                last.next = from;
            }
            last = to;
        }

        private @Nullable Effect poll() {
            Effect effect = first;
            if (effect != null) {
                first = effect.next;
                effect.next = null;
                if (first == null) {
                    last = null;
                }
            }
            return effect;
        }
    }
}
