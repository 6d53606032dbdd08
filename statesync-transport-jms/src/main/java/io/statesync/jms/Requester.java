package io.statesync.jms;

import io.statesync.ProtocolException;
import io.statesync.TimeSource;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TemporaryQueue;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The requests over a connection, and one temporary queue for their answers. It uses the connection from the first request
 * on, until that is closed.
 */
final class Requester implements Role {
    private final JmsConnection connection;
    private final int maxPending;
    private final String prefix = UUID.randomUUID() + ":"; // an answer to somebody else is none of ours

    private final Object lock = new Object();
    private final Map<String, Request> pending = new LinkedHashMap<>(); // guarded by lock; by id
    private long lastId; // guarded by lock
    private @Nullable Opened opened; // guarded by lock
    private boolean closed; // guarded by lock

    Requester(JmsConnection connection, int maxPending) {
        this.connection = connection;
        this.maxPending = maxPending;
    }

    /** What was made on a connection. Queues are used by the outlet's user only. */
    private record Opened(Live live, Replies replies, Outlet outlet, Map<String, Queue> queues) {}

    /** What hears the answers. */
    private record Replies(Session session, TemporaryQueue queue, MessageConsumer consumer) {
        /** On the connection's thread. The queue would stay until the connection ends. */
        void close() {
            try {
                consumer.close();
            } catch (JMSException | RuntimeException e) { // then it goes with its session
                Quietly.run(() -> JmsConnection.LOG.debug("a consumer was not closed cleanly", e));
            }
            delete(queue);
            Live.closeNow(session);
        }

        static void delete(TemporaryQueue queue) {
            try {
                queue.delete();
            } catch (JMSException | RuntimeException e) { // perhaps the connection is lost, and the queue with it
                Quietly.run(() -> JmsConnection.LOG.debug("a temporary queue was not deleted", e));
            }
        }
    }

    TimeSource time() {
        return connection.time();
    }

    /** Asks. The answer is the text of the reply, or a failure: {@link UnansweredException} if there was no reply. */
    Request ask(String queue, String topic, String body, Duration timeout) {
        long attempt = connection.attempts();
        Request request;
        Opened on;
        String refusal = null;
        synchronized (lock) {
            lastId++;
            request = new Request(this, prefix + lastId, queue, topic, body, timeout, attempt);
            on = opened;
            if (closed) {
                refusal = "the connection was closed";
            } else if (pending.size() >= maxPending) {
                refusal = "so many requests wait for an answer already: maxPending=" + maxPending;
            } else if (on != null && on.outlet.waiting() >= maxPending) {
                refusal = "so many requests wait for the broker, which takes none: maxPending=" + maxPending;
            } else {
                pending.put(request.id, request);
                request.timer = time().schedule(() -> connection.soon.execute(() -> late(request)), timeout);
            }
        }
        if (refusal != null) {
            request.completeExceptionally(new UnansweredException(refusal, false, null));
        } else if (on == null) {
            join(request);
        } else if (connection.mayBlockHere()) { // an engine's: it may be held up
            on.outlet.add(new Sending(on, request));
        } else {
            send(on, List.of(request));
        }
        return request;
    }

    private void join(Request request) {
        try {
            connection.join(this);
        } catch (IllegalStateException e) { // closed meanwhile
            fail(request, "the connection was closed", e);
        }
    }

    /** Takes a request out; null if nobody waits for it. */
    private @Nullable Request take(@Nullable String id) {
        Request request;
        synchronized (lock) {
            request = pending.remove(id);
            if (request != null && request.timer != null) {
                request.timer.cancel();
            }
        }
        return request;
    }

    /** Nobody waits for a request any more. */
    void forget(String id) {
        var unused = take(id);
    }

    private void late(Request request) {
        fail(
                request,
                "no answer within " + request.timeout + ": topic " + Texts.quote(request.topic) + ", queue "
                        + request.queue,
                new TimeoutException(request.timeout.toString()));
    }

    private void fail(Request request, String message, @Nullable Throwable cause) {
        if (take(request.id) != null) {
            boolean sent;
            synchronized (lock) {
                sent = request.sent;
            }
            request.completeExceptionally(new UnansweredException(message, sent, cause));
        }
    }

    // ---- sending

    private boolean begin(Opened on, Request request) {
        synchronized (lock) {
            boolean wanted = opened == on && pending.containsKey(request.id) && !request.sent;
            request.sent |= wanted;
            return wanted;
        }
    }

    /** One message. */
    private final class Sending implements Outlet.Sending {
        private final Opened on;
        private final Request request;

