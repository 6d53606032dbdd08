package io.statesync.jms;

import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.ReconnectingSubscriberContract;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A subscription at a broker, through a proxy that cuts. */
@Timeout(300)
abstract class JmsSubscriberContract extends ReconnectingSubscriberContract {
    private final int inline;
    private final boolean selectInBroker;
    private final IntFunction<ConnectionFactory> provider;
    PublishedSource published;

    JmsSubscriberContract(int inline, boolean selectInBroker, IntFunction<ConnectionFactory> provider) {
        this.inline = inline;
        this.selectInBroker = selectInBroker;
        this.provider = provider;
    }

    @BeforeEach
    void start() throws Exception {
        published = new PublishedSource(inline, selectInBroker, provider);
    }

    @AfterEach
    void stop() throws Exception {
        published.close();
    }

    @Override
    protected InvalidationSubscriber createSubscriber() {
        return published
                .client
                .topic(PublishedSource.TOPIC, JacksonCodec.json(String.class))
                .subscriber();
    }

    @Override
    protected String topic() {
        return PublishedSource.TOPIC;
    }

    @Override
    protected Duration patience() {
        return Duration.ofMinutes(1);
    }

    @Override
    protected void announce(StateVersion version) throws Exception {
        published.set(version);
    }

    @Override
    protected void breakConnection() throws Exception {
        published.cut();
    }

    @Override
    protected void healConnection() throws Exception {
        published.proxy.heal();
    }
}
