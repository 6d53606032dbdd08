package io.statesync.persistence.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/**
 * A small pool of connections that must come back as they were lent. On demand, the n-th call of a connection, a
 * statement or a result fails.
 */
final class TestPool implements AutoCloseable {
    /** How a call fails. */
    enum Fault {
        /** Without effect; the connection lives. */
        REFUSED,
        /** Without effect; the connection is dead. */
        DEAD_BEFORE,
        /** With its effect; the connection is dead. */
        DEAD_AFTER
    }

    private static final Set<String> HARMLESS = Set.of("toString", "hashCode", "equals");

    private final DataSource real;
    private final boolean autoCommit;
    private int isolation = Connection.TRANSACTION_NONE;
    private final Deque<Connection> idle = new ArrayDeque<>();
    private final AtomicInteger lent = new AtomicInteger();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile int failing; // 0 for none
    private volatile Fault fault = Fault.REFUSED;
    private volatile boolean failingAll;
    private volatile String failingName = "";
    private volatile boolean failedByName;
    private final AtomicInteger taken = new AtomicInteger();

    TestPool(DataSource real) {
        this(real, true);
    }

    /** A pool whose connections have this mode when they are lent. */
    TestPool(DataSource real, boolean autoCommit) {
        this.real = real;
        this.autoCommit = autoCommit;
    }

    /** A pool whose connections have this isolation, one of the constants of {@link Connection}. */
    static TestPool isolating(DataSource real, int isolation) {
        TestPool pool = new TestPool(real);
        pool.isolation = isolation;
        return pool;
    }

    /** Has the n-th call from now on fail, from 1. */
    void fail(int call, Fault how) {
        fault = how;
        calls.set(0);
        failing = call;
    }

    /** Has the next call of a method fail. */
    void fail(String method, Fault how) {
        fault = how;
        failingName = method;
    }

    /** Has no call fail, and says whether one did. */
    boolean heal() {
        boolean failed = failedByName || (failing > 0 && calls.get() >= failing);
        failedByName = false;
        failing = 0;
        failingName = "";
        return failed;
    }

    /** Has no connection be had, or some again. */
    void failAll(boolean failing) {
        failingAll = failing;
    }

    /** How many connections were asked for. */
    int taken() {
        return taken.get();
    }

    /** How many connections were not given back. */
    int lent() {
        return lent.get();
    }

    DataSource source() {
        return proxy(DataSource.class, (proxy, method, args) -> {
            assertThat(method.getName()).isEqualTo("getConnection");
            taken.incrementAndGet();
            if (failingAll || (failing > 0 && calls.incrementAndGet() == failing)) {
                throw new SQLException("made to fail at getConnection", "08001");
            }
            return new Lent(take()).proxy();
        });
    }

    private Connection take() throws SQLException {
        Connection connection;
        synchronized (idle) {
            connection = idle.poll();
        }
        if (connection == null) {
            connection = real.getConnection();
            if (isolation != Connection.TRANSACTION_NONE) {
                connection.setTransactionIsolation(isolation);
            }
        }
        connection.setAutoCommit(autoCommit);
        lent.incrementAndGet();
        return connection;
    }

    private static <T> T proxy(Class<T> type, java.lang.reflect.InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(TestPool.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** A look that was under way when its subscription was closed may still hold one for a moment. */
    @Override
    public void close() throws SQLException {
        await().untilAsserted(() ->
                assertThat(lent).as("connections that were not given back").hasValue(0));
        synchronized (idle) {
            for (Connection connection : idle) {
                connection.close();
            }
            idle.clear();
        }
    }

    /** A connection that is lent. */
    private final class Lent {
        private final Connection connection;
        private boolean dead;
        private boolean back;

        Lent(Connection connection) {
            this.connection = connection;
        }

        Connection proxy() {
            return TestPool.proxy(Connection.class, (proxy, method, args) -> call(connection, method, args));
        }

        private Object call(Object target, Method method, Object[] args) throws Throwable {
            String name = method.getName();
            if (HARMLESS.contains(name)) {
                return invoke(target, method, args);
            }
            if (target == connection && (name.equals("close") || name.equals("abort"))) {
                giveBack(name.equals("abort"));
                return null;
            }
            boolean closing = name.equals("close");
            if (dead && !closing) {
                throw new SQLException("the connection is dead", "08003");
            }
            boolean named = name.equals(failingName);
            boolean fails = (failing > 0 && calls.incrementAndGet() == failing) || named;
            if (named) {
                failedByName = true;
            }
            if (fails && fault != Fault.DEAD_AFTER) {
                throw failure(name);
            }
            Object result = invoke(target, method, args);
            if (fails) {
                throw failure(name);
            }
            if (result instanceof PreparedStatement statement) {
                return TestPool.proxy(PreparedStatement.class, (p, m, a) -> call(statement, m, a));
            }
            if (result instanceof ResultSet rows) {
                return TestPool.proxy(ResultSet.class, (p, m, a) -> call(rows, m, a));
            }
            return result;
        }

        private SQLException failure(String name) throws SQLException {
            if (fault != Fault.REFUSED) {
                dead = true;
                connection.close(); // rolls back what is open, as a server does that loses its client
            }
            return new SQLException("made to fail at " + name, fault == Fault.REFUSED ? "58000" : "08006");
        }

        private Object invoke(Object target, Method method, Object[] args) throws Throwable {
            try {
                return method.invoke(target, args);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        private void giveBack(boolean aborted) throws SQLException {
            if (back) {
                return;
            }
            back = true;
            lent.decrementAndGet();
            if (dead || aborted) {
                connection.close();
                return;
            }
            assertThat(connection.getAutoCommit())
                    .as("auto-commit as it was lent")
                    .isEqualTo(autoCommit);
            if (!autoCommit) {
                connection.rollback();
            }
            synchronized (idle) {
                idle.push(connection);
            }
        }
    }
}
