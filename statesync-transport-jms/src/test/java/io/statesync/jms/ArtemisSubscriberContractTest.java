package io.statesync.jms;

/** Events that say where a topic stands. */
class ArtemisSubscriberContractTest extends JmsSubscriberContract {
    ArtemisSubscriberContractTest() {
        super(0, false, Broker::tcp);
    }
}
