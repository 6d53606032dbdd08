package io.statesync.engine;

import io.statesync.internal.Quietly;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The effects that the current holder of the lock has decided on. This object is also the engine's lock.
 *
 * <p>Whoever decided performs: effects are added to a batch of the deciding thread, which {@link #take} hands to it, and
 * which it runs after it has let go of the lock. If that thread is running a batch of this engine already (a callback
 * called back into the engine), they are added to that one: effects of one thread run one after the other, never nested,
 * so a provider and an applier that complete at once make a loop and no recursion. No thread ever waits for another
 * thread's batch, so user code that blocks a direct executor costs its thread only.
 *
 * <p>Few references are written here, because each one to a new object in an old one costs a fence with G1: an effect
 * goes straight into its batch, whose list is a ring with one end.
 */
final class Outbox {
    private @Nullable Batch current; // of the thread that holds the lock, once it has added an effect
    private @Nullable Batch running; // all that a thread runs, or is going to; linked
    private @Nullable Batch spare; // the last one that ended, to be used again

    /** Adds an effect; the lock is held. */
    void add(Effect effect) {
        Batch batch = current;
        if (batch == null) {
            batch = batchOfThisThread();
            current = batch;
        }
        batch.append(effect);
    }

    private Batch batchOfThisThread() {
        Thread thread = Thread.currentThread();
        Batch mine = running;
        while (mine != null && mine.owner != thread) {
            mine = mine.nextRunning;
        }
        if (mine == null) {
            mine = spare != null ? spare : new Batch();
            spare = null;
            mine.owner = thread;
            mine.nextRunning = running;
            running = mine;
        }
        return mine;
    }

    /** What this thread has to run after letting go of the lock, or null; the lock is held. */
    @Nullable
    Batch take() {
        Batch batch = current;
        if (batch == null) {
            return null;
        }
        current = null;
        if (batch.taken) {
            return null;
        }
        batch.taken = true;
        return batch;
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
                Quietly.run(() -> Logs.CALLBACK.error("an effect failed; please report this", t));
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
        batch.taken = false;
        spare = batch;
    }

    /** Effects that one thread runs. Only that thread touches the list, so it needs no lock. */
    static final class Batch {
        @Nullable
        Thread owner; // guarded by the lock, as are the next two

        @Nullable
        Batch nextRunning;

        boolean taken;

        private @Nullable Effect last; // its next is the first

        private void append(Effect effect) {
            if (last == null) {
                effect.next = effect;
            } else {
                effect.next = last.next;
                last.next = effect;
            }
            last = effect;
        }

        private @Nullable Effect poll() {
            Effect end = last;
            if (end == null) {
                return null;
            }
            Effect first = Objects.requireNonNull(end.next);
            if (first == end) {
                last = null;
            } else {
                end.next = first.next;
            }
            first.next = null;
            return first;
        }
    }
}
