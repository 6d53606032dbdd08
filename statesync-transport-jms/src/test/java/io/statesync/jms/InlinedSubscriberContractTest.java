package io.statesync.jms;

/** Events that carry the state. */
class InlinedSubscriberContractTest extends JmsSubscriberContract {
    InlinedSubscriberContractTest() {
        super(16384, false, Broker::tcp);
    }
}
