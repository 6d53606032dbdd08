package io.statesync.http;

import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FallibleProviderContract;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class HttpProviderContractTest extends FallibleProviderContract<String> {
    private ServedSource served;

    @BeforeEach
    void start() throws Exception {
        served = new ServedSource(0);
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
    protected SnapshotProvider<String> createProvider() {
        return served.client
                .topic(ServedSource.TOPIC, JacksonCodec.json(String.class))
                .provider();
    }

    @Override
    protected String topic() {
        return ServedSource.TOPIC;
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
        served.source.set(version, data);
    }

    @Override
    protected void breakSource() throws Exception {
        served.proxy.cut();
    }

    @Override
    protected void healSource() {
        served.proxy.heal();
    }
}
