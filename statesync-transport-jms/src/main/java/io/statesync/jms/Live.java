package io.statesync.jms;

import io.statesync.internal.DaemonThreads;
import io.statesync.internal.Quietly;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect, and the connection that it makes, with a daemon thread of its own: all that may block for ever
 * happens there, and nobody waits for it.
 */
final class Live {
    private static final long GRACE_MS = 1_000;

    /** Whoever is still busy then can hardly be interrupted. */
    private static final int INTERRUPTS = 5;

    /** Closing that takes longer is interrupted. */
    private static final Duration CLOSING = Duration.ofSeconds(10);

    private final JmsConnection owner;
    final long attempt;
    private final Thread thread;
    private final Object lock = new Object();
    private final Deque<Task> tasks = new ArrayDeque<>(); // guarded by lock
    private @Nullable Connection connection; // guarded by lock
    private boolean busy = true; // guarded by lock; it does something that may block
    private boolean dead; // guarded by lock
    private boolean claimed; // guarded by lock; somebody closes the connection
    private Stage stage = Stage.WAITING; // guarded by lock

    /** What it has come to. */
    private enum Stage {
        /** Others are connecting, and must be done first. */
        WAITING(1),
        /** A provider that is interrupted then may leave a connection at the broker that nobody can close. */
        CONNECTING(15_000),
        /** It is connected. */
        OPEN(GRACE_MS);

        /** How long it may take to end by itself. */
        private final long graceMs;

        Stage(long graceMs) {
            this.graceMs = graceMs;
        }
    }

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

    /** Whether a session can be had. On the connection's thread. */
    boolean isWell() {
        try {
            closeNow(session());
            return true;
        } catch (JMSException | RuntimeException e) {
            return false;
        }
    }

    boolean isDead() {
        synchronized (lock) {
            return dead;
        }
    }

    private void run() {
        try {
            if (connect()) {
                owner.connected(this);
                for (Task task = next(); task != null; task = next()) {
                    task.run();
                }
            }
        } catch (Throwable t) { // a provider may throw anything
            owner.lost(this, t);
        }
        Thread.interrupted(); // it was to end what blocked
        close(claim());
    }

    /** Whether it is there, and still wanted. It is closed in the end in either case. */
    private boolean connect() throws JMSException, InterruptedException {
        owner.connecting.acquire(); // interruptibly, as some providers' connecting is not
        try {
            if (!enter()) {
                return false;
            }
            Connection made = owner.connect();
            if (!hold(made)) {
                return false;
            }
            made.setExceptionListener(this::heard);
            made.start(); // where some connect in truth
            return enter();
        } finally {
            owner.connecting.release();
        }
    }

    /** Goes on to the next stage, if it is still wanted. */
    private boolean enter() {
        synchronized (lock) {
            stage = stage == Stage.WAITING ? Stage.CONNECTING : Stage.OPEN;
            return !dead;
        }
    }

    /** The provider says that something failed: of a message that the broker refuses, the connection is well. */
    private void heard(JMSException error) {
        if (JmsConnection.isRefusal(error)) {
            Quietly.run(() -> JmsConnection.LOG.warn("the broker refused a message error={}", error.toString()));
            execute(() -> {
                if (!isWell()) {
                    throw error; // it was the whole connection
                }
            });
        } else {
            owner.lost(this, error);
        }
    }

    private boolean hold(Connection made) {
        synchronized (lock) {
            connection = made;
            return !dead;
        }
    }

    private @Nullable Task next() throws InterruptedException {
        synchronized (lock) {
            busy = false;
            while (tasks.isEmpty() && !dead) {
                lock.wait();
            }
            busy = true;
            return dead ? null : tasks.poll();
        }
    }

    /** The connection, for who closes it. */
    private @Nullable Connection claim() {
        synchronized (lock) {
            Connection mine = connection;
            connection = null;
            claimed |= mine != null;
            return mine;
        }
    }

    /**
     * Ends it. Never waits: its own thread closes the connection. If that is busy, another one, that has nothing else to do,
     * interrupts it and closes the connection after a while.
     */
    void kill() {
        long grace;
        synchronized (lock) {
            if (dead) {
                return;
            }
            dead = true;
            tasks.clear();
            grace = stage.graceMs;
            if (stage == Stage.OPEN && (!busy || thread == Thread.currentThread())) {
                lock.notifyAll();
                return;
            }
        }
        DaemonThreads.newThread("statesync-jms-close", () -> closeBusy(grace)).start();
    }

    /** Closing while the other thread closes a session, say, has some providers wait for each other. */
    private void closeBusy(long graceMs) {
        try {
            thread.join(graceMs);
            for (int i = 0; i < INTERRUPTS && thread.isAlive() && !isClaimed(); i++) {
                thread.interrupt(); // of what it does, and then of what it does next
                thread.join(GRACE_MS);
            }
        } catch (InterruptedException e) { // nobody does
            Thread.currentThread().interrupt();
        }
        close(claim());
    }

    private boolean isClaimed() {
        synchronized (lock) {
            return claimed;
        }
    }

    /** A provider that reconnects by itself may wait for its broker before it closes. */
    @SuppressWarnings("try") // it is only to be closed
    private void close(@Nullable Connection connection) {
        if (connection == null) {
            return;
        }
        try (Interrupting unused = new Interrupting(owner.time(), CLOSING)) {
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
