package io.statesync.jms;

import io.statesync.Backoff;
import io.statesync.TimeSource;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Quietly;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.InvalidDestinationException;
import jakarta.jms.InvalidSelectorException;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a message broker that subscribers, publishers, providers and responders share.
 *
 * <p>It is made when the first of them needs it, by a daemon thread of its own, and ended with the last. Any word of the
 * provider's that it failed, by its exception listener or by an exception, means that it is lost: it is closed, all who use it
 * are told, and it is made anew after a backoff, whether or not the provider reconnects by itself.
 *
 * <p>Safe for use from any thread. Nothing here waits for the broker.
 */
public final class JmsConnection implements AutoCloseable {
    static final Logger LOG = LoggerFactory.getLogger("io.statesync.jms");

    /** How long a connection must have been there for the backoff to start anew. */
    private static final Duration HEALTHY = Duration.ofSeconds(30);

    /** So many attempts to connect may hang at a provider that cannot be interrupted; further ones wait for them. */
    private static final int MOST_CONNECTING = 3;

    /** Within this time somebody who needs the connection now has it tried again. */
    private static final Duration HURRY = Duration.ofSeconds(1);

    private final Login login;
    final Semaphore connecting = new Semaphore(MOST_CONNECTING); // whose attempts are in the provider's hands
    private final Backoff backoff;
    private final TimeSource time;
    private final Duration connectTimeout;
    final Executor executor;

    /** What nothing that blocks may hold up: time-outs, and word of what was lost. */
    final Executor soon = new Tasks(DefaultExecutor.SHARED);

    final boolean ownExecutor;
    final Requester requester;

    private final Object lock = new Object();
    private final Roles roles = new Roles(HEALTHY); // guarded by lock
    private State state = State.IDLE; // guarded by lock
    private @Nullable Live live; // guarded by lock; while CONNECTING or OPEN
    private final Retry retry; // guarded by lock
    private TimeSource.@Nullable Timer connectTimer; // guarded by lock; while CONNECTING
    private long attempts; // guarded by lock; begun
    private int failures; // guarded by lock; in a row
    private long openedAt; // guarded by lock

    /** What a connection may be doing. */
    public enum State {
        /** Nobody needs it. */
        IDLE,
        /** It is being made. */
        CONNECTING,
        /** It is there. */
        OPEN,
        /** It was lost, and is made again later. */
        WAITING,
        /** For good. */
        CLOSED
    }

    private JmsConnection(Builder b) {
        login = new Login(b.factory, b.user, b.password, b.clientId);
        backoff = b.backoff;
        time = b.timeSource;
        connectTimeout = b.connectTimeout;
        ownExecutor = b.executor != null;
        executor = new Tasks(b.executor == null ? DefaultExecutor.SHARED : b.executor);
        Duration soon = backoff.maxDelay().compareTo(HURRY) < 0 ? backoff.maxDelay() : HURRY;
        retry = new Retry(time, soon, this::again);
        requester = new Requester(this, b.maxPending);
    }

    /** A connection with the defaults of the builder. Nothing is connected to yet. */
    public static JmsConnection to(ConnectionFactory factory) {
        return builder(factory).build();
    }

    /** A builder of a connection. */
    public static Builder builder(ConnectionFactory factory) {
        return new Builder(factory);
    }

    /** Whether what the broker may hold up may be done on this thread: it is the executor's already. */
    boolean mayBlockHere() {
        return !ownExecutor && DefaultExecutor.isWorker();
    }

    TimeSource time() {
        return time;
    }

    Backoff backoff() {
        return backoff;
    }

    /** What it is doing now. */
    public State state() {
        synchronized (lock) {
            return state;
        }
    }

    /** How many attempts to connect have begun. What waits for one that begins after it came is told of its failure only. */
    long attempts() {
        synchronized (lock) {
            return attempts;
        }
    }

    // ---- who uses it

    /**
     * Somebody needs the connection, from now until it leaves. Who is there already hurries it.
     *
     * @throws IllegalStateException if it was closed
     */
    void join(Role role) {
        Live begun = null;
        synchronized (lock) {
            if (state == State.CLOSED) {
                throw new IllegalStateException("the connection was closed");
            }
            boolean isNew = roles.add(role);
            if (state == State.IDLE) {
                begun = connecting();
            } else if (state == State.WAITING) {
                retry.hurry();
            } else if (state == State.OPEN && isNew) {
                open(Objects.requireNonNull(live), role);
            }
        }
        if (begun != null) {
            begin(begun);
        }
    }

