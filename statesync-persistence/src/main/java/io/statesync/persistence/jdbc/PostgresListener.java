package io.statesync.persistence.jdbc;

import io.statesync.Backoff;
import io.statesync.internal.DaemonThreads;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that keeps a connection listening on a channel, until it is ended. It begins anew after each loss; the time to
 * the next attempt grows while attempts fail, and ends early when somebody asks.
 */
final class PostgresListener {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");

    private final DataSource source;
    private final String channel;
    private final Backoff backoff;
    private final Duration checkInterval;
    private final Hearer hearer;
    private final Thread thread;
    private int failures; // by the thread only

    private State state = State.CONNECTING; // guarded by this
    private boolean hurry; // guarded by this
    private @Nullable PostgresConnection connection; // guarded by this

    /** What the thread is about. */
    private enum State {
        CONNECTING,
        LISTENING,
        WAITING,
        OVER
    }

    /** Whoever hears; called on the thread, without a lock. */
    interface Hearer {
        /** The channel is listened on from now on, for the first time or again. */
        void listening();

        /**
         * The connection was lost, or could not be made.
         *
         * @param wasListening whether there was one that listened
         * @return whether it is to be made anew
         */
        boolean lost(boolean wasListening, Throwable cause);

        /** A notification. */
        void payload(String payload);
    }

    PostgresListener(DataSource source, String channel, Backoff backoff, Duration checkInterval, Hearer hearer) {
        this.source = source;
        this.channel = channel;
        this.backoff = backoff;
        this.checkInterval = checkInterval;
        this.hearer = hearer;
        this.thread = DaemonThreads.newThread("statesync-postgres", this::run);
    }

    void start() {
        thread.start();
    }

    synchronized boolean isListening() {
        return state == State.LISTENING;
    }

    /** Ends a wait for the next attempt. */
    synchronized void hurry() {
        hurry = true;
        notifyAll();
    }

    /** Ends the thread and its connection at once. A driver that hangs while it connects keeps the thread, until it gives up. */
    void end() {
        PostgresConnection open;
        synchronized (this) {
            state = State.OVER;
            open = connection;
            connection = null;
            notifyAll();
        }
        if (open != null) {
            abort(open);
        }
        if (thread != Thread.currentThread()) {
            thread.interrupt();
        }
    }

    private static void abort(PostgresConnection open) {
        try {
            open.abort();
        } catch (SQLException | RuntimeException e) {
            Quietly.run(() -> log.debug("a connection was not ended cleanly", e));
        }
    }

    private void run() {
        while (move(State.CONNECTING)) {
            Throwable loss = listen();
            boolean wasListening = isListening();
            if (!move(State.WAITING) || !hearer.lost(wasListening, loss)) {
                return;
            }
            failures++;
            Duration pause = backoff.delayAfter(failures, ThreadLocalRandom.current());
            if (failures == 1) {
                Quietly.run(() -> log.warn(
                        "channel={} not listening: {}; trying again until it works, next in {}",
                        channel,
                        Texts.reason(loss),
                        pause,
                        loss));
            }
            pause(pause);
        }
    }

    /** Listens until that fails, and says why. */
    private Throwable listen() {
        try {
            PostgresConnection open = PostgresConnection.open(source, channel);
            try {
                if (!opened(open)) {
                    return new IllegalStateException("ended while it connected");
                }
                hearer.listening();
                while (true) {
                    open.await(checkInterval).forEach(hearer::payload);
                    if (failures > 0) {
                        failures = 0;
                        log.info("channel={} listening again", channel);
                    }
                }
            } finally {
                abort(open);
            }
        } catch (Throwable t) { // whatever it is, the next attempt may do
            return t;
        }
    }

    private synchronized boolean move(State next) {
        if (state == State.OVER) {
            return false;
        }
        state = next;
        connection = null;
        return true;
    }

    private synchronized boolean opened(PostgresConnection open) {
        if (state == State.OVER) {
            return false;
        }
        state = State.LISTENING;
        connection = open;
        return true;
    }

    private synchronized void pause(Duration pause) {
        long deadline = System.nanoTime() + pause.toNanos();
        try {
            while (state == State.WAITING && !hurry) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            return; // ended, or somebody's mistake: the state tells
        } finally {
            hurry = false;
        }
    }
}
