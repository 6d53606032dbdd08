package io.statesync.persistence.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.util.Locale;
import java.util.Set;

/** In what databases differ. */
enum Dialect {
    /** PostgreSQL. */
    POSTGRESQL("CREATE TABLE IF NOT EXISTS ", "BYTEA", "TEXT"),
    /** H2. */
    H2("CREATE TABLE IF NOT EXISTS ", "BLOB", "VARCHAR"),
    /** SQLite. */
    SQLITE("CREATE TABLE IF NOT EXISTS ", "BLOB", "TEXT"),
    /** Another, of which nothing is known but the standard. */
    OTHER("CREATE TABLE ", "BLOB", "VARCHAR(4000)");

    /**
     * Serialization failure and deadlock (the standard, PostgreSQL, H2); a unique key is there already; a lock was not to
     * be had (PostgreSQL, H2); a row was updated at the same time (H2); the database was closed, which H2 also says when
     * several connections make the same table at once.
     */
    private static final Set<String> PASSING = Set.of("40001", "40P01", "23505", "55P03", "HYT00", "90131", "90098");

    /** SQLite's busy, locked, and constraint, which is a unique key here. */
    private static final Set<Integer> PASSING_IN_SQLITE = Set.of(5, 6, 19);

    /** H2's three, and PostgreSQL's. */
    private static final Set<String> MISSING_TABLE = Set.of("42S02", "42S03", "42S04", "42P01");

    private final String createTable;
    private final String bytes;
    private final String text;

    Dialect(String createTable, String bytes, String text) {
        this.createTable = createTable;
        this.bytes = bytes;
        this.text = text;
    }

    static Dialect of(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        return switch (product.toLowerCase(Locale.ROOT)) {
            case "postgresql" -> POSTGRESQL;
            case "h2" -> H2;
            case "sqlite" -> SQLITE;
            default -> OTHER;
        };
    }

    /** A statement that makes a table, unless it is there where the database can be told so; {@code $bytes} and {@code $text} are types. */
    String createTable(String table, String columns) {
        return createTable + table + " (" + columns.replace("$bytes", bytes).replace("$text", text) + ")";
    }

    /** Whether a statement failed because there is no such table. */
    boolean isMissingTable(SQLException failure) {
        String message = String.valueOf(failure.getMessage());
        return MISSING_TABLE.contains(String.valueOf(failure.getSQLState()))
                || (this == SQLITE && failure.getErrorCode() == 1 && message.contains("no such table"));
    }

    /** Whether a statement failed because of another transaction, so that a transaction of the same statements may not. */
    boolean isPassing(SQLException failure) {
        for (SQLException e = failure; e != null; e = e.getNextException()) {
            String state = e.getSQLState();
            if ((state != null && PASSING.contains(state))
                    || (this == SQLITE && PASSING_IN_SQLITE.contains(e.getErrorCode()))
                    || e instanceof SQLTransactionRollbackException) {
                return true;
            }
        }
        return false;
    }
}
