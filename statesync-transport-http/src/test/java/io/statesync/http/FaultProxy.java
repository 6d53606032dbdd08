package io.statesync.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A proxy on loopback, for HTTP/1.1, that does to requests and answers what a network does at its worst. Faults can be
 * switched while connections are open: what is under way suffers, too.
 */
final class FaultProxy implements AutoCloseable {
    /** A fault, and the requests that it is for: those whose first line begins so. */
    private static final class Rule {
        private final String begin;
        private final Fault fault;
        private int left;

        private Rule(String begin, Fault fault, int times) {
            this.begin = begin;
            this.fault = fault;
            this.left = times;
        }
    }

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int target;
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Rule> rules = new ArrayList<>(); // guarded by lock
    private final List<String> requests = new ArrayList<>(); // guarded by lock
    private int hits; // guarded by lock
    private boolean closed; // guarded by lock

    /** A proxy of what listens at a port of the loopback interface, now or later. */
    FaultProxy(int target) throws IOException {
        this.target = target;
        run("accept", this::accept);
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.getLocalPort() + path);
    }

    /** From now on, for requests whose first line begins so, also those that are under way; until it heals. */
    void fault(String begin, Fault fault) {
        fault(begin, fault, Integer.MAX_VALUE);
    }

    /** For so many requests. */
    void fault(String begin, Fault fault, int times) {
        locked(() -> rules.add(new Rule(begin, fault, times)));
        if (times == Integer.MAX_VALUE) {
            connections.forEach(connection -> {
                if (connection.request().startsWith(begin)) {
                    connection.suffer(fault);
                }
            });
        }
    }

    /** Ends all faults. What was stalled goes on. */
    void heal() {
        locked(rules::clear);
        connections.forEach(connection -> connection.suffer(Fault.NONE));
        locked(changed::signalAll);
    }

    /** Resets the connections whose request begins so. */
    void cut(String begin) {
        connections.stream()
                .filter(connection -> connection.request().startsWith(begin))
                .forEach(ProxiedConnection::reset);
    }

    /** How many connections clients have. */
    int open() {
        return connections.size();
    }

    /** How often a request met a fault. */
    int hits() {
        lock.lock();
        try {
            return hits;
        } finally {
            lock.unlock();
        }
    }

    /** The requests that begin so: first line, headers and body. */
    List<String> requests(String begin) {
        lock.lock();
        try {
            return requests.stream()
                    .filter(request -> request.startsWith(begin))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until requests met faults so often in all, at most so long; what happens first. */
    void awaitHits(int wanted, long millis) throws InterruptedException {
        awaitWhile(() -> hits < wanted, millis);
    }

    /** Takes notice of a request, and says what becomes of it. */
    Fault judge(String request, ProxiedConnection connection) {
        lock.lock();
        try {
            requests.add(request);
            Fault met = met(request);
            connection.meet(met);
            return met;
        } finally {
            lock.unlock();
        }
    }

    private Fault met(String request) {
        for (Rule rule : rules) {
            if (rule.left > 0 && request.startsWith(rule.begin)) {
                rule.left--;
                hits++;
                changed.signalAll();
                return rule.fault;
            }
        }
        return Fault.NONE;
    }

    /** Waits while something is the case, which may change when faults do, and at most so long. */
    void awaitWhile(BooleanSupplier condition, long millis) throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lock();
        try {
            while (!closed && left > 0 && condition.getAsBoolean()) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
    }

    static void run(String name, Runnable task) {
        Thread thread = new Thread(task, "fault-proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                ProxiedConnection connection = new ProxiedConnection(this, server.accept(), target);
                connections.add(connection);
                run("requests", connection::requests);
            } catch (IOException closing) {
                Thread.onSpinWait();
            }
        }
    }

    void ended(ProxiedConnection connection) {
        connections.remove(connection);
        locked(changed::signalAll);
    }

    @Override
    public void close() throws IOException {
        locked(() -> closed = true);
        server.close();
        connections.forEach(ProxiedConnection::reset);
        locked(changed::signalAll);
    }
}
