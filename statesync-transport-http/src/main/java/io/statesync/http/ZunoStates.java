package io.statesync.http;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.TimeSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The newest states that a Zuno server told of, as the bytes that came.
 *
 * <p>Zuno's versions have no epochs: a key that goes back is one whose count the server has lost, and it goes on in a further
 * epoch, which is this client's own. A key that nobody follows and the server does not have any more is forgotten, and keys
 * that come later begin in an epoch above its. Not safe for use from several threads at once.
 */
final class ZunoStates {
    private final TimeSource time;
    private final String clientId;
    private final Map<String, Known> known = new HashMap<>();
    private final Map<String, Own> own = new HashMap<>(); // of keys that are known

    /** Of keys that are not known. Later than any of a client before, so that what a cache kept from one is older. */
    private Revision epoch;

    ZunoStates(TimeSource time, String clientId) {
        this.time = time;
        this.clientId = clientId;
        this.epoch = now();
    }

    /**
     * What is known of a key.
     *
     * @param state the state as JSON; null if the server has none any more
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody changes it, and it is never compared
    record Known(StateVersion version, byte @Nullable [] state) {}

    /** A write of this client's, as the stream told of it. */
    @SuppressWarnings("ArrayRecordComponent") // nobody changes it, and it is never compared
    private record Own(long number, long base, byte[] state) {}

    private Revision now() {
        return Revision.of(Math.max(0, time.now().toEpochMilli()));
    }

    /** The version of a key that the server does not have, and of which nothing is known. */
    StateVersion none() {
        return StateVersion.of(epoch, Revision.ZERO);
    }

    @Nullable
    Known get(String key) {
        return known.get(key);
    }

    /** How many keys are known. */
    int size() {
        return known.size();
    }

    /**
     * Takes the states of all keys that the server has.
     *
     * @param isFollowed whether a key that it does not have is to be remembered
     */
    void replace(Map<String, ZunoRecord> records, Predicate<String> isFollowed) {
        records.forEach((key, record) -> take(key, record.version, record.state));
        Iterator<Map.Entry<String, Known>> all = known.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<String, Known> entry = all.next();
            if (records.containsKey(entry.getKey())) {
                continue;
            }
            Known gone = vanished(entry.getValue());
            entry.setValue(gone);
            own.remove(entry.getKey());
            if (!isFollowed.test(entry.getKey())) {
                epoch = later(epoch, gone.version().epoch());
                all.remove();
            }
        }
    }

    private Known vanished(Known before) {
        return before.state() == null ? before : new Known(nextEpoch(before, 0), null);
    }

    private StateVersion nextEpoch(Known before, long number) {
        return StateVersion.of(later(now(), before.version().epoch().next()), Revision.of(number));
    }

    private static Revision later(Revision one, Revision other) {
        return one.isAbove(other) ? one : other;
    }

    /** Takes what the server has now, whatever was known. */
    private Known take(String key, long number, byte @Nullable [] state) {
        Known before = known.get(key);
        StateVersion version;
        if (before == null) {
            version = StateVersion.of(epoch, Revision.of(number));
        } else {
            int compared = Long.compare(number, before.version().revision().bits());
            boolean isBack = compared < 0 || (compared == 0 && !Arrays.equals(state, before.state()));
            version = isBack
                    ? nextEpoch(before, number)
                    : StateVersion.of(before.version().epoch(), Revision.of(number));
        }
        Known now = new Known(version, state);
        known.put(key, now);
        return now;
    }

    /** Takes what happened to a key; false if more is known already. */
    boolean add(String key, ZunoRecord event, byte[] state) {
        Known before = known.get(key);
        if (before != null && event.version <= before.version().revision().bits()) {
            return false;
        }
        take(key, event.version, state);
        if (clientId.equals(event.origin)) {
            own.put(key, new Own(event.version, event.baseVersion, state));
        }
        return true;
    }

    /**
     * Takes what the server answered a write with that was a conflict; what is known then.
     *
     * @param seen what was known when the write was sent: what the stream has said since then is newer than an answer
     *     whose number is not higher
     * @param isLive whether the stream is there
     */
    Known conflicting(String key, long number, byte @Nullable [] state, @Nullable Known seen, boolean isLive) {
        Known before = known.get(key);
        boolean newer = before != null
                && state != null
                && number > before.version().revision().bits();
        boolean heard = isLive && before != null && before != seen;
        return before != null && heard && !newer ? before : take(key, number, state);
    }

    /** Whether the state that a write met is what that very write made, when it was sent before and its answer got lost. */
    boolean isOwn(String key, long number, long base, byte[] state) {
        Own mine = own.get(key);
        return mine != null && mine.number == number && mine.base == base && Arrays.equals(mine.state, state);
    }
}
