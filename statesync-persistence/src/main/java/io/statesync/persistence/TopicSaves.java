package io.statesync.persistence;

import io.statesync.StateVersion;
import io.statesync.TimeSource;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
    private final Waiters waiters = new Waiters();
    private final List<CompletableFuture<Void>> clears = new ArrayList<>();
    private @Nullable Pending<T> pending; // the newest that is not being saved yet
    private @Nullable Pending<T> saving;
    private @Nullable StateVersion saved; // the last that is durable, since the last clear
    private @Nullable StateVersion newest; // of what is pending, being saved or saved, since the last clear
    private @Nullable Lost lost; // what was applied, is not kept, and was not followed by anything newer
    private long clearedUpTo; // the number of the last snapshot before the last clear
    private int clearCount;
    private @Nullable StateVersion unusable; // what is kept at this version cannot be loaded here
    private @Nullable Thread worker; // racy: only the worker itself has to recognise itself
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

    /** A snapshot that was given up. */
    private record Lost(StateVersion version, Throwable cause) {}

    // --- what comes from outside

    /** A snapshot was applied. */
    void applied(StateVersion version, T data) {
        offer(version, data, null, 0);
    }

    /** How often the topic was cleared; to be asked before a load begins. */
    synchronized int clears() {
        return clearCount;
    }

    /** A snapshot was loaded and migrated: it is saved in its present form, as old as it was, unless it was cleared. */
    void migrated(StateVersion version, T data, SnapshotMetadata origin, int clearsBefore) {
        offer(version, data, origin, clearsBefore);
    }

    /** What is kept at a version turned out to be of no use: to be as new as that is not to be durable. */
    synchronized void unusable(StateVersion version) {
        unusable = version;
    }

    private void offer(StateVersion version, T data, @Nullable SnapshotMetadata origin, int clearsBefore) {
        long now = cache.time.nanoTime();
        boolean begins;
        synchronized (this) {
            if (!version.isNewerThan(newest) || (origin != null && clearsBefore != clearCount)) {
                return; // another engine of the topic was faster, or a clear
            }
            if (lost != null && !lost.version().isNewerThan(version)) {
                lost = null;
            }
            newest = version;
            stopped = stopped && origin != null;
            timing.held(now, pending == null);
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
            flushed = lost == null ? awaitAll() : CompletableFuture.failedFuture(lost.cause());
            hurried = pending != null;
            begins = decide();
        }
        begin(begins);
        return flushed;
    }

    /**
     * The engine was stopped: saves, or drops, what is pending. Done when that has ended; at once if this is called from
     * inside a callback of the save under way, which would wait for itself.
     */
    CompletableFuture<Void> stopped() {
        Pending<T> dropped = null;
        CompletableFuture<Void> ended;
        List<CompletableFuture<Void>> cancelled = List.of();
        CancellationException discarded = new CancellationException("discarded on close");
        boolean begins;
        synchronized (this) {
            stopped = true;
            if (cache.discardOnClose && pending != null) {
                dropped = pending;
                cancelled = drop();
                lost = new Lost(dropped.version(), discarded);
            }
            ended = worker == Thread.currentThread() ? CompletableFuture.completedFuture(null) : awaitAll();
            hurried = pending != null;
            begins = decide();
        }
        if (dropped != null) {
            cache.reports.discarded(topic, dropped.version());
        }
        cancelled.forEach(future -> future.completeExceptionally(discarded));
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
            clearedUpTo = count;
            clearCount++;
            saved = null;
            newest = null;
            lost = null;
            unusable = null;
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
            return CompletableFuture.completedFuture(null);
        }
        return waiters.add(last.number());
    }

    /** Drops what is pending; who waited for it is returned. */
    private List<CompletableFuture<Void>> drop() {
        if (pending == null) {
            return List.of();
        }
        List<CompletableFuture<Void>> dropped = waiters.takeAbove(saving == null ? 0 : saving.number());
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
            } catch (Throwable t) { // the scheduler was shut down, or gets no thread: better too early than never
                return true;
            }
        }
        return false;
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

    /** The task will not run, or ended in the middle: what waits for it is told, and nothing stays as if it still ran. */
    private void refused(Throwable error) {
        List<CompletableFuture<Void>> waiting;
        List<CompletableFuture<Void>> cleared;
        PersistenceError failure;
        boolean begins;
        synchronized (this) {
            Pending<T> held = pending != null ? pending : saving;
            saving = null;
            working = false;
            hurried = false;
            waiting = waiters.takeUpTo(Long.MAX_VALUE);
            cleared = new ArrayList<>(clears);
            clears.clear();
            failure = held == null ? null : failure(held, error, true);
            begins = decide();
        }
        if (failure != null) {
            cache.reports.failed(failure);
        }
        waiting.forEach(future -> future.completeExceptionally(error));
        cleared.forEach(future -> clearFailed(future, error));
        begin(begins);
    }

    private void work() {
        boolean interrupted = Thread.interrupted(); // it is not meant for the storage
        worker = Thread.currentThread();
        try {
            boolean more = true;
            while (more) {
                more = workOnce();
            }
        } catch (Throwable t) { // a broken time source, or a defect
            worker = null;
            refused(t);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean workOnce() {
        CompletableFuture<Void> clear = null;
        Pending<T> save = null;
        synchronized (this) {
            if (!isDue()) {
                worker = null;
                working = false;
                return false;
            }
            if (clears.isEmpty()) {
                timing.saveBegins(cache.time.nanoTime());
                save = pending;
                saving = pending;
                pending = null;
                hurried = false;
            } else {
                clear = clears.remove(0);
            }
        }
        if (clear != null) {
            clear(clear);
        } else if (save != null) {
            save(save);
        }
        return true;
    }

    private void clear(CompletableFuture<Void> cleared) {
        try {
            cache.storage.clear(topic);
            synchronized (this) {
                saved = null;
            }
        } catch (Throwable t) { // whatever it is, the next one must have its turn
            clearFailed(cleared, t);
            return;
        }
        cache.reports.cleared(topic);
        cleared.complete(null);
    }

    private void clearFailed(CompletableFuture<Void> cleared, Throwable error) {
        cache.reports.failed(new PersistenceError(topic, PersistenceOperation.CLEAR, error, null, 0, 1, null));
        cleared.completeExceptionally(error);
    }

    private void save(Pending<T> snapshot) {
        StoredSnapshot stored;
        long began = cache.time.nanoTime();
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
        if (!kept && isUnusable(snapshot.version())) {
            failed(
                    snapshot,
                    new IOException("what is kept of version " + snapshot.version()
                            + " cannot be used here, and only a newer version replaces it: clear the topic"),
                    false);
            return;
        }
        Instant now = cache.time.now();
        Duration took = Duration.ofNanos(cache.time.nanoTime() - began);
        List<CompletableFuture<Void>> done;
        synchronized (this) {
            saving = null;
            saved = snapshot.version();
            unusable = null;
            failures = 0;
            timing.succeeded();
            done = waiters.takeUpTo(snapshot.number());
        }
        cache.reports.saved(topic, stored, kept, now, took);
        done.forEach(future -> future.complete(null));
    }

    private synchronized boolean isUnusable(StateVersion version) {
        return version.equals(unusable);
    }

    private StoredSnapshot encode(Pending<T> snapshot) throws IOException {
        SnapshotMetadata origin = snapshot.origin();
        return origin == null
                ? cache.format.write(snapshot.version(), snapshot.data(), cache.time.now())
                : cache.format.write(snapshot.version(), snapshot.data(), origin.savedAt(), origin.timeToLive());
    }

    private void failed(Pending<T> snapshot, Throwable error, boolean worthTrying) {
        List<CompletableFuture<Void>> failed;
        PersistenceError failure;
        synchronized (this) {
            saving = null;
            failed = waiters.takeUpTo(snapshot.number());
            failure = failure(snapshot, error, worthTrying);
        }
        cache.reports.failed(failure);
        failed.forEach(future -> future.completeExceptionally(error));
    }

    /** A snapshot could not be saved: it is pending again, unless a newer one is, or given up. The monitor is held. */
    private PersistenceError failure(Pending<T> snapshot, Throwable error, boolean worthTrying) {
        failures++;
        boolean cleared = snapshot.number() <= clearedUpTo;
        Duration delay = worthTrying && !stopped && !(cleared && pending == null) ? holdOff(error) : null;
        if (delay != null) {
            if (pending == null) {
                pending = snapshot;
                hurried = false;
            }
        } else if (pending == null || pending == snapshot) {
            pending = null;
            hurried = false;
            lost = cleared ? null : new Lost(snapshot.version(), error);
        }
        forgetUnsaved();
        return new PersistenceError(topic, PersistenceOperation.SAVE, error, snapshot.version(), 0, failures, delay);
    }

    /** Sets the timer of the next attempt; null if there can be none. The monitor is held. */
    private @Nullable Duration holdOff(Throwable error) {
        try {
            Duration delay = cache.retry.delayAfter(failures, ThreadLocalRandom.current());
            timing.failed(cache.time.nanoTime(), delay);
            cancelTimer();
            timer = cache.time.schedule(this::timerFired, delay);
            return delay;
        } catch (Throwable t) { // the scheduler was shut down, or gets no thread
            error.addSuppressed(t);
            return null;
        }
    }
}
