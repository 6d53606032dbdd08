package io.statesync.jms;

import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An event on its way to the broker: an invalidation, or the state itself if it is short. */
record EventMessage(
        Publishing.Opened on,
        Publishing.Options options,
        String topic,
        InvalidationEvent event,
        @Nullable Encoded encoded,
        Consumer<@Nullable Throwable> ended)
        implements Outlet.Sending {

    @Override
    public void send(Session session, MessageProducer producer) throws JMSException {
        TextMessage message = session.createTextMessage(text());
        message.setStringProperty("topic", topic);
        message.setStringProperty("revision", event.revision().toString());
        Revision epoch = event.epoch();
        if (epoch != null) {
            message.setStringProperty("epoch", epoch.toString());
        }
        producer.send(
                on.destination(),
                message,
                DeliveryMode.NON_PERSISTENT,
                options.priority(),
                options.timeToLive().toMillis());
        ended.accept(null);
    }

    private String text() {
        if (encoded != null) {
            try {
                byte[] snapshot = encoded.json();
                if (snapshot.length <= options.inline()) {
                    return new String(Envelope.withTopic(topic, snapshot), StandardCharsets.UTF_8);
                }
            } catch (Throwable t) { // a codec of the user's
                JmsConnection.LOG.error("the state cannot be encoded topic={}", Texts.quote(topic), t);
            }
        }
        return Envelope.invalidation(topic, event);
    }

    @Override
    public void failed(Throwable cause) {
        ended.accept(cause);
    }
}
