package io.statesync.jms;

/** Another provider, over AMQP. */
class QpidProposerContractTest extends JmsProposerContract {
    QpidProposerContractTest() {
        super(Broker::amqp);
    }
}
