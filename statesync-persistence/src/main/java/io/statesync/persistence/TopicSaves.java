package io.statesync.persistence;

import io.statesync.StateVersion;
import io.statesync.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The saves of one topic: one at a time, of the newest snapshot only, when it is due; and the clears between them.
 *
 * <p>Guarded by its monitor, under which it decides; storage, codec, listener and executor are called outside of it. Work is
 * done by one task on the executor, which goes on as long as something is due.
 */
final class TopicSaves<T extends @Nullable Object> {
    private final PersistentCache<T> cache;
    private final String topic;
    private final SaveTiming timing;
    private final List<Waiter> waiters = new ArrayList<>();
    private final List<CompletableFuture<Void>> clears = new ArrayList<>();
    private @Nullable Pending<T> pending; // the newest that is not being saved yet
    private @Nullable Pending<T> saving;
    private @Nullable StateVersion saved; // the last that is durable, since the last clear
    private @Nullable StateVersion newest; // of what is pending, being saved or saved, since the last clear
    private @Nullable Throwable lost; // why the newest that was applied is not kept, if it was given up
    private boolean working; // a task is on its way to the executor, or runs
    private boolean hurried; // somebody waits for what is pending
    private boolean stopped; // no engine applies any more: what fails is not tried again
    private TimeSource.@Nullable Timer timer;
    private int failures; // since the last save that succeeded
    private long count;

    TopicSaves(PersistentCache<T> cache, String topic) {
        this.cache = cache;
        this.topic = topic;
        this.timing = new SaveTiming(cache.throttling);
    }

    /**
     * A snapshot that is to be saved.
     *
     * @param number counts the snapshots of the topic
     * @param origin the entry that it was migrated from; null if it was applied
     */
    private record Pending<T extends @Nullable Object>(
            long number,
            StateVersion version,
            T data,
            @Nullable SnapshotMetadata origin) {}

    /** Somebody who waits until the snapshot of this number, or a later one, is saved. */
    private record Waiter(long number, CompletableFuture<Void> future) {}

    // --- what comes from outside

    /** A snapshot was applied. */
    void applied(StateVersion version, T data) {
        offer(version, data, null);
    }

    /** A snapshot was loaded and migrated: it is saved in its present form, as old as it was. */
    void migrated(StateVersion version, T data, SnapshotMetadata origin) {
        offer(version, data, origin);
    }

    private void offer(StateVersion version, T data, @Nullable SnapshotMetadata origin) {
        boolean begins;
        synchronized (this) {
            if (!version.isNewerThan(newest)) {
                return; // another engine of the topic was faster
            }
            newest = version;
            lost = null;
            stopped = stopped && origin != null;
            timing.held(cache.time.nanoTime(), pending == null);
            if (pending != null) {
                cache.reports.coalesced();
            }
            pending = new Pending<>(++count, version, data, origin);
            begins = decide();
        }
        begin(begins);
    }

    /** Done when all that was applied before is durable; fails if it could not be saved. */
    CompletableFuture<Void> flush() {
        CompletableFuture<Void> flushed;
        boolean begins;
        synchronized (this) {
            flushed = awaitAll();
            begins = decide();
        }
        begin(begins);
        return flushed;
    }

    /** The engine was stopped: saves, or drops, what is pending. Done when that has ended. */
    CompletableFuture<Void> stopped() {
        Pending<T> dropped = null;
        CompletableFuture<Void> ended;
        List<CompletableFuture<Void>> cancelled = List.of();
        boolean begins;
        synchronized (this) {
            stopped = true;
            if (cache.discardOnClose && pending != null) {
                dropped = pending;
                cancelled = drop();
            }
            ended = awaitAll();
            begins = decide();
        }
        if (dropped != null) {
            cache.reports.discarded(topic, dropped.version());
        }
        cancelled.forEach(future -> future.completeExceptionally(new CancellationException("discarded on close")));
        begin(begins);
        return ended;
    }

    /** Forgets the topic, also what is pending. */
    CompletableFuture<Void> clear() {
        CompletableFuture<Void> cleared = new CompletableFuture<>();
        List<CompletableFuture<Void>> cancelled;
        boolean begins;
        synchronized (this) {
            cancelled = drop();
            saved = null;
            newest = null;
            lost = null;
            clears.add(cleared);
            begins = decide();
        }
        cancelled.forEach(
                future -> future.completeExceptionally(new CancellationException("cleared before it was saved")));
        begin(begins);
        return cleared;
    }

    // --- decisions; the monitor is held

    private CompletableFuture<Void> awaitAll() {
        Pending<T> last = pending != null ? pending : saving;
        if (last == null) {
            return lost == null ? CompletableFuture.completedFuture(null) : CompletableFuture.failedFuture(lost);
        }
        hurried = pending != null;
        CompletableFuture<Void> future = new CompletableFuture<>();
        waiters.add(new Waiter(last.number(), future));
        return future;
    }