        Sending(Opened on, Request request) {
            this.on = on;
            this.request = request;
        }

        @Override
        public void send(Session session, MessageProducer producer) throws JMSException {
            if (left() <= 0 || !begin(on, request)) {
                return;
            }
            TextMessage message = session.createTextMessage(request.body);
            message.setStringProperty("topic", request.topic);
            message.setJMSCorrelationID(request.id);
            message.setJMSReplyTo(on.replies.queue);
            Queue queue = on.queues.get(request.queue);
            if (queue == null) {
                queue = session.createQueue(request.queue);
                on.queues.put(request.queue, queue);
            }
            long left = Math.max(1, left()); // 0 would be for ever
            producer.send(queue, message, DeliveryMode.NON_PERSISTENT, Message.DEFAULT_PRIORITY, left);
        }

        /** Milliseconds until nobody waits for it. */
        private long left() {
            return (request.deadline - time().nanoTime()) / 1_000_000;
        }

        @Override
        public void failed(Throwable cause) {
            if (JmsConnection.isRefusal(cause)) {
                synchronized (lock) {
                    request.sent = false;
                }
            }
            fail(request, "the request could not be sent: " + Texts.reason(cause), cause);
        }
    }

    // ---- what comes back

    private void replied(Message message) {
        try {
            Request request = take(message.getJMSCorrelationID());
            if (request == null) {
                return; // too late
            }
            if (message instanceof TextMessage text && text.getText() != null) {
                request.complete(text.getText());
            } else {
                request.completeExceptionally(new ProtocolException("the answer is no text message"));
            }
        } catch (Throwable t) { // nothing may come back to the provider, which would deliver it again
            JmsConnection.LOG.warn("an answer could not be read error={}", t.toString());
        }
    }

    // ---- the connection

    @Override
    public void open(Live live) throws JMSException {
        Replies replies = replies(live.session());
        Session sending = null;
        boolean kept = false;
        try {
            sending = live.session();
            Opened[] made = new Opened[1];
            Outlet outlet = new Outlet(sending, cause -> broken(made[0], cause));
            Opened on = new Opened(live, replies, outlet, new HashMap<>());
            made[0] = on;
            List<Request> waiting = List.of();
            synchronized (lock) {
                kept = !closed && !live.isDead(); // else it was lost meanwhile, and this was told of it already
                if (kept) {
                    opened = on;
                    waiting =
                            pending.values().stream().filter(each -> !each.sent).toList();
                }
            }
            send(on, waiting);
        } finally {
            if (!kept) {
                replies.close();
                Live.closeNow(sending);
            }
        }
    }

    private Replies replies(Session session) throws JMSException {
        TemporaryQueue queue = null;
        try {
            queue = session.createTemporaryQueue();
            MessageConsumer consumer = session.createConsumer(queue);
            consumer.setMessageListener(this::replied);
            return new Replies(session, queue, consumer);
        } catch (JMSException | RuntimeException e) {
            if (queue != null) {
                Replies.delete(queue);
            }
            Live.closeNow(session);
            throw e;
        }
    }

    /** On the executor: a broker that is full would hold up who asks, or all who share the connection. */
    private void send(Opened on, List<Request> waiting) {
        if (!waiting.isEmpty()) {
            on.outlet.offer(
                    waiting.stream().map(request -> new Sending(on, request)).toList());
            connection.executor.execute(on.outlet::drain);
        }
    }

    private void broken(@Nullable Opened on, Throwable cause) {
        if (JmsConnection.isRefusal(cause)) {
            return; // of one queue
        }
        synchronized (lock) {
            if (on == null || opened != on) {
                return;
            }
            opened = null;
        }
        on.live.execute(on.replies::close);
        on.live.close(on.outlet.session());
        connection.failed(this, on.live, cause, JmsConnection.isRefusal(cause));
    }

    @Override
    public void lost(Throwable cause, long attempt, boolean refused) {
        List<Request> failed = new ArrayList<>();
        synchronized (lock) {
            if (opened != null && opened.live.attempt > attempt) {
                return; // word of an older one
            }
            opened = null;
            for (Request request : pending.values()) {
                if (refused || request.sent || request.attempt < attempt) {
                    failed.add(request);
                }
            }
        }
        failed.forEach(request -> fail(request, "the connection was lost: " + Texts.reason(cause), cause));
    }

    @Override
    public void closed() {
        List<Request> failed;
        synchronized (lock) {
            closed = true;
            opened = null;
            failed = List.copyOf(pending.values());
        }
        failed.forEach(request -> fail(request, "the connection was closed", null));
    }

    @Override
    public String toString() {
        return "requests";
    }
}
