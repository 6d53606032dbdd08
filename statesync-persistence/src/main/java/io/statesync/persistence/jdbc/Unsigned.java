package io.statesync.persistence.jdbc;

/**
 * An unsigned number of 64 bits in SQL's {@code BIGINT}, which is signed: with the highest bit flipped, so that the
 * database compares two of them as they are compared here. 0 is stored as −9,223,372,036,854,775,808.
 */
final class Unsigned {
    private Unsigned() {}

    /** The column's value of a number's bits. */
    static long toColumn(long bits) {
        return bits ^ Long.MIN_VALUE;
    }

    /** The bits of the number that a column's value stands for. */
    static long fromColumn(long column) {
        return column ^ Long.MIN_VALUE;
    }
}
