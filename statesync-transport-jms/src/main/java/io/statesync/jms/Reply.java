package io.statesync.jms;

import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.Json;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The answer to a request, given once. The first is sent, if there is still time. */
final class Reply implements Outlet.Sending {
    /** How long an answer may take whose request does not say. */
    private static final long NO_EXPIRATION_MS = 30_000;

    private final Responding owner;
    private final Outlet outlet;
    private final Queue to;
    private final @Nullable String correlationId;
    private final long expiresAt; // in milliseconds by the wall clock
    private final AtomicBoolean given = new AtomicBoolean();
    private volatile boolean counted;
    private volatile Runnable afterwards = () -> {};
    private volatile String text = "";

    Reply(Responding owner, Outlet outlet, Queue to, @Nullable String correlationId, long expiration) {
        this.owner = owner;
        this.outlet = outlet;
        this.to = to;
        this.correlationId = correlationId;
        this.expiresAt = expiration == 0 ? owner.nowMs() + NO_EXPIRATION_MS : expiration;
    }

    /** It is one of those that are under way until they are answered. */
    void count() {
        counted = true;
    }

    boolean isGiven() {
        return given.get();
    }

    /** Has something run when it is given; at once if it is. */
    void onGiven(Runnable action) {
        afterwards = action;
        if (given.get()) {
            action.run();
        }
    }

    // ---- what may be said

    void snapshot(int status, byte[] json) {
        give(new String(Envelope.withFields("\"status\":" + status, json), StandardCharsets.UTF_8));
    }

    void notModified() {
        give("{\"status\":304}");
    }

    void accepted(StateVersion version) {
        give("{\"status\":200,\"revision\":\"" + version.revision() + "\",\"epoch\":\"" + version.epoch() + "\"}");
    }

    void badRequest(String detail) {
        problem(400, "bad-request", detail);
    }

    void notAllowed(String topic) {
        problem(403, "not-allowed", "topic " + Texts.quote(topic));
    }

    void noSuchTopic(String topic) {
        problem(404, "no-such-topic", "topic " + Texts.quote(topic));
    }

    void tooLarge(int limit) {
        problem(413, "too-large", "the request is longer than maxRequestLength=" + limit);
    }

    void rejected(String reason) {
        problem(422, "rejected", reason);
    }

    void sourceFailed() {
        problem(502, "source-failed", "the source could not be asked; its log has more");
    }

    void busy(int limit) {
        problem(503, "busy", "so many requests are under way already: maxInFlight=" + limit);
    }

    void unknownOutcome() {
        problem(503, "unknown-outcome", "what became of the proposal is not known: ask again under its proposalId");
    }

    private void problem(int status, String type, String detail) {
        give("{\"status\":" + status + ",\"type\":\"" + type + "\",\"detail\":" + Json.quote(detail) + '}');
    }

    private void give(String answer) {
        if (given.compareAndSet(false, true)) {
            afterwards.run();
            text = answer;
            outlet.add(this);
        }
    }

    // ---- sending

    @Override
    public void send(Session session, MessageProducer producer) throws JMSException {
        long left = expiresAt - owner.nowMs();
        if (left > 0) { // else nobody waits for it
            send(session, producer, left);
        }
        settled();
    }

    private void send(Session session, MessageProducer producer, long left) throws JMSException {
        TextMessage message = session.createTextMessage(text);
        if (correlationId != null) {
            message.setJMSCorrelationID(correlationId);
        }
        producer.send(to, message, DeliveryMode.NON_PERSISTENT, Message.DEFAULT_PRIORITY, left);
    }

    @Override
    public void failed(Throwable cause) {
        settled();
        JmsConnection.LOG.debug("an answer could not be sent", cause); // who asked is gone, or asks again
    }

    /** It is not under way any more: one that waits for the broker still is, and counts. */
    private void settled() {
        if (counted) {
            counted = false;
            owner.done();
        }
    }
}
