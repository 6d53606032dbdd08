package io.statesync;

import io.statesync.internal.Texts;
import java.io.Serial;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * An unsigned 64-bit counter: the revision of a topic's state, or the epoch that revisions are counted in.
 *
 * <p>Its text form is the canonical decimal one, {@code ^(0|[1-9][0-9]*)$} in ASCII digits and at most
 * {@value #MAX_TEXT} (contract G1). It travels as text because a JavaScript number cannot hold it. Immutable.
 */
public final class Revision implements Comparable<Revision>, Serializable {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final String MAX_TEXT = "18446744073709551615";
    private static final int MAX_DIGITS = MAX_TEXT.length();

    /** The lowest revision, {@code 0}. */
    public static final Revision ZERO = new Revision(0);

    /** The highest revision, {@code 18446744073709551615}. */
    public static final Revision MAX = new Revision(-1L);

    private final long bits;

    private Revision(long bits) {
        this.bits = bits;
    }

    /**
     * The revision of a number that is not negative.
     *
     * @throws IllegalArgumentException if {@code value} is negative; see {@link #ofUnsigned(long)} for the upper half
     */
    public static Revision of(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("revision must not be negative: " + value);
        }
        return ofUnsigned(value);
    }

    /** The revision whose unsigned value has these 64 bits: {@code -1} is {@link #MAX}. */
    public static Revision ofUnsigned(long bits) {
        return bits == 0 ? ZERO : new Revision(bits);
    }

    /**
     * Reads the canonical decimal form (contract G1).
     *
     * @throws ProtocolException if the text is null or not canonical, naming the text
     */
    public static Revision parse(@Nullable CharSequence text) {
        return ofUnsigned(parseUnsigned(text));
    }

    /**
     * Reads the canonical decimal form into the 64 bits of an unsigned number, without allocating.
     *
     * @throws ProtocolException if the text is null or not canonical, naming the text
     */
    public static long parseUnsigned(@Nullable CharSequence text) {
        int length = text == null ? 0 : text.length();
        if (text == null || length == 0 || length > MAX_DIGITS) {
            throw malformed(text);
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw malformed(text);
            }
            value = value * 10 + digit;
        }
        boolean leadingZero = length > 1 && text.charAt(0) == '0';
        boolean overflow = length == MAX_DIGITS && isAboveMax(text);
        if (leadingZero || overflow) {
            throw malformed(text);
        }
        return value;
    }

    private static boolean isAboveMax(CharSequence twentyDigits) {
        for (int i = 0; i < MAX_DIGITS; i++) {
            int difference = twentyDigits.charAt(i) - MAX_TEXT.charAt(i);
            if (difference != 0) {
                return difference > 0;
            }
        }
        return false;
    }

    private static ProtocolException malformed(@Nullable CharSequence text) {
        return new ProtocolException("not a canonical unsigned 64-bit decimal: " + Texts.quote(text));
    }

    /** The unsigned value's 64 bits; negative in Java's reading for the upper half. */
    public long bits() {
        return bits;
    }

    /**
     * The revision after this one.
     *
     * @throws ArithmeticException at {@link #MAX}: the source has to mint a new epoch
     */
    public Revision next() {
        if (bits == -1L) {
            throw new ArithmeticException("revision " + MAX_TEXT
                    + " has no successor: start a new epoch, whose revisions count from 0 again");
        }
        return new Revision(bits + 1);
    }

    /** Whether this revision is above {@code other}, unsigned. */
    public boolean isAbove(Revision other) {
        return compareTo(other) > 0;
    }

    /** Appends the canonical decimal form to {@code out}, without allocating where {@code out} has room. */
    public void appendTo(StringBuilder out) {
        if (bits >= 0) {
            out.append(bits);
        } else {
            out.append(Long.divideUnsigned(bits, 10)).append((char) ('0' + Long.remainderUnsigned(bits, 10)));
        }
    }

    @Override
    public int compareTo(Revision other) {
        return Long.compareUnsigned(bits, other.bits);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Revision that && bits == that.bits;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(bits);
    }

    /** The canonical decimal form. */
    @Override
    public String toString() {
        return Long.toUnsignedString(bits);
    }
}
