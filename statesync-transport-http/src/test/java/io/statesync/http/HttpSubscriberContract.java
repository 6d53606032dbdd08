package io.statesync.http;

import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.ReconnectingSubscriberContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A subscription through a server and a proxy that cuts. */
@Timeout(300)
abstract class HttpSubscriberContract extends ReconnectingSubscriberContract {
    private final int inline;
    private ServedSource served;

    HttpSubscriberContract(int inline) {
        this.inline = inline;
    }

    @BeforeEach
    void start() throws Exception {
        served = new ServedSource(inline);
    }

    @Override
    protected Duration patience() {
        return Duration.ofMinutes(1);
    }

    @AfterEach
    void stop() throws Exception {
        served.close();
    }

    @Override
    protected InvalidationSubscriber createSubscriber() {
        return served.client
                .topic(ServedSource.TOPIC, JacksonCodec.json(String.class))
                .subscriber();
    }

    @Override
    protected String topic() {
        return ServedSource.TOPIC;
    }

    @Override
    protected void announce(StateVersion version) {
        served.set(version);
    }

    @Override
    protected void breakConnection() throws Exception {
        served.proxy.cut();
    }

    @Override
    protected void healConnection() {
        served.proxy.heal();
    }
}
