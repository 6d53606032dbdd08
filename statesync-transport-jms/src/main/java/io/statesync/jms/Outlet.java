package io.statesync.jms;

import io.statesync.internal.Quietly;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A session that sends, to any destination: one message at a time, by whichever thread brought the first of those that wait.
 * So a session has one user, and nobody waits for another but who is first.
 */
final class Outlet {
    private final Session session;
    private final MessageProducer producer;
    private final Consumer<Throwable> broken;
    private final Queue<Sending> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger(); // that have not ended; whoever adds the first runs them

    /** A message to send. */
    interface Sending {
        /**
         * Makes and sends it; does nothing if nobody wants it any more.
         *
         * @throws JMSException if it could not be sent, or that is not known
         */
        void send(Session session, MessageProducer producer) throws JMSException;

        /** Sending failed. */
        void failed(Throwable cause);
    }

    /**
     * An outlet.
     *
     * @param broken told what a send failed with, after the message was
     */
    Outlet(Session session, Consumer<Throwable> broken) throws JMSException {
        this.session = session;
        this.producer = session.createProducer(null);
        this.broken = broken;
        producer.setDisableMessageID(true);
    }

    Session session() {
        return session;
    }

    /** How many messages wait, with the one that is being sent. */
    int waiting() {
        return waiting.get();
    }

    /** Sends it, or leaves that to whoever is sending. */
    void add(Sending task) {
        if (offer(List.of(task))) {
            drain();
        }
    }

    /** Puts them in line. Whether nobody is sending: then the caller has {@link #drain} run, on any thread. */
    boolean offer(List<? extends Sending> more) {
        tasks.addAll(more);
        return !more.isEmpty() && waiting.getAndAdd(more.size()) == 0;
    }

    /** Sends what waits, and what comes meanwhile. */
    void drain() {
        do {
            Sending next = tasks.poll();
            if (next != null) {
                Quietly.run(() -> run(next)); // what waits behind it is sent, whatever happens
            }
        } while (waiting.decrementAndGet() > 0);
    }

    private void run(Sending task) {
        try {
            task.send(session, producer);
        } catch (Throwable t) { // a provider may throw anything
            task.failed(t);
            broken.accept(t);
        }
    }
}
