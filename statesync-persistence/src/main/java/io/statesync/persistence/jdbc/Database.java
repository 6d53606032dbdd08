package io.statesync.persistence.jdbc;

import io.statesync.Backoff;
import io.statesync.internal.Texts;
import io.statesync.persistence.jdbc.Session.Work;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database with tables of ours, which are made when they are first needed. Safe for use from any thread.
 *
 * <p>What fails only because of another transaction is done again, some forty times within about a second.
 */
final class Database {
    private static final int ATTEMPTS = 40;
    private static final Backoff PAUSES = Backoff.exponential(Duration.ofMillis(1), 2, Duration.ofMillis(50));

    private final DataSource source;
    private final List<Table> tables;
    private final Lock making = new ReentrantLock();
    private volatile @Nullable Dialect dialect; // set when the tables are there, and were used

    Database(DataSource source, Table... tables) {
        this.source = source;
        this.tables = List.of(tables);
    }

    /**
     * A table.
     *
     * @param name its name
     * @param columns what it has, with {@code $bytes} and {@code $text} for types
     */
    record Table(String name, String columns) {}

    /** Does work on a connection of its own. */
    <R extends @Nullable Object> R run(Work<R> work) throws SQLException, IOException {
        for (int attempt = 1; ; attempt++) {
            Connection connection = source.getConnection();
            Dialect found = dialect;
            try {
                found = found != null ? found : Dialect.of(connection);
            } catch (Throwable t) {
                Session.closeAfter(t, connection);
                throw t;
            }
            try {
                return once(Session.on(connection, found), work);
            } catch (SQLException e) {
                if (attempt == ATTEMPTS || e instanceof CommitInDoubtException) {
                    throw e;
                }
                boolean takenBack =
                        (dialect == null || found == Dialect.H2) && found.isMissingTable(e); // see makeTables
                if (!takenBack && !found.isPassing(e)) {
                    throw e;
                }
                pause(attempt, e);
            }
        }
    }

    private <R extends @Nullable Object> R once(Session session, Work<R> work) throws SQLException, IOException {
        R result;
        try {
            boolean first = dialect == null;
            if (first) {
                makeTables(session);
            }
            result = work.run(session);
            if (first) {
                dialect = session.dialect();
            }
        } catch (Throwable t) {
            session.giveBack(t);
            throw t;
        }
        session.giveBack(null);
        return result;
    }

    /** One at a time: H2 shows a table before it is whole, and takes it back if the rest of it fails. */
    private void makeTables(Session session) throws SQLException {
        if (tables.stream().allMatch(table -> probe(session, table) == null)) {
            return;
        }
        making.lock();
        try {
            for (Table table : tables) {
                make(session, table);
            }
        } finally {
            making.unlock();
        }
    }

    /** A table that is there is not made, since that may not be allowed. */
    private static void make(Session session, Table table) throws SQLException {
        if (probe(session, table) == null) {
            return;
        }
        try {
            session.execute(session.dialect().createTable(table.name(), table.columns()));
        } catch (SQLException e) {
            SQLException missing = probe(session, table);
            if (missing != null) { // another process has not made it at the same moment
                throw neither(table, missing, e);
            }
        }
    }

    /** Where the table is there and may not be read, why it cannot be made says nothing. */
    private static SQLException neither(Table table, SQLException read, SQLException made) {
        SQLException neither = new SQLException(
                "table " + table.name() + " can neither be read (" + Texts.reason(read) + ") nor made ("
                        + Texts.reason(made) + ")",
                made.getSQLState(),
                made.getErrorCode(),
                made);
        neither.setNextException(made); // where it is found out whether to do it again
        neither.addSuppressed(read);
        return neither;
    }

    /** Why a table cannot be read; null if it can. */
    private static @Nullable SQLException probe(Session session, Table table) {
        try {
            session.first(row -> 1, "SELECT COUNT(*) FROM " + table.name() + " WHERE 1 = 0");
            return null;
        } catch (SQLException e) {
            return e;
        }
    }

    private static void pause(int attempt, SQLException cause) throws SQLException {
        Duration pause = PAUSES.delayAfter(attempt, ThreadLocalRandom.current());
        LockSupport.parkNanos(pause.toNanos());
        if (Thread.currentThread().isInterrupted()) {
            throw new SQLException("interrupted while it waited for another transaction", cause);
        }
    }
}
