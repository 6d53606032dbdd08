package io.statesync.jms;

import io.statesync.internal.DaemonThreads;
import io.statesync.internal.Quietly;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect, and the connection that it makes, with a daemon thread of its own: all that may block for ever
 * happens there, and nobody waits for it.
 */
final class Live {
    private final JmsConnection owner;
    final long attempt;
    private final Thread thread;
    private final Object lock = new Object();
    private final Deque<Task> tasks = new ArrayDeque<>(); // guarded by lock
    private @Nullable Connection connection; // guarded by lock
    private boolean dead; // guarded by lock

    /** Work with the connection. */
    @FunctionalInterface
    interface Task {
        /**
         * Does it.
         *
         * @throws JMSException if it fails
         */
        void run() throws JMSException;
    }

    Live(JmsConnection owner, long attempt) {
        this.owner = owner;
        this.attempt = attempt;
        this.thread = DaemonThreads.newThread("statesync-jms", this::run);
    }

    void begin() {
        thread.start();
    }

    /** Has something done on the connection's thread; without effect once it is dead. What it throws ends the connection. */
    void execute(Task task) {
        synchronized (lock) {
            if (!dead) {
                tasks.add(task);
                lock.notifyAll();
            }
        }
    }

    /** A session that acknowledges by itself. On the connection's thread. */
    Session session() throws JMSException {
        return connection().createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    private Connection connection() throws JMSException {
        synchronized (lock) {
            if (connection == null || dead) {
                throw new JMSException("the connection is lost");
            }
            return connection;
        }
    }

    boolean isDead() {
        synchronized (lock) {
            return dead;
        }
    }

    private void run() {
        try {
            Connection made = owner.connect();
            if (!hold(made)) {
                Thread.interrupted(); // it was to end the connecting
                close(made);
                return;
            }
            made.setExceptionListener(error -> owner.lost(this, error));
            made.start();
            owner.connected(this);
            for (Task task = next(); task != null; task = next()) {
                task.run();
            }
        } catch (Throwable t) { // a provider may throw anything
            owner.lost(this, t);
        }
    }

    private boolean hold(Connection made) {
        synchronized (lock) {
            if (!dead) {
                connection = made;
            }
            return !dead;
        }
    }

    private @Nullable Task next() throws InterruptedException {
        synchronized (lock) {
            while (tasks.isEmpty() && !dead) {
                lock.wait();
            }
            return dead ? null : tasks.poll();
        }
    }

    /** Ends it. Never waits: closing a connection may, and is done by a thread that has nothing else to do. */
    void kill() {
        Connection closing;
        synchronized (lock) {
            if (dead) {
                return;
            }
            dead = true;
            tasks.clear();
            closing = connection;
            connection = null;
            lock.notifyAll();
        }
        if (thread != Thread.currentThread()) {
            thread.interrupt();
        }
        if (closing != null) {
            DaemonThreads.newThread("statesync-jms-close", () -> close(closing)).start();
        }
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (JMSException | RuntimeException e) { // it is lost: there is nothing to be done about it
            Quietly.run(() -> JmsConnection.LOG.debug("a connection was not closed cleanly", e));
        }
    }

    /** Closes a session on the connection's thread. */
    void close(@Nullable Session session) {
        if (session != null) {
            execute(() -> closeNow(session));
        }
    }

    /** Closes a session that may be broken. On the connection's thread. */
    static void closeNow(@Nullable Session session) {
        if (session == null) {
            return;
        }
        try {
            session.close();
        } catch (JMSException | RuntimeException e) { // it is of no use any more
            Quietly.run(() -> JmsConnection.LOG.debug("a session was not closed cleanly", e));
        }
    }
}
