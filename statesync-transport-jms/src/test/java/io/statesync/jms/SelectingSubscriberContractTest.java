package io.statesync.jms;

/** Events that the broker selects. */
class SelectingSubscriberContractTest extends JmsSubscriberContract {
    SelectingSubscriberContractTest() {
        super(0, true, Broker::tcp);
    }
}
