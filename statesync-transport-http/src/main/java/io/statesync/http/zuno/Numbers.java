package io.statesync.http.zuno;

import io.statesync.Revision;
import io.statesync.StateVersion;

/**
 * Versions as Zuno's clients know them: numbers that JavaScript holds exactly, which only rise, and no epochs.
 *
 * <p>In epoch 0 the number is the revision, so that a store begins at 1. An epoch above it is the clock's milliseconds at
 * which a count was begun anew, and its numbers begin at 1,024 times that: above all numbers before, as long as a store was
 * written to less than 1,024 times in a millisecond on the average.
 */
final class Numbers {
    /** The largest whole number up to which JavaScript has them all. */
    static final long MAX = (1L << 53) - 1;

    private static final int BITS = 10;
    private static final long LAST_EPOCH = MAX >>> BITS;

    private Numbers() {}

    /** The number of a version; -1 if there is none for it. */
    static long of(StateVersion version) {
        long epoch = version.epoch().bits();
        long revision = version.revision().bits();
        if (epoch < 0 || epoch > LAST_EPOCH || revision < 0 || revision > MAX) {
            return -1;
        }
        long number = (epoch << BITS) + revision;
        return number > MAX ? -1 : number;
    }

    /** The version of a number in an epoch; one at revision 0, which no state has, if the number is of another epoch. */
    static StateVersion version(long number, Revision epoch) {
        long revision = number - (epoch.bits() << BITS);
        return StateVersion.of(epoch, revision <= 0 ? Revision.ZERO : Revision.of(revision));
    }

    /** Whether a store at a version has no number left for another write. */
    static boolean isLast(StateVersion version) {
        long number = of(version);
        return number < 0 || number >= MAX;
    }
}
