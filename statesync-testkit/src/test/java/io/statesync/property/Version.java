package io.statesync.property;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.regex.Pattern;

/** A version in the model's own arithmetic: epoch and revision as big integers (contract G1, X1). */
record Version(BigInteger epoch, BigInteger revision) implements Comparable<Version> {
    private static final Pattern CANONICAL = Pattern.compile("0|[1-9][0-9]*");
    private static final BigInteger MAX = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
    private static final Comparator<Version> ORDER =
            Comparator.comparing(Version::epoch).thenComparing(Version::revision);

    /** The version that a revision's and an epoch's text say; null if one is malformed. */
    static Version parse(String revision, String epoch, BigInteger absentEpoch) {
        BigInteger number = number(revision);
        BigInteger era = epoch == null ? absentEpoch : number(epoch);
        return number == null || era == null ? null : new Version(era, number);
    }

    private static BigInteger number(String text) {
        if (text == null || !CANONICAL.matcher(text).matches()) {
            return null;
        }
        BigInteger value = new BigInteger(text);
        return value.compareTo(MAX) > 0 ? null : value;
    }

    /** Whether this one is above {@code other}, where null is below every version. */
    boolean above(Version other) {
        return other == null || compareTo(other) > 0;
    }

    @Override
    public int compareTo(Version other) {
        return ORDER.compare(this, other);
    }
}
