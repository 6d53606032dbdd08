package io.statesync.jms;

/** Another provider, over AMQP. */
class QpidSubscriberContractTest extends JmsSubscriberContract {
    QpidSubscriberContractTest() {
        super(16384, true, Broker::amqp);
    }
}
