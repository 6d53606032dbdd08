package io.statesync.persistence.jdbc;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that is lent for one piece of work, in auto-commit mode outside of {@link #transaction}.
 *
 * <p>It is given back as it came. Setting auto-commit commits what is under way, so a connection whose transaction could be
 * neither committed nor rolled back is aborted instead.
 */
final class Session {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");

    private final Connection connection;
    private final Dialect dialect;
    private final boolean autoCommit;
    private boolean inTransaction; // so its auto-commit is off, also when the transaction has ended
    private boolean undone;
    private boolean broken;

    private Session(Connection connection, Dialect dialect, boolean autoCommit) {
        this.connection = connection;
        this.dialect = dialect;
        this.autoCommit = autoCommit;
    }

    /** What is done with a session. */
    @FunctionalInterface
    interface Work<R extends @Nullable Object> {
        R run(Session session) throws SQLException, IOException;
    }

    /** Reads a row. */
    @FunctionalInterface
    interface RowReader<R extends @Nullable Object> {
        R read(ResultSet row) throws SQLException;
    }

    /** A session on a connection, which is closed if this fails. */
    static Session on(Connection connection, Dialect dialect) throws SQLException {
        try {
            boolean autoCommit = connection.getAutoCommit();
            if (!autoCommit) {
                connection.setAutoCommit(true);
            }
            return new Session(connection, dialect, autoCommit);
        } catch (Throwable t) {
            closeAfter(t, connection);
            throw t;
        }
    }

    Dialect dialect() {
        return dialect;
    }

    /** Runs a statement, and says how many rows it changed. */
    int update(String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = prepare(sql, values)) {
            return statement.executeUpdate();
        }
    }

    /** Runs a statement whatever it gives. */
    void execute(String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = prepare(sql, values)) {
            statement.execute();
        }
    }

    /** The first row that a query gives; null if it gives none. */
    <R> @Nullable R first(RowReader<R> reader, String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = prepare(sql, values);
                ResultSet rows = statement.executeQuery()) {
            return rows.next() ? reader.read(rows) : null;
        }
    }

    /** Reads all rows that a query gives. */
    void each(RowReader<?> reader, String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = prepare(sql, values);
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                Object unused = reader.read(rows);
            }
        }
    }

    private PreparedStatement prepare(String sql, @Nullable Object... values) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        try {
            for (int i = 0; i < values.length; i++) {
                Object value = values[i];
                if (value == null) {
                    statement.setNull(i + 1, Types.VARCHAR); // only texts may be null
                } else if (value instanceof byte[] bytes) {
                    statement.setBytes(i + 1, bytes);
                } else {
                    statement.setObject(i + 1, value);
                }
            }
            return statement;
        } catch (Throwable t) {
            closeAfter(t, statement);
            throw t;
        }
    }

    /**
     * Does work as one transaction, and as the session's last: all of it, or nothing if it throws.
     *
     * @throws CommitInDoubtException if it may have been done
     */
    <R extends @Nullable Object> R transaction(Work<R> work) throws SQLException, IOException {
        broken = true; // if this fails, nobody knows its mode
        connection.setAutoCommit(false);
        broken = false;
        inTransaction = true;
        R result;
        try {
            result = work.run(this);
        } catch (Throwable t) {
            rollBack(t);
            throw t;
        }
        if (undone) {
            broken = true;
            connection.rollback();
            broken = false;
            return result;
        }
        try {
            connection.commit();
        } catch (Throwable t) { // whatever it is, the database may have done it
            if (t instanceof SQLException e && dialect.isPassing(e)) {
                rollBack(e);
                throw e;
            }
            broken = true;
            throw new CommitInDoubtException(t);
        }
        return result;
    }

    /** Has the transaction under way end without effect when its work returns. */
    void undo() {
        undone = true;
    }

    private void rollBack(Throwable cause) {
        try {
            connection.rollback();
        } catch (Throwable t) {
            broken = true;
            cause.addSuppressed(t);
        }
    }

    /**
     * Gives the connection back. What was committed stays so, whatever becomes of the connection.
     *
     * @param failure what the work failed with, which is told of a further failure; null if it did not fail
     */
    void giveBack(@Nullable Throwable failure) {
        Throwable trouble = restore();
        if (trouble == null) {
            return;
        }
        if (failure != null) {
            failure.addSuppressed(trouble);
        } else {
            log.warn("a connection could not be given back as it came, after its work was done", trouble);
        }
    }

    private @Nullable Throwable restore() {
        Throwable trouble = null;
        try {
            if (inTransaction == autoCommit && !broken) {
                broken = true;
                connection.setAutoCommit(autoCommit);
                broken = false;
            }
        } catch (SQLException | RuntimeException e) {
            trouble = e;
        }
        try (connection) {
            if (broken) {
                connection.abort(Runnable::run);
            }
        } catch (SQLException | RuntimeException e) {
            if (trouble == null) {
                trouble = e;
            } else {
                trouble.addSuppressed(e);
            }
        }
        return trouble;
    }

    static void closeAfter(Throwable cause, AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            cause.addSuppressed(e);
        }
    }
}
