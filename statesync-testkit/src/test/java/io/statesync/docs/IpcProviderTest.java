package io.statesync.docs;

import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.testkit.FallibleProviderContract;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;

// snippet: IpcProviderTest
class IpcProviderTest extends FallibleProviderContract<Settings> {
    private final Ipc ipc = new Ipc();
    private final ExecutorService executor = Executors.newCachedThreadPool();

    @Override
    protected SnapshotProvider<Settings> createProvider() {
        return new IpcBinding<>(ipc, Settings::parse, executor).provider();
    }

    @Override
    protected String topic() {
        return "settings";
    }

    @Override
    protected Settings data(int n) {
        return new Settings("theme " + n);
    }

    @Override
    protected void setState(StateVersion version, Settings data) {
        ipc.put(version, data == null ? null : data.theme());
    }

    @Override
    protected boolean allowsNullData() {
        return true;
    }

    @Override
    protected void breakSource() {
        ipc.breakConnections();
    }

    @Override
    protected void healSource() {
        ipc.heal();
    }

    @AfterEach
    void shutDown() {
        executor.shutdownNow();
    }
}
// end
