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
    private final AtomicInteger waiting = new AtomicInteger(); // that have not ended
    private final AtomicInteger drains = new AtomicInteger(); // asked for and not done; whoever asks first drains

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
        offer(List.of(task));
        drain();
    }

    /** Puts them in line. The caller has {@link #drain} run, on any thread. */
    void offer(List<? extends Sending> more) {
        waiting.addAndGet(more.size());
        tasks.addAll(more);
    }

    /**
     * Sends what waits, and what comes meanwhile; nothing if another thread is at it. One that an executor drops is made good
     * by the next.
     */
    void drain() {
        if (drains.getAndIncrement() > 0) {
            return;
        }
        int done = 1;
        do {
            for (Sending task = tasks.poll(); task != null; task = tasks.poll()) {
                Sending next = task;
                Quietly.run(() -> run(next)); // what waits behind it is sent, whatever happens
                waiting.decrementAndGet();
            }
            done = drains.addAndGet(-done);
        } while (done > 0);
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
