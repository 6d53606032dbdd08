package io.statesync.engine;

import io.statesync.StateVersion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the engine has to reach: the newest version that it was told of, the pulls that it owes, the versions awaited.
 * While there is any of it, the engine is behind. Guarded by the lock.
 */
final class Target {
    private final Engine<?> engine;
    private boolean told;
    private long epoch;
    private long revision;
    private int dutiesRaised; // compared for equality only, so it may wrap
    private int dutiesDone;
    private @Nullable List<Await> awaits;
    private boolean wasBehind;
    private long behindSince;

    Target(Engine<?> engine) {
        this.engine = engine;
    }

    /** A future that waits for a version. */
    static final class Await {
        final StateVersion version;
        final EngineFuture future;

        Await(StateVersion version, EngineFuture future) {
            this.version = version;
            this.future = future;
        }
    }

    /** The source is at this version, which is newer than local. */
    void raise(long newEpoch, long newRevision) {
        if (!told || StateVersion.compareUnsigned(newEpoch, newRevision, epoch, revision) > 0) {
            told = true;
            epoch = newEpoch;
            revision = newRevision;
            note();
        }
    }

    /** Events may have been missed: a pull is owed. */
    void owe() {
        dutiesRaised++;
        note();
    }

    /** What is owed now; a pull that begins now settles it. */
    int duty() {
        return dutiesRaised;
    }

    /** A pull that began when this was owed has succeeded. */
    void settled(int duty) {
        if (owes() && duty - dutiesDone > 0) {
            dutiesDone = duty;
        }
        note();
    }

    boolean owes() {
        return dutiesRaised != dutiesDone;
    }

    void await(Await await) {
        if (awaits == null) {
            awaits = new ArrayList<>(2);
        }
        awaits.add(await);
        note();
    }

    /** Whether it was still waited for. */
    boolean cancel(Await await) {
        boolean removed = awaits != null && awaits.remove(await);
        dropEmptyAwaits();
        note();
        return removed;
    }

    boolean hasAwaits() {
        return awaits != null;
    }

    /** Local has moved: what it reaches is done. */
    void reached(StateVersion local) {
        if (told && StateVersion.compareUnsigned(epoch, revision, local.epochBits(), local.revisionBits()) <= 0) {
            told = false;
        }
        if (awaits != null) {
            awaits.removeIf(await -> {
                boolean done = await.version.compareTo(local) <= 0;
                if (done) {
                    engine.notifier.complete(await.future, null);
                }
                return done;
            });
            dropEmptyAwaits();
        }
        note();
    }

    /** Forgets everything; those who wait get {@code error}. */
    void forget(Throwable error) {
        told = false;
        dutiesDone = dutiesRaised;
        if (awaits != null) {
            List<Await> failed = awaits;
            awaits = null;
            failed.forEach(await -> engine.notifier.complete(await.future, error));
        }
        note();
    }

    boolean behind() {
        return told || owes() || awaits != null;
    }

    long behindSince() {
        return behindSince;
    }

    /** The newest version asked for; null if there is none. */
    @Nullable
    StateVersion wanted() {
        StateVersion newest = told ? StateVersion.ofUnsigned(epoch, revision) : null;
        if (awaits != null) {
            for (Await await : awaits) {
                if (await.version.isNewerThan(newest)) {
                    newest = await.version;
                }
            }
        }
        return newest;
    }

    private void dropEmptyAwaits() {
        if (awaits != null && awaits.isEmpty()) {
            awaits = null;
        }
    }

    private void note() {
        boolean behind = behind();
        if (behind != wasBehind) {
            wasBehind = behind;
            behindSince = behind ? engine.now() : 0;
            engine.catchUp.behindChanged(behind);
        }
    }
}
