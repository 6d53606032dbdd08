package io.statesync.property;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Where the model is and what it has to reach: local, the version told, the awaits and the duty to pull. */
final class ModelTarget {
    private final List<String> effects;
    private final Runnable changed;
    private final Map<Integer, Version> awaits = new TreeMap<>();
    private Version local;
    private Version told;
    private int duties;
    private boolean owes;

    /**
     * Nothing applied and nothing to reach.
     *
     * @param effects where completed awaits are recorded
     * @param changed called when there may be more or less to reach
     */
    ModelTarget(List<String> effects, Runnable changed) {
        this.effects = effects;
        this.changed = changed;
    }

    Version local() {
        return local;
    }

    BigInteger localEpoch() {
        return local == null ? BigInteger.ZERO : local.epoch();
    }

    /** The newest version told of or awaited, and not applied; null for none. */
    Version wanted() {
        Version wanted = told;
        for (Version awaited : awaits.values()) {
            wanted = awaited.above(wanted) ? awaited : wanted;
        }
        return wanted;
    }

    boolean behind() {
        return owes || wanted() != null;
    }

    /** Whether an event that throttling holds is enough to count as queued (K1). */
    boolean isOnlyTold() {
        return !owes && awaits.isEmpty();
    }

    void tell(Version version) {
        told = version.above(told) ? version : told;
        changed.run();
    }

    void owe() {
        duties++;
        owes = true;
        changed.run();
    }

    /** How many duties there have been: a pull that begins now settles them. */
    int duties() {
        return duties;
    }

    void settled(int dutiesBeforePull) {
        owes &= duties > dutiesBeforePull;
        changed.run();
    }

    void await(int n, Version version) {
        awaits.put(n, version);
        changed.run();
    }

    void cancelAwait(int n) {
        if (awaits.remove(n) != null) {
            effects.add("awaitFailed:" + n);
            changed.run();
        }
    }

    void moveLocal(Version version) {
        local = version;
        if (told != null && !told.above(local)) {
            told = null;
        }
        awaits.entrySet().removeIf(await -> {
            boolean reached = !await.getValue().above(local);
            if (reached) {
                effects.add("reached:" + await.getKey());
            }
            return reached;
        });
        changed.run();
    }

    /** Forgets what was to be reached, and fails the awaits (L2, L3, K5). */
    void forget() {
        told = null;
        owes = false;
        awaits.keySet().forEach(n -> effects.add("awaitFailed:" + n));
        awaits.clear();
        changed.run();
    }
}