    /** Drops what is pending; who waited for it is returned. */
    private List<CompletableFuture<Void>> drop() {
        if (pending == null) {
            return List.of();
        }
        List<CompletableFuture<Void>> dropped = new ArrayList<>();
        long saved = saving == null ? 0 : saving.number();
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            Waiter waiter = each.next();
            if (waiter.number() > saved) {
                each.remove();
                dropped.add(waiter.future());
            }
        }
        pending = null;
        hurried = false;
        forgetUnsaved();
        cancelTimer();
        return dropped;
    }

    /** A snapshot was given up: when it is applied again, it has another chance. */
    private void forgetUnsaved() {
        newest = pending != null ? pending.version() : saving != null ? saving.version() : saved;
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    /** Whether a task has to be handed to the executor now; sets a timer if that is to happen later. */
    private boolean decide() {
        if (working) {
            return false;
        }
        working = isDue();
        return working;
    }

    private boolean isDue() {
        if (!clears.isEmpty()) {
            return true;
        }
        if (pending == null) {
            return false;
        }
        long wait = hurried ? 0 : timing.waitAt(cache.time.nanoTime());
        if (wait <= 0) {
            cancelTimer();
            return true;
        }
        if (timer == null) { // one that is set fires early, and then asks again
            try {
                timer = cache.time.schedule(this::timerFired, Duration.ofNanos(wait));
            } catch (RuntimeException e) { // the scheduler was shut down: better too early than never
                return true;
            }
        }
        return false;
    }

    private List<CompletableFuture<Void>> waitersUpTo(long number) {
        List<CompletableFuture<Void>> reached = new ArrayList<>();
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            Waiter waiter = each.next();
            if (waiter.number() <= number) {
                each.remove();
                reached.add(waiter.future());
            }
        }
        return reached;
    }

    // --- work; the monitor is not held

    private void timerFired() {
        boolean begins;
        synchronized (this) {
            timer = null;
            begins = decide();
        }
        begin(begins);
    }

    private void begin(boolean begins) {
        if (begins) {
            try {
                cache.executor.execute(this::work);
            } catch (Throwable t) { // whatever an executor throws, the task will not run
                refused(t);
            }
        }
    }

    private void refused(Throwable error) {
        List<CompletableFuture<Void>> waiting;
        PersistenceError failure;
        boolean begins;
        synchronized (this) {
            working = false;
            hurried = false;
            waiting = waitersUpTo(Long.MAX_VALUE);
            waiting.addAll(clears);
            clears.clear();
            failure = pending == null ? null : failure(pending, error, true);
            begins = decide();
        }
        if (failure != null) {
            cache.reports.failed(failure);
        }
        waiting.forEach(future -> future.completeExceptionally(error));
        begin(begins);
    }

    private void work() {
        while (true) {
            CompletableFuture<Void> clear = null;
            Pending<T> save = null;
            synchronized (this) {
                if (!isDue()) {
                    working = false;
                    return;
                }
                if (clears.isEmpty()) {
                    save = pending;
                    saving = pending;
                    pending = null;
                    hurried = false;
                    timing.saveBegins(cache.time.nanoTime());
                } else {
                    clear = clears.remove(0);
                }
            }
            if (clear != null) {
                clear(clear);
            } else if (save != null) {
                save(save);
            }
        }
    }

    private void clear(CompletableFuture<Void> cleared) {
        try {
            cache.storage.clear(topic);
            synchronized (this) {
                saved = null;
            }
        } catch (Throwable t) { // whatever it is, the next one must have its turn
            cache.reports.failed(new PersistenceError(topic, PersistenceOperation.CLEAR, t, null, 0, 1, null));
            cleared.completeExceptionally(t);
            return;
        }
        cache.reports.cleared(topic);
        cleared.complete(null);
    }

    private void save(Pending<T> snapshot) {
        long began = cache.time.nanoTime();
        StoredSnapshot stored;
        try {
            stored = encode(snapshot);
        } catch (Throwable t) { // of a codec: it would fail again
            failed(snapshot, t, false);
            return;
        }
        boolean kept;
        try {
            kept = cache.storage.save(topic, stored);
        } catch (Throwable t) { // of a storage: its disk may be free again, its database back
            failed(snapshot, t, true);
            return;
        }
        Duration took = Duration.ofNanos(cache.time.nanoTime() - began);
        List<CompletableFuture<Void>> done;
        synchronized (this) {
            saving = null;
            saved = snapshot.version();
            failures = 0;
            timing.succeeded();
            done = waitersUpTo(snapshot.number());
        }
        cache.reports.saved(topic, stored, kept, cache.time.now(), took);
        done.forEach(future -> future.complete(null));
    }

    private StoredSnapshot encode(Pending<T> snapshot) throws Exception {
        SnapshotMetadata origin = snapshot.origin();
        Instant savedAt = origin == null ? cache.time.now() : origin.savedAt();
        return origin == null
                ? cache.format.write(snapshot.version(), snapshot.data(), savedAt)
                : cache.format.write(snapshot.version(), snapshot.data(), savedAt, origin.timeToLive());
    }

    private void failed(Pending<T> snapshot, Throwable error, boolean worthTrying) {
        List<CompletableFuture<Void>> failed;
        PersistenceError failure;
        synchronized (this) {
            saving = null;
            failed = waitersUpTo(snapshot.number());
            failure = failure(snapshot, error, worthTrying);
        }
        cache.reports.failed(failure);
        failed.forEach(future -> future.completeExceptionally(error));
    }

    /** A snapshot could not be saved: it is pending again, unless a newer one is, or given up. The monitor is held. */
    private PersistenceError failure(Pending<T> snapshot, Throwable error, boolean worthTrying) {
        failures++;
        Duration delay = null;
        if (worthTrying && !stopped) {
            if (pending == null) {
                pending = snapshot;
                hurried = false;
            }
            delay = cache.retry.delayAfter(failures, ThreadLocalRandom.current());
            timing.failed(cache.time.nanoTime(), delay);
        } else if (pending == null || pending == snapshot) {
            pending = null;
            lost = error;
        }
        forgetUnsaved();
        return new PersistenceError(topic, PersistenceOperation.SAVE, error, snapshot.version(), 0, failures, delay);
    }
}