    /** Somebody needs the connection no more. What it opened it closes itself. */
    void leave(Role role) {
        Live ending = null;
        synchronized (lock) {
            if (roles.remove(role) && roles.isEmpty() && state != State.CLOSED) {
                ending = live;
                end(State.IDLE);
            }
        }
        if (ending != null) {
            ending.kill();
        }
    }

    /** Its sessions failed, and the connection perhaps did not: it is told, and opened again after a backoff. */
    void failed(Role role, Live on, Throwable cause, boolean refused) {
        soon.execute(() -> {
            Duration delay;
            synchronized (lock) {
                if (live != on || !roles.contains(role)) {
                    return;
                }
                delay = backoff.delayAfter(roles.failed(role, time.nanoTime()), ThreadLocalRandom.current());
            }
            LOG.warn("sessions lost role={} nextAttemptIn={} error={}", role, delay, cause.toString());
            role.lost(cause, on.attempt, refused);
            time.schedule(() -> on.execute(() -> openNow(on, role)), delay);
        });
    }

    private void open(Live on, Role role) {
        on.execute(() -> openNow(on, role));
    }

    private void openNow(Live on, Role role) throws JMSException {
        synchronized (lock) {
            if (live != on || !roles.contains(role)) {
                return;
            }
        }
        if (attemptNow(role, on, () -> role.open(on))) {
            synchronized (lock) {
                roles.opened(role, time.nanoTime());
            }
        }
    }

    /** Has a role do something on the connection's thread. If the broker refuses, the role is opened again later. */
    void attempt(Role role, Live on, Live.Task task) {
        on.execute(() -> attemptNow(role, on, task));
    }

    private boolean attemptNow(Role role, Live on, Live.Task task) throws JMSException {
        try {
            task.run();
            return true;
        } catch (JMSException | RuntimeException e) {
            if (!isRefusal(e, on)) {
                throw e;
            }
            failed(role, on, e, true);
            return false;
        }
    }

    /** The same, of an error on the connection's thread, where what one asked for may have been nonsense. */
    static boolean isRefusal(Throwable error, Live on) {
        return isRefusal(error) || (error instanceof jakarta.jms.IllegalStateException && on.isWell());
    }

    /** Whether the broker refused what one asked for, and the connection is well. */
    static boolean isRefusal(Throwable error) {
        return error instanceof JMSSecurityException
                || error instanceof InvalidDestinationException
                || error instanceof InvalidSelectorException;
    }

    // ---- connecting

    private Live connecting() {
        attempts++;
        state = State.CONNECTING;
        Live next = new Live(this, attempts);
        live = next;
        connectTimer = time.schedule(() -> soon.execute(() -> late(next)), connectTimeout);
        return next;
    }

    /** An attempt takes too long. */
    private void late(Live on) {
        synchronized (lock) {
            if (live != on || state != State.CONNECTING) {
                return;
            }
        }
        lost(on, new TimeoutException("not connected within connectTimeout=" + connectTimeout));
    }

    /** The attempt has ended. */
    private void connectingEnded() {
        if (connectTimer != null) {
            connectTimer.cancel();
            connectTimer = null;
        }
    }

    private void begin(Live begun) {
        try {
            begun.begin();
        } catch (Throwable t) { // there are no threads to be had
            lost(begun, t);
        }
    }

    /** Makes a connection; on a thread of its own, for as long as it takes. */
    Connection connect() throws JMSException {
        return login.connect();
    }

    /** A connection is there. */
    void connected(Live on) {
        synchronized (lock) {
            if (live != on) {
                return;
            }
            connectingEnded();
            state = State.OPEN;
            openedAt = time.nanoTime();
            roles.all().forEach(role -> open(on, role));
        }
        LOG.debug("connected attempt={}", on.attempt);
    }

    /** A connection failed, or could not be made. What one says that is not the newest is not heard. Called from anywhere. */
    void lost(Live on, Throwable cause) {
        List<Role> told;
        boolean wasOpen;
        Duration delay;
        synchronized (lock) {
            if (live != on) {
                return;
            }
            wasOpen = state == State.OPEN;
            if (wasOpen && time.nanoTime() - openedAt >= HEALTHY.toNanos()) {
                failures = 0;
            }
            failures++;
            delay = backoff.delayAfter(failures, ThreadLocalRandom.current());
            connectingEnded();
            state = State.WAITING;
            live = null;
            told = roles.all();
        }
        Quietly.run(on::kill);
        soon.execute(() -> {
            String what = wasOpen ? "lost" : "not made";
            Quietly.run(() -> LOG.warn("connection {} nextAttemptIn={} error={}", what, delay, cause.toString()));
            told.forEach(role -> Quietly.run(() -> role.lost(cause, on.attempt, false)));
            later(delay);
        });
    }

