package io.statesync.benchmarks.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What one writes by hand: a message says that something moved, and a request gets it. */
final class Raw implements AutoCloseable {
    private final Connection connection;
    private final Session sending;
    private final MessageProducer producer;

    Raw(ConnectionFactory factory, String topic) throws JMSException {
        connection = factory.createConnection();
        connection.start();
        sending = connection.createSession(Session.AUTO_ACKNOWLEDGE);
        producer = producer(sending, sending.createTopic(topic));
    }

    private static MessageProducer producer(Session session, Destination destination) throws JMSException {
        MessageProducer made = session.createProducer(destination);
        made.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        return made;
    }

    void send(String text) throws JMSException {
        producer.send(sending.createTextMessage(text));
    }

    /** Hears what is sent to a topic. */
    static Connection listen(ConnectionFactory factory, String topic, Consumer<String> heard) throws JMSException {
        Connection connection = factory.createConnection();
        Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
        session.createConsumer(session.createTopic(topic)).setMessageListener(message -> heard.accept(text(message)));
        connection.start();
        return connection;
    }

    /** Answers requests at a queue. */
    static Connection respond(ConnectionFactory factory, String queue, Supplier<String> answer) throws JMSException {
        Connection connection = factory.createConnection();
        Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
        MessageProducer replies = producer(session, null);
        session.createConsumer(session.createQueue(queue)).setMessageListener(message -> {
            try {
                TextMessage reply = session.createTextMessage(answer.get());
                reply.setJMSCorrelationID(message.getJMSCorrelationID());
                replies.send(message.getJMSReplyTo(), reply);
            } catch (JMSException e) {
                throw new IllegalStateException(e);
            }
        });
        connection.start();
        return connection;
    }

    /** Hears what is sent to a topic, and asks at a queue each time. */
    static Connection pull(ConnectionFactory factory, String topic, String queue, Consumer<String> heard)
            throws JMSException {
        Connection connection = factory.createConnection();
        Session replies = connection.createSession(Session.AUTO_ACKNOWLEDGE);
        Destination replyTo = replies.createTemporaryQueue();
        replies.createConsumer(replyTo).setMessageListener(message -> heard.accept(text(message)));
        Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
        MessageProducer requests = producer(session, session.createQueue(queue));
        session.createConsumer(session.createTopic(topic)).setMessageListener(message -> {
            try {
                TextMessage request = session.createTextMessage("{\"topic\":\"raw\",\"type\":\"pull\"}");
                request.setJMSReplyTo(replyTo);
                request.setJMSCorrelationID(Long.toString(System.nanoTime()));
                requests.send(request);
            } catch (JMSException e) {
                throw new IllegalStateException(e);
            }
        });
        connection.start();
        return connection;
    }

    private static String text(Message message) {
        try {
            return ((TextMessage) message).getText();
        } catch (JMSException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws JMSException {
        connection.close();
    }
}
