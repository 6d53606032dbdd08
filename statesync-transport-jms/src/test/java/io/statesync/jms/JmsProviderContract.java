package io.statesync.jms;

import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FallibleProviderContract;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Pulls by request and reply, through a proxy that cuts. */
@Timeout(300)
abstract class JmsProviderContract extends FallibleProviderContract<String> {
    private final IntFunction<ConnectionFactory> provider;
    private PublishedSource published;

    JmsProviderContract(IntFunction<ConnectionFactory> provider) {
        this.provider = provider;
    }

    @BeforeEach
    void start() throws Exception {
        published = new PublishedSource(0, false, provider);
    }

    @AfterEach
    void stop() throws Exception {
        published.close();
    }

    @Override
    protected SnapshotProvider<String> createProvider() {
        return published
                .client
                .topic(PublishedSource.TOPIC, JacksonCodec.json(String.class))
                .provider();
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
    protected String data(int n) {
        return "data " + n;
    }

    @Override
    protected boolean allowsNullData() {
        return true;
    }

    @Override
    protected void setState(StateVersion version, String data) {
        published.source.set(version, data);
    }

    @Override
    protected void breakSource() throws Exception {
        published.cut();
    }

    @Override
    protected void healSource() {
        published.proxy.heal();
    }
}
