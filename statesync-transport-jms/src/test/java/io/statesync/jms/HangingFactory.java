package io.statesync.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A factory whose connections do not come before they are let, whoever interrupts. */
final class HangingFactory implements ConnectionFactory {
    private final ConnectionFactory real;
    private final CountDownLatch let = new CountDownLatch(1);
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger made = new AtomicInteger();

    HangingFactory(ConnectionFactory real) {
        this.real = real;
    }

    void let() {
        let.countDown();
    }

    int begun() {
        return begun.get();
    }

    int made() {
        return made.get();
    }

    @Override
    public Connection createConnection() throws JMSException {
        begun.incrementAndGet();
        boolean waiting = true;
        while (waiting) {
            try {
                let.await();
                waiting = false;
            } catch (InterruptedException e) { // as some providers do
                waiting = true;
            }
        }
        Connection connection = real.createConnection();
        made.incrementAndGet();
        return connection;
    }

    @Override
    public Connection createConnection(String userName, String password) throws JMSException {
        return createConnection();
    }

    @Override
    public JMSContext createContext() {
        throw new UnsupportedOperationException();
    }

    @Override
    public JMSContext createContext(String userName, String password) {
        throw new UnsupportedOperationException();
    }

    @Override
    public JMSContext createContext(String userName, String password, int sessionMode) {
        throw new UnsupportedOperationException();
    }

    @Override
    public JMSContext createContext(int sessionMode) {
        throw new UnsupportedOperationException();
    }
}