    private void later(Duration delay) {
        synchronized (lock) {
            if (state != State.WAITING) {
                return;
            }
            if (roles.isEmpty()) {
                end(State.IDLE);
            } else {
                retry.after(delay);
            }
        }
    }

    private void again() {
        Live begun;
        synchronized (lock) {
            if (state != State.WAITING) {
                return;
            }
            retry.cancel();
            begun = connecting();
        }
        begin(begun);
    }

    /** Nobody needs it from here on. */
    private void end(State next) {
        state = next;
        live = null;
        retry.cancel();
        connectingEnded();
    }

    /**
     * Ends the connection, or the attempt to make it. Subscriptions hear that they are disconnected and nothing after that,
     * requests fail, and nothing is published any more. Never waits: what is under way at the provider is interrupted, and a
     * connection that comes all the same is closed. May be called again.
     */
    @Override
    public void close() {
        Live ending;
        List<Role> told;
        synchronized (lock) {
            if (state == State.CLOSED) {
                return;
            }
            ending = live;
            told = roles.all();
            roles.clear();
            end(State.CLOSED);
        }
        if (ending != null) {
            ending.kill();
        }
        told.forEach(Role::closed);
    }

    static IOException closedException() {
        return new IOException("the connection was closed");
    }

    /** Names the state. */
    @Override
    public String toString() {
        return "JmsConnection[" + state() + "]";
    }

    /**
     * The options of a {@link JmsConnection}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>credentials</td><td>those of the connection factory</td></tr>
     * <tr><td>clientId</td><td>that of the connection factory, or none</td></tr>
     * <tr><td>maxPending</td><td>1,024</td></tr>
     * <tr><td>connectTimeout</td><td>30 s</td></tr>
     * <tr><td>backoff</td><td>{@link Backoff#standard()}</td></tr>
     * <tr><td>executor</td><td>the library's shared one; up to 4 KiB are decoded where they arrive</td></tr>
     * <tr><td>timeSource</td><td>the system's time</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     */
    public static final class Builder {
        private final ConnectionFactory factory;
        private @Nullable String user;
        private @Nullable String password;
        private @Nullable String clientId;
        private int maxPending = 1024;
        private Duration connectTimeout = Duration.ofSeconds(30);
        private Backoff backoff = Backoff.standard();
        private @Nullable Executor executor;
        private TimeSource timeSource = TimeSource.system();

        private Builder(ConnectionFactory factory) {
            this.factory = Objects.requireNonNull(factory, "factory");
        }

        /** Who connects. Never logged. */
        public Builder credentials(String user, String password) {
            this.user = Objects.requireNonNull(user, "user");
            this.password = Objects.requireNonNull(password, "password");
            return this;
        }

        /** The client's name at the broker, which durable subscriptions need. One connection may have it at a time. */
        public Builder clientId(String clientId) {
            this.clientId = Checks.notBlank("clientId", clientId);
            return this;
        }

        /** How many pulls and proposals may wait for an answer at once; one more fails. */
        public Builder maxPending(int maxPending) {
            this.maxPending = Checks.positive("maxPending", maxPending);
            return this;
        }

        /**
         * How long an attempt to connect may take, which a provider that reconnects by itself never gives up. Then who waits
         * for it is told, it is interrupted, and another is made after the backoff.
         */
        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = Checks.positive("connectTimeout", connectTimeout);
            return this;
        }

        /** How long to wait before connecting again. Somebody who subscribes or asks meanwhile shortens it to a second. */
        public Builder backoff(Backoff backoff) {
            this.backoff = Objects.requireNonNull(backoff, "backoff");
            return this;
        }

        /** Where codecs run, messages are sent, and sources that are not in memory are asked; all of it may block. */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Clock and timers. */
        public Builder timeSource(TimeSource timeSource) {
            this.timeSource = Objects.requireNonNull(timeSource, "timeSource");
            return this;
        }

        /** The connection. Nothing is connected to yet. */
        public JmsConnection build() {
            return new JmsConnection(this);
        }
    }
}
