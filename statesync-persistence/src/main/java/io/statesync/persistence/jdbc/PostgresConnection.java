package io.statesync.persistence.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A connection that listens on a channel. The only class that needs PostgreSQL's driver, and it does so by reflection: to
 * compile against the driver takes annotations that it does not bring.
 *
 * <p>Used by one thread; any may abort it.
 */
final class PostgresConnection {
    private static final int ANSWER_MILLIS = 10_000;

    private final Connection connection;
    private final Object postgres; // the driver's own object, a PGConnection
    private final Method getNotifications;
    private final Method getParameter;

    private PostgresConnection(Connection connection) throws SQLException {
        this.connection = connection;
        try {
            Class<?> type = Class.forName("org.postgresql.PGConnection");
            if (!connection.isWrapperFor(type)) {
                throw new SQLFeatureNotSupportedException(
                        "PostgresSubscriber needs a connection of PostgreSQL's driver, and"
                                + " the data source gives a "
                                + connection.getClass().getName());
            }
            postgres = connection.unwrap(type);
            getNotifications = type.getMethod("getNotifications", int.class);
            getParameter = Class.forName("org.postgresql.PGNotification").getMethod("getParameter");
        } catch (ReflectiveOperationException e) {
            throw new SQLException("PostgresSubscriber needs org.postgresql:postgresql", e);
        }
    }

    /** Connects and listens: what is notified after this returned is heard. */
    static PostgresConnection open(DataSource source, String channel) throws SQLException {
        Connection connection = source.getConnection();
        try {
            connection.setAutoCommit(true);
            connection.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
            PostgresConnection opened = new PostgresConnection(connection);
            opened.execute("LISTEN \"" + channel + "\"");
            return opened;
        } catch (Throwable t) {
            Session.closeAfter(t, connection);
            throw t;
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /**
     * Waits for notifications; empty if none came in time, and the server still answers.
     *
     * @return the payloads
     * @throws SQLException if the connection is lost, or was aborted
     */
    List<String> await(Duration patience) throws SQLException {
        Object[] notifications = (Object[]) call(getNotifications, postgres, (int) patience.toMillis());
        if (notifications == null || notifications.length == 0) {
            execute("SELECT 1"); // a peer that is gone without a word is noticed by asking
            return List.of();
        }
        List<String> payloads = new ArrayList<>();
        for (Object notification : notifications) {
            payloads.add(String.valueOf(call(getParameter, notification)));
        }
        return payloads;
    }

    private static @Nullable Object call(Method method, Object target, Object... arguments) throws SQLException {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof SQLException cause ? cause : new SQLException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new SQLException("the driver's interface is not accessible", e);
        }
    }

    /** Ends the connection at once, also while another thread waits on it. A pool does not get it back. */
    void abort() throws SQLException {
        try (connection) {
            connection.abort(Runnable::run);
        }
    }
}
