package io.statesync.jms;

import io.statesync.ProtocolException;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Session;
import jakarta.jms.StreamMessage;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** One consumer at the broker, and the subscriptions that it serves. A message is for those of its topic, and for those of all. */
final class Feed implements MessageListener {
    private static final String ALL = ""; // no topic is blank

    final @Nullable String selected; // the topic that the broker selects; null for all
    private final int maxLength;
    private final Map<String, List<Link>> links = new ConcurrentHashMap<>(); // changed under the owner's lock

    @Nullable
    Session session; // guarded by the owner's lock; while the consumer is there

    Feed(@Nullable String selected, int maxLength) {
        this.selected = selected;
        this.maxLength = maxLength;
    }

    private static String key(@Nullable String topic) {
        return topic == null ? ALL : topic;
    }

    void add(Link link) {
        links.computeIfAbsent(key(link.topic), name -> new CopyOnWriteArrayList<>())
                .add(link);
    }

    void remove(Link link) {
        links.computeIfPresent(key(link.topic), (name, all) -> all.remove(link) && all.isEmpty() ? null : all);
    }

    boolean isEmpty() {
        return links.isEmpty();
    }

    List<Link> links() {
        List<Link> all = new ArrayList<>();
        links.values().forEach(all::addAll);
        return all;
    }

    /** What the broker selects by; null for everything. */
    @Nullable
    String selector() {
        return selected == null ? null : "topic = '" + selected.replace("'", "''") + "'";
    }

    /** On the consumer's thread. Never throws, so that every message is acknowledged, and none comes again and again. */
    @Override
    public void onMessage(Message message) {
        String topic = null;
        try {
            topic = message.getStringProperty("topic");
            if (topic == null || !linksTo(topic).isEmpty()) {
                hear(message, topic);
            }
        } catch (ProtocolException e) {
            malformed(topic, describe(message), e);
        } catch (JMSException | RuntimeException e) { // what came cannot be read
            malformed(topic, describe(message), e);
        } catch (Error e) {
            JmsConnection.LOG.error("a message could not be heard of destination={}", topic, e);
        }
    }

    private List<Link> linksTo(String topic) {
        List<Link> of = links.getOrDefault(topic, List.of());
        List<Link> all = links.getOrDefault(ALL, List.of());
        if (all.isEmpty()) {
            return of;
        }
        List<Link> both = new ArrayList<>(of);
        both.addAll(all);
        return both;
    }

    private void hear(Message message, @Nullable String topic) throws JMSException {
        if (!(message instanceof TextMessage textMessage)) {
            throw new ProtocolException("a text message is wanted");
        }
        String text = textMessage.getText();
        if (text == null) {
            throw new ProtocolException("the message has no text");
        }
        if (text.length() > maxLength) {
            throw new ProtocolException("the message is longer than maxMessageLength=" + maxLength);
        }
        Envelope event = Envelope.parse(text.getBytes(StandardCharsets.UTF_8));
        String named = event.topic();
        if (named == null) {
            throw new ProtocolException("the message has no topic");
        }
        if (topic != null && !topic.equals(named)) {
            throw new ProtocolException(
                    "the message is of topic " + Texts.quote(named) + ", and its property says " + Texts.quote(topic));
        }
        for (Link link : linksTo(named)) {
            link.hear(event);
        }
    }

    /** If it does not say whose it is, it may have been anybody's. */
    private void malformed(@Nullable String topic, String what, Exception error) {
        List<Link> told = topic == null ? links() : linksTo(topic);
        told.forEach(link -> link.tell(to -> to.malformed(what, error)));
    }

    /** What it is, and how it begins. An object is never read: whoever sends one could have anything run. */
    private String describe(Message message) {
        if (message instanceof TextMessage textMessage) {
            try {
                String text = textMessage.getText();
                return "TextMessage " + Texts.quote(text, 200);
            } catch (JMSException | RuntimeException e) {
                return "TextMessage";
            }
        }
        return message instanceof ObjectMessage
                ? "ObjectMessage"
                : message instanceof BytesMessage
                        ? "BytesMessage"
                        : message instanceof MapMessage
                                ? "MapMessage"
                                : message instanceof StreamMessage ? "StreamMessage" : "Message";
    }
}
