package io.statesync.jms;

/** Another provider, over AMQP. */
class QpidProviderContractTest extends JmsProviderContract {
    QpidProviderContractTest() {
        super(Broker::amqp);
    }
}
