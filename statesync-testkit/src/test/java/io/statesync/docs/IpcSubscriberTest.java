package io.statesync.docs;

import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.testkit.ReconnectingSubscriberContract;

// snippet: IpcSubscriberTest
class IpcSubscriberTest extends ReconnectingSubscriberContract {
    private final Ipc ipc = new Ipc();

    @Override
    protected InvalidationSubscriber createSubscriber() {
        return new IpcBinding<>(ipc, Settings::parse, Runnable::run).subscriber();
    }

    @Override
    protected String topic() {
        return "settings";
    }

    @Override
    protected void announce(StateVersion version) {
        ipc.announce(version);
    }

    @Override
    protected void breakConnection() {
        ipc.breakConnections();
    }

    @Override
    protected void healConnection() {
        ipc.heal();
    }
}
// end
