package io.statesync.jms;

import io.statesync.ProtocolException;
import io.statesync.TimeSource;
import io.statesync.internal.Quietly;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.RequestEnvelope;
import io.statesync.source.internal.Catalog;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What a responder does. */
final class Responding implements Role {
    /** How to respond. */
    record Options(
            String requests,
            int sessions,
            JmsAuthorizer authorizer,
            int maxRequestLength,
            int maxTopicLength,
            int maxInFlight,
            Duration sourceTimeout) {}

    private final JmsConnection connection;
    private final Options options;
    private final Sources sources;
    private final Answers answers;
    private final AtomicInteger inFlight = new AtomicInteger();

    private final Object lock = new Object();
    private @Nullable Opened opened; // guarded by lock
    private boolean closed; // guarded by lock

    /** What was made on a connection. */
    private record Opened(Live live, List<Session> asking, Outlet outlet) {
        void close() {
            asking.forEach(live::close);
            live.close(outlet.session());
        }
    }

    Responding(JmsConnection connection, Catalog catalog, Options options) {
        this.connection = connection;
        this.options = options;
        this.sources = new Sources(catalog, options.sourceTimeout(), connection.time(), connection.executor);
        this.answers = new Answers(sources);
    }

    void begin() {
        try {
            sources.subscribe(event -> {});
            connection.join(this);
        } catch (RuntimeException e) { // the connection was closed, or a registry was
            close();
            throw e;
        }
    }

    String requests() {
        return options.requests();
    }

    long nowMs() {
        return connection.time().now().toEpochMilli();
    }

    // ---- requests, on a session's thread

    /** Never throws, so that every request is acknowledged, and none comes again and again. */
    private void asked(Outlet outlet, Message message) {
        Reply reply = null;
        try {
            long expiration = message.getJMSExpiration();
            if (expiration != 0 && expiration <= nowMs()) {
                return; // nobody waits for the answer
            }
            if (!(message.getJMSReplyTo() instanceof Queue to)) {
                JmsConnection.LOG.warn("a request does not say where to answer, and is not queue={}", requests());
                return;
            }
            reply = new Reply(this, outlet, to, message.getJMSCorrelationID(), expiration);
            asked(message, reply);
        } catch (ProtocolException e) {
            if (reply != null) {
                reply.badRequest(Texts.reason(e));
            }
        } catch (JMSException | RuntimeException e) {
            JmsConnection.LOG.warn("a request could not be read queue={} error={}", requests(), e.toString());
            if (reply != null) {
                reply.badRequest("the request could not be read");
            }
        } catch (Error e) {
            JmsConnection.LOG.error("a request could not be answered queue={}", requests(), e);
            if (reply != null) {
                reply.unknownOutcome();
            }
        }
    }

    private void asked(Message message, Reply reply) throws JMSException {
        if (!(message instanceof TextMessage textMessage)) {
            throw new ProtocolException("a text message is wanted");
        }
        String text = textMessage.getText();
        if (text == null) {
            throw new ProtocolException("the message has no text");
        }
        if (text.length() > options.maxRequestLength()) {
            reply.tooLarge(options.maxRequestLength());
            return;
        }
        RequestEnvelope request = RequestEnvelope.parse(text.getBytes(StandardCharsets.UTF_8));
        String topic = request.topic();
        if (topic == null || topic.isBlank()) {
            throw new ProtocolException("field \"topic\" is missing or blank");
        }
        checkLength("topic", topic);
        checkLength("sourceId", request.sourceId());
        checkLength("proposalId", request.proposalId());
        String user = message.getStringProperty("JMSXUserID");
        boolean proposal = "proposal".equals(request.type());
        if (!proposal && !"pull".equals(request.type())) {
            throw new ProtocolException("field \"type\" must be \"pull\" or \"proposal\"");
        }
        if (!allows(user, topic, JmsAuthorizer.Action.READ)) {
            reply.noSuchTopic(topic);
        } else if (proposal && !allows(user, topic, JmsAuthorizer.Action.WRITE)) {
            reply.notAllowed(topic);
        } else {
            answer(topic, request, proposal, reply);
        }
    }

    private void checkLength(String field, @Nullable String value) {
        if (value != null && value.length() > options.maxTopicLength()) {
            throw new ProtocolException("field \"" + field + "\" is " + value.length()
                    + " long, and must not be longer than " + options.maxTopicLength());
        }
    }

    private boolean allows(@Nullable String user, String topic, JmsAuthorizer.Action action) {
        try {
            return options.authorizer().allows(user, topic, action);
        } catch (Throwable t) { // user code
            JmsConnection.LOG.error("the authorizer failed, which counts as no topic={}", Texts.quote(topic), t);
            return false;
        }
    }

    private void answer(String topic, RequestEnvelope request, boolean proposal, Reply reply) {
        if (inFlight.incrementAndGet() > options.maxInFlight()) {
            inFlight.decrementAndGet();
            reply.busy(options.maxInFlight());
            return;
        }
        reply.count();
        try {
            if (proposal) {
                answers.propose(topic, request, reply);
            } else {
                answers.pull(topic, request, reply);
            }
        } catch (ProtocolException e) {
            reply.badRequest(Texts.reason(e));
        }
        if (!reply.isGiven()) {
            TimeSource.Timer timer = connection
                    .time()
                    .schedule(
                            () -> connection.soon.execute(proposal ? reply::unknownOutcome : reply::sourceFailed),
                            options.sourceTimeout());
            reply.onGiven(timer::cancel);
        }
    }

    /** A request was answered. */
    void done() {
        inFlight.decrementAndGet();
    }

    int inFlight() {
        return inFlight.get();
    }

    // ---- the connection

    @Override
    public void open(Live live) throws JMSException {
        List<Session> sessions = new ArrayList<>();
        try {
            Session sending = live.session();
            sessions.add(sending);
            Opened[] made = new Opened[1];
            Outlet outlet = new Outlet(sending, cause -> broken(made[0], cause));
            List<Session> asking = new ArrayList<>();
            Opened on = new Opened(live, asking, outlet);
            made[0] = on;
            for (int i = 0; i < options.sessions(); i++) {
                Session session = live.session();
                sessions.add(session);
                asking.add(session);
                session.createConsumer(session.createQueue(options.requests()))
                        .setMessageListener(message -> asked(outlet, message));
            }
            boolean late;
            synchronized (lock) {
                late = closed || live.isDead();
                opened = late ? null : on;
            }
            if (late) {
                on.close();
            }
        } catch (JMSException | RuntimeException e) {
            sessions.forEach(Live::closeNow);
            throw e;
        }
    }

    private void broken(@Nullable Opened on, Throwable cause) {
        if (JmsConnection.isRefusal(cause)) {
            return; // who asked is gone
        }
        synchronized (lock) {
            if (on == null || opened != on) {
                return;
            }
            opened = null;
        }
        on.close();
        connection.failed(this, on.live, cause, false);
    }

    @Override
    public void lost(Throwable cause, long attempt, boolean refused) {
        synchronized (lock) {
            if (opened == null || opened.live.attempt <= attempt) {
                opened = null;
            }
        }
    }

    @Override
    public void closed() {
        close();
    }

    void close() {
        Opened ending;
        synchronized (lock) {
            closed = true;
            ending = opened;
            opened = null;
        }
        Quietly.run(sources::close);
        if (ending != null) {
            ending.close();
        }
        connection.leave(this);
    }

    @Override
    public String toString() {
        return "responder";
    }
}
